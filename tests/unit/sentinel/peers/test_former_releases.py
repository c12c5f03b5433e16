"""Sentinels are upgraded one by one: what former releases kept and say is read, and nothing of it is lost."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable
from pathlib import Path

import pytest

from quorum.cluster import CLUSTER
from quorum.effects import Elected, Emit, Persist, Send
from quorum.inputs import Gossip, Input, Received, Wake, Want
from quorum.membership import Membership
from quorum.messages import HardState, Message, PreVoteRequest, VoteReply
from sentinel.peers.auth import Handshake, parse_nonce
from sentinel.peers.cluster import is_foreign
from sentinel.peers.wire import Batch, Challenge, Hello, Ping, Pong, Proof, decode
from sentinel.state.store import Store
from tests.unit.quorum.member_cases import config, raft_member
from tests.unit.sentinel.former_cases import GROUP, RELEASES, SENTINELS, Release

pytestmark = pytest.mark.parametrize("release", RELEASES, ids=str)

START = 1000.0


async def kept(release: Release, parent: Path, sentinel: str) -> tuple[HardState, bool, int]:
    """What is on disk by today's code; whether that vouches for it; and which start this is."""
    store = Store.open(release.state_dir(parent, sentinel), sentinel)
    state, vouched, boot = store.hard_states()[GROUP], store.vouched and not store.untold, store.boot
    await store.close()
    return state, vouched, boot


@pytest.mark.parametrize("sentinel", SENTINELS)
async def test_its_state_is_read_whole(release: Release, sentinel: str, tmp_path: Path) -> None:
    store = Store.open(release.state_dir(tmp_path, sentinel), sentinel)
    store.retire({GROUP, CLUSTER})
    (state,) = store.hard_states().values()
    assert state.committed.id == state.entry.id == release.committed
    assert state.committed.topology is not None
    assert state.committed.topology.primary == release.primary
    assert state.committed.directives.pause is not None
    assert not state.retired and not state.committed.cluster_id
    assert [change.term for change in await store.changes(GROUP)] == list(release.changes)
    assert store.vouched and not store.untold
    await store.close()


class Upgraded:
    """Members by today's code, with the states that their former release left. Messages arrive at once."""

    def __init__(self, states: dict[str, HardState], *, vouched: bool = True) -> None:
        self.now = START
        self.disks = dict(states)
        self.members = {
            name: raft_member(config(name, vouched=vouched), state, random.Random(name), self.now)
            for name, state in states.items()
        }
        self.elected: list[Elected] = []
        self.mail: deque[tuple[str, str, Message]] = deque()

    def give(self, name: str, given: Input) -> list[Message]:
        """What it sends then, to whomever."""
        sent = []
        for effect in self.members[name].step(given, self.now):
            match effect:
                case Persist(state):
                    self.disks[name] = state
                case Send(to, message):
                    sent.append(message)
                    self.mail.append((name, to, message))
                case Emit(Elected() as elected):
                    self.elected.append(elected)
        return sent

    def all(self, given: Input, names: Iterable[str] = ()) -> None:
        for name in names or self.members:
            self.give(name, given)
        while self.mail:
            sender, to, message = self.mail.popleft()
            if to in self.members:
                self.give(to, Received(sender, message))

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end and not self.elected:
            self.now += 0.01
            self.all(Wake())


@pytest.mark.parametrize("away", [None, *SENTINELS])
async def test_a_majority_elects_at_once_and_goes_on_with_what_was_agreed_on(
    release: Release, away: str | None, tmp_path: Path
) -> None:
    """Also while the third is being upgraded."""
    names = [name for name in SENTINELS if name != away]
    found = {name: await kept(release, tmp_path, name) for name in names}
    states = {name: state for name, (state, _, _) in found.items()}
    net = Upgraded(states, vouched=all(vouched for _, vouched, _ in found.values()))
    net.all(Gossip())
    assert not any(member.view.listening for member in net.members.values())
    net.all(Want(frozenset({"operator"})), names[:1])
    net.run(3.0)
    (elected,) = net.elected
    assert elected.term > max(state.term for state in states.values())
    assert elected.entry == states[names[0]].committed
    assert {state.membership for state in net.disks.values()} == {Membership.of(SENTINELS)}


async def test_one_that_is_upgraded_first_goes_with_what_the_others_say(
    release: Release, tmp_path: Path
) -> None:
    """All that s3 was told by the former release, from its first start on: it votes for the same leaders, and
    has the same in the end as s3 of that release.
    """
    before, vouched, boot = await kept(release, tmp_path, "s3")
    assert vouched and boot > 0
    net = Upgraded({"s3": HardState()})
    replies: list[Message] = []
    for sender, frame in release.told_s3():
        said = decode(frame)
        for group, message in said.messages if isinstance(said, Batch) else ():
            assert group == GROUP
            # When it was said was not recorded: an attempt comes once the former leader is not waited for.
            net.now += 1.0 if isinstance(message, PreVoteRequest) else 0.01
            replies += net.give("s3", Received(sender, message))
    member = net.members["s3"]
    assert not member.view.apart and not member.view.listening
    assert member.view.committed == before.committed
    assert member.view.term == before.term
    votes = [reply for reply in replies if isinstance(reply, VoteReply) and reply.granted]
    assert len(votes) == len({reply.term for reply in votes}) >= 3


def test_its_handshake_is_understood_and_it_is_no_foreigner(release: Release) -> None:
    hello, challenge, ours, theirs = map(decode, release.handshake())
    assert isinstance(hello, Hello) and isinstance(challenge, Challenge)
    assert isinstance(ours, Proof) and isinstance(theirs, Proof)
    assert hello.cluster is None and not is_foreign("any", hello.cluster)
    nonces = parse_nonce(hello.nonce), parse_nonce(challenge.nonce)
    handshake = Handshake(hello.sender, hello.receiver, *nonces)
    handshake.check(b"", "dialer", ours.mac)
    handshake.check(b"", "listener", theirs.mac)


def test_its_pings_ask_for_nothing_that_it_does_not_know(release: Release) -> None:
    frames = [decode(frame) for _, frame in release.told_s3()]
    clusters = {type(frame): frame.cluster for frame in frames if isinstance(frame, Ping | Pong)}
    assert clusters == {Ping: None, Pong: None}
