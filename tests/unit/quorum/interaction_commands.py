"""The script language: each command's words, and what of the world it moves (``testdata/notation.txt``).

A word that is not understood is an error, never ignored: a script that says less than it seems to would
pass for the wrong reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase

from quorum.inputs import Gossip, Propose, StopLeading, Want
from quorum.membership import Membership
from quorum.messages import Entry, HardState, Intent, Topology
from tests.unit.quorum.interaction_env import NODES, TIMING, Packet, World
from tests.unit.quorum.interaction_printer import names_text, state_text
from tests.unit.quorum.interaction_script import CommandError
from tests.unit.quorum.interaction_work import decide
from tests.unit.quorum.member_cases import register

QUIETLY = "quietly"
MAX_MEMBERS = 9
_DURATION = re.compile(r"([0-9]{1,6})(ms|s)")
_LINK = re.compile(r"[a-z0-9*]+->[a-z0-9*]+")


class Interpreter:
    """Runs one script's commands, in order, on one world."""

    def __init__(self) -> None:
        self._world: World | None = None
        self._commands: dict[str, Callable[[list[str]], list[str]]] = {
            "members": self._members,
            "advance": self._advance,
            "run": self._run,
            "oversleep": self._oversleep,
            "timeout": self._timeout,
            "down": self._down,
            "up": self._up,
            "deliver": self._deliver,
            "drop": self._drop,
            "cut": self._cut,
            "heal": self._heal,
            "crash": self._crash,
            "restart": self._restart,
            "add": self._add,
            "configure": self._configure,
            "empty": self._empty,
            "backup": self._backup,
            "restore": self._restore,
            "votes": self._votes,
            "want": self._want,
            "propose": self._propose,
            "decide": self._decide,
            "resign": self._resign,
            "gossip": self._gossip,
            "state": self._state,
            "lease": self._lease,
            "mail": self._mail,
        }

    def run(self, command: str) -> list[str]:
        """The answer in lines. Raises CommandError for what is not understood."""
        words = command.split()
        quiet = words[0] == QUIETLY
        if quiet:
            words = words[1:]
        if not words or words[0] not in self._commands:
            known = ", ".join(sorted(self._commands))
            raise CommandError(f"unknown command {' '.join(words[:1])!r}; there are: {known}")
        lines = self._commands[words[0]](words[1:])
        return [] if quiet else lines

    @property
    def world(self) -> World:
        if self._world is None:
            raise CommandError("a script begins with 'members'")
        return self._world

    # -- the world, time and evidence ----------------------------------------------------------

    def _members(self, words: list[str]) -> list[str]:
        """members 3 [quorum=2] [primary=n1]: they have run for as long as it takes to be allowed to vote."""
        (count,), named = _split(words, 1, "quorum", "primary")
        size = _number(count, MAX_MEMBERS)
        quorum = _number(named["quorum"], size) if "quorum" in named else size // 2 + 1
        with_whom = Membership.of(f"s{number}" for number in range(1, size + 1))
        state = HardState(membership=with_whom)
        if "primary" in named:
            entry = Entry(1, 1, Topology(_node(named["primary"]), 1, None, "bootstrap", "s1", 0, 0))
            state = HardState(1, "s1", entry, entry, membership=with_whom)
        self._world = World(size, quorum, state)
        order = sorted(self.world.names, key=lambda name: self.world.member(name).rank)
        return [f"all: {state_text(state)}", f"in line: {', '.join(order)}"]

    def _advance(self, words: list[str]) -> list[str]:
        (duration,), _ = _split(words, 1)
        return self.world.advance(self.world.now + _ms(duration) / 1000)

    def _run(self, words: list[str]) -> list[str]:
        """run 300ms: time passes, and whatever is sent arrives at once."""
        (duration,), _ = _split(words, 1)
        return self.world.advance(self.world.now + _ms(duration) / 1000, deliver=True)

    def _oversleep(self, words: list[str]) -> list[str]:
        """oversleep s1 300ms: time passes for all, but the process of s1 does not run in it."""
        (name, duration), _ = _split(words, 2)
        self.world.member(name)
        return self.world.advance(self.world.now + _ms(duration) / 1000, asleep=name)

    def _timeout(self, words: list[str]) -> list[str]:
        """timeout s2 320ms: the election timeout that it draws from now on."""
        (name, duration), _ = _split(words, 2)
        shortest, longest = TIMING.election_min_s * 1000, TIMING.election_max_s * 1000
        if not shortest <= _ms(duration) <= longest:
            raise CommandError(f"a timeout is drawn from {shortest:.0f}ms to {longest:.0f}ms")
        self.world.host(name).draws.fraction = (_ms(duration) - shortest) / (longest - shortest)
        return []

    def _down(self, words: list[str]) -> list[str]:
        """down n1 [by s1 s2]: it refuses their connections, from now on."""
        node, names = self._seen_by(words)
        for name in names:
            self.world.host(name).cannot_reach.add(node)
        return self._probed(node, names)

    def _up(self, words: list[str]) -> list[str]:
        node, names = self._seen_by(words)
        for name in names:
            self.world.host(name).cannot_reach.discard(node)
        return self._probed(node, names)

    def _probed(self, node: str, names: list[str]) -> list[str]:
        return [f"{name}: {line}" for name in names for line in self.world.probe(name, node)]

    def _seen_by(self, words: list[str]) -> tuple[str, list[str]]:
        if not words or words[1:2] not in ([], ["by"]) or words[1:] == ["by"]:
            raise CommandError("say which node, and perhaps 'by' which sentinels")
        running = [name for name, host in self.world.hosts.items() if host.member is not None]
        return _node(words[0]), words[2:] or running

    # -- messages and the network --------------------------------------------------------------

    def _deliver(self, words: list[str]) -> list[str]:
        """deliver s1->s2: what is under way there now. deliver all: and what that leads to, to the end."""
        if words == ["all"]:
            return self.world.deliver_all()
        return self.world.deliver(self._packets(words))

    def _drop(self, words: list[str]) -> list[str]:
        return self.world.lose(self._packets(["*->*"] if words == ["all"] else words))

    def _packets(self, words: list[str]) -> list[Packet]:
        links = self._links(words)
        found = [packet for packet in self.world.bag if (packet.sender, packet.to) in links]
        if not found:
            raise CommandError(f"nothing is under way on {' '.join(words)}")
        return found

    def _cut(self, words: list[str]) -> list[str]:
        """cut s3: nothing passes between it and the others. cut s1->s2: that way only."""
        if all(word in self.world.hosts for word in words):
            names = self.world.names
            links = {(a, b) for a in names for b in names if (a in words) != (b in words)}
        else:
            links = self._links(words)
        self.world.cut |= links
        return self.world.lose([packet for packet in self.world.bag if (packet.sender, packet.to) in links])

    def _links(self, words: list[str]) -> set[tuple[str, str]]:
        for word in words:
            if not _LINK.fullmatch(word):
                raise CommandError(f"{word!r} is not a link such as s1->s2 or *->s3")
        pairs = [(a, b) for a in self.world.names for b in self.world.names if a != b]
        found = {(a, b) for a, b in pairs if any(fnmatchcase(f"{a}->{b}", word) for word in words)}
        if not found:
            raise CommandError("name the links, such as s1->s2 or *->s3")
        return found

    def _heal(self, words: list[str]) -> list[str]:
        _split(words, 0)
        self.world.cut.clear()
        return []

    def _crash(self, words: list[str]) -> list[str]:
        """crash s1: what it has sent stays under way; a lazy write is lost."""
        (name,), _ = _split(words, 1)
        return self.world.crash(name)

    def _restart(self, words: list[str]) -> list[str]:
        (name,), _ = _split(words, 1)
        return [*self.world.start(name), f"from disk: {state_text(self.world.host(name).disk)}"]

    def _add(self, words: list[str]) -> list[str]:
        """add s4: a machine with an empty disk, which is started once it is configured."""
        (name,), _ = _split(words, 1)
        self.world.add(name)
        return []

    def _configure(self, words: list[str]) -> list[str]:
        """configure s1 s1,s2,s4: with whom it votes from its next start on."""
        (name, members), _ = _split(words, 2)
        for member in members.split(","):
            self.world.host(member)
        self.world.host(name).members = frozenset(members.split(","))
        return []

    def _empty(self, words: list[str]) -> list[str]:
        """empty s3: its state directory is lost while it is down."""
        (name,), _ = _split(words, 1)
        self.world.put_on_disk(name, HardState())
        return []

    def _backup(self, words: list[str]) -> list[str]:
        (name,), _ = _split(words, 1)
        host = self.world.host(name)
        host.backup = host.disk
        return []

    def _restore(self, words: list[str]) -> list[str]:
        """restore s3: what was on its disk when it was backed up is there again."""
        (name,), _ = _split(words, 1)
        backup = self.world.host(name).backup
        if backup is None:
            raise CommandError(f"there is no backup of {name}")
        self.world.put_on_disk(name, backup)
        return [f"from the backup: {state_text(backup)}"]

    def _votes(self, words: list[str]) -> list[str]:
        """votes s1: with whom it votes, and why it does not, if so."""
        (name,), _ = _split(words, 1)
        view = self.world.member(name).view
        return [f"with {view.membership}", *([view.listening] if view.listening else [])]

    # -- what the layer above does -------------------------------------------------------------

    def _want(self, words: list[str]) -> list[str]:
        """want s1 operator: there is this work for a leader. Without reasons there is none any more."""
        if not words:
            raise CommandError("say who wants, and why")
        return self.world.step(words[0], Want(frozenset(words[1:])))

    def _propose(self, words: list[str]) -> list[str]:
        """propose s1 intent=n2, primary=n2, or unchanged: the topology as it is, without an intent."""
        name, kind, node = words[0] if words else "", *_proposal(words[1:])
        view = self.world.member(name).view
        topology, intent = view.newest.topology, None
        if kind == "intent":
            intent = Intent(node, "test", name, 0)
        elif kind == "primary":
            previous = topology.primary if topology else None
            topology = Topology(node, view.term, previous, "test", name, 0, 0)
        return self.world.step(name, Propose(topology, intent))

    def _decide(self, words: list[str]) -> list[str]:
        """decide s2 n2=master n3=slave: what the leader's work asks for when it has read the nodes so."""
        if not words:
            raise CommandError("say who decides, and what the nodes answered")
        roles = dict(word.partition("=")[::2] for word in words[1:])
        if not set(roles.values()) <= {"master", "slave"}:
            raise CommandError("a node answers as master or as slave")
        return decide(
            self.world.member(words[0]), {_node(n): role for n, role in roles.items()}, self.world.now
        )

    def _resign(self, words: list[str]) -> list[str]:
        (name,), named = _split(words, 1, "retry_after")
        return self.world.step(name, StopLeading(_ms(named.get("retry_after", "0s")) / 1000))

    def _gossip(self, words: list[str]) -> list[str]:
        (name,), _ = _split(words, 1)
        return self.world.step(name, Gossip())

    # -- what can be asked ---------------------------------------------------------------------

    def _state(self, words: list[str]) -> list[str]:
        (name,), _ = _split(words, 1)
        core = register(self.world.member(name))
        at = None if core.role == "leader" else core.next_deadline(self.world.now)
        stands = "" if at is None else f" next attempt in {round((at - self.world.now) * 1000)}ms"
        return [f"{core.role} leader={core.leader or '-'}{stands}", state_text(core.state)]

    def _lease(self, words: list[str]) -> list[str]:
        (name,), _ = _split(words, 1)
        valid = self.world.member(name).view.lease_valid(self.world.now)
        return ["valid" if valid else "not valid"]

    def _mail(self, words: list[str]) -> list[str]:
        _split(words, 0)
        return [str(packet) for packet in self.world.bag] or [names_text(())]


def _split(words: Sequence[str], plain: int, *keys: str) -> tuple[list[str], dict[str, str]]:
    """``plain`` words, then any of ``key=value``."""
    named = dict(word.partition("=")[::2] for word in words[plain:])
    unknown = [key for key in named if key not in keys]
    if len(words) < plain or unknown or any("=" in word for word in words[:plain]):
        options = "".join(f" [{key}=]" for key in keys)
        raise CommandError(f"takes {plain} words{options}, not {' '.join(words)!r}")
    return list(words[:plain]), named


def _proposal(words: Sequence[str]) -> tuple[str, str]:
    kind, _, node = words[0].partition("=") if len(words) == 1 else ("", "", "")
    if kind == "unchanged" and not node:
        return kind, node
    if kind not in ("intent", "primary"):
        raise CommandError("propose intent=NODE, primary=NODE or unchanged")
    return kind, _node(node)


def _number(text: str, largest: int) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= largest:
        raise CommandError(f"{text!r} is not a number from 1 to {largest}")
    return int(text)


def _node(name: str) -> str:
    if name not in NODES:
        raise CommandError(f"there is no node {name!r}, only {', '.join(NODES)}")
    return name


def _ms(text: str) -> int:
    found = _DURATION.fullmatch(text)
    if found is None:
        raise CommandError(f"{text!r} is not a duration such as 250ms or 1s")
    return int(found[1]) * (1000 if found[2] == "s" else 1)
