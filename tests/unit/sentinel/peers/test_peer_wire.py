"""What is sent arrives as it was; whatever else arrives raises PeerProtocolError and nothing else."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum.directives import NO_DIRECTIVES, Closed, Directives, Outcome, Pause, Schedule
from quorum.messages import (
    GENESIS,
    Append,
    AppendReply,
    Entry,
    Grade,
    Intent,
    Message,
    Opinion,
    Opinions,
    PreVoteReply,
    PreVoteRequest,
    Resign,
    Topology,
    VoteReply,
    VoteRequest,
)
from sentinel.notices.change import Change, TimelineStep
from sentinel.peers.notes import ChangeNote, DeliveredNote, Note
from sentinel.peers.wire import (
    MAX_INT,
    MAX_ITEMS,
    MAX_PAYLOAD_BYTES,
    Batch,
    Challenge,
    Hello,
    PeerProtocolError,
    Ping,
    Pong,
    Proof,
    UnsendableError,
    decode,
    encode,
    encode_batch,
)

names = st.text(st.characters(exclude_categories=["Cs"]), max_size=256)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=512)
counts = st.integers(0, MAX_INT)
nodes = st.builds("{}:{}".format, st.text("abz.:-_[]", min_size=1, max_size=250), st.integers(0, 65535))
entry_ids = st.tuples(counts, counts)
topologies = st.builds(Topology, nodes, counts, st.none() | nodes, texts, names, counts, counts)
intents = st.builds(Intent, names, texts, names, counts)
schedules = st.builds(Schedule, names, counts, st.none() | names, counts, counts)
directives = st.builds(
    Directives,
    st.none() | st.builds(Pause, counts, names, st.none() | texts),
    st.none() | schedules,
    st.none()
    | st.builds(Closed, schedules, st.sampled_from(Outcome), texts, st.none() | nodes, st.none() | counts),
)
entries = st.builds(Entry, counts, counts, st.none() | topologies, st.none() | intents, directives)
opinions = st.builds(Opinion, names, st.booleans(), st.sampled_from(Grade))
messages: st.SearchStrategy[Message] = st.one_of(
    st.builds(PreVoteRequest, counts, entry_ids),
    st.builds(PreVoteReply, counts, st.booleans(), texts),
    st.builds(VoteRequest, counts, entry_ids),
    st.builds(VoteReply, counts, st.booleans(), texts),
    st.builds(Append, counts, counts, st.none() | entries, entry_ids),
    st.builds(AppendReply, counts, counts, entry_ids),
    st.builds(Resign, counts, counts),
    st.builds(Opinions, counts, counts, st.lists(opinions, max_size=5).map(tuple), entries),
)
steps = st.builds(TimelineStep, names, st.floats(0, 1e12))
changes = st.builds(
    Change,
    names,
    counts,
    st.none() | names,
    names,
    texts,
    names,
    counts,
    counts,
    st.lists(steps, max_size=5).map(tuple),
)
notes: st.SearchStrategy[Note] = st.one_of(
    st.builds(ChangeNote, changes), st.builds(DeliveredNote, st.lists(names, max_size=5).map(tuple))
)


def decode_all(frames: list[bytes]) -> tuple[list[tuple[str, Message]], list[Note]]:
    batches = [decode(frame) for frame in frames]
    got: list[tuple[str, Message]] = []
    got_notes: list[Note] = []
    for batch in batches:
        assert isinstance(batch, Batch)
        got += batch.messages
        got_notes += batch.notes
    return got, got_notes


@given(st.lists(st.tuples(names, messages), max_size=10), st.lists(notes, max_size=3))
def test_a_batch_arrives_as_it_was_sent(items: list[tuple[str, Message]], extra: list[Note]) -> None:
    frames = encode_batch(items, extra)
    assert all(len(frame) <= MAX_PAYLOAD_BYTES for frame in frames)
    assert decode_all(frames) == (items, extra)


@pytest.mark.parametrize(
    "frame", [Ping(7), Pong(MAX_INT), Hello("s1", "s2", "ab"), Challenge("cd"), Proof("ef")]
)
def test_small_frames_arrive_as_they_were_sent(frame: Ping | Pong | Hello | Challenge | Proof) -> None:
    assert decode(encode(frame)) == frame


def test_many_messages_are_split_by_size_and_by_number_in_order() -> None:
    big: list[tuple[str, Message]] = [
        (f"g{index}", Opinions(1, index, tuple(Opinion("n" * 200, False) for _ in range(100)), GENESIS))
        for index in range(10)
    ]
    small: list[tuple[str, Message]] = [("g", Resign(term)) for term in range(MAX_ITEMS + 1)]
    frames = encode_batch(big + small)
    assert len(frames) > 4
    assert decode_all(frames) == (big + small, [])
    assert len(encode_batch(small[:MAX_ITEMS])) == 1


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (Resign(MAX_INT + 1), "resign.term"),
        (Resign(-1), "resign.term"),
        (VoteReply(1, False, "x" * 513), "vote_reply.reason"),
        (Opinions(1, 1, (Opinion("n" * 257, False),), GENESIS), r"opinions.opinions\[0\].node"),
        (Opinions(1, 1, (Opinion("n", False),) * 257, GENESIS), "opinions.opinions: 257 items"),
        (Opinions(1, 1, (Opinion("n" * 256, False),) * 256, GENESIS), "opinions: .* bytes encoded"),
        (VoteReply(1, False, "\ud800"), "surrogate"),
    ],
)
def test_a_message_beyond_the_limits_is_not_sent(message: Message, field: str) -> None:
    with pytest.raises(UnsendableError, match=field):
        encode_batch([("g", message)])


def test_time_steps_must_be_numbers() -> None:
    record = Change("g", 1, None, "n", "c", "l", 1, 1, (TimelineStep("s", float("nan")),))
    with pytest.raises(UnsendableError, match="at_ms"):
        encode_batch([], [ChangeNote(record)])


def batch(message: object, group: object = "g") -> bytes:
    return json.dumps({"v": 1, "kind": "batch", "messages": [[group, message]], "notes": []}).encode()


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        (b"", "Invalid JSON"),
        (b"[" * 60_000, "Invalid JSON"),
        (b"\xff\xfe", "Invalid JSON"),
        (b'{"kind":"batch","messages":[],"notes":[]}', "v: Field required"),
        (b'{"v":2,"kind":"batch","messages":[],"notes":[]}', "speaks version 2, this sentinel speaks 1"),
        (b'{"v":2,"kind":"quux"}', "speaks version 2, this sentinel speaks 1"),
        (b'{"v":1,"kind":"quux"}', "quux"),
        (b" " * (MAX_PAYLOAD_BYTES + 1), "frame of"),
        (batch({"kind": "resign", "term": "1"}), "term: Input should be a valid integer"),
        (batch({"kind": "resign", "term": 1.0}), "term: Input should be a valid integer"),
        (batch({"kind": "resign", "term": True}), "term: Input should be a valid integer"),
        (batch({"kind": "resign", "term": -1}), r"messages\[0\]\[1\].term: -1 is not within"),
        (batch({"kind": "resign", "term": 10**400}), r"term: 10000"),
        (batch({"kind": "resign"}), "term: Field required"),
        (batch({"kind": "vote_reply", "term": 1, "granted": 1}), "granted"),
        (batch({"kind": "resign", "term": 1}, "g" * 257), r"messages\[0\]\[0\]: 257 characters"),
        (batch({"kind": "resign", "term": 1}, 5), "valid string"),
        (
            batch({"kind": "append", "term": 1, "round": 1, "entry": None, "committed_id": [1]}),
            "committed_id",
        ),
    ],
)
def test_what_breaks_the_protocol_is_refused_saying_where(payload: bytes, problem: str) -> None:
    with pytest.raises(PeerProtocolError, match=problem):
        decode(payload)


@pytest.mark.parametrize(
    "name", ["", "nonsense", "redis:", "redis:port", "a b:1", "\x00:1", "redis:6379 ", "é:1"]
)
def test_what_is_no_nodes_name_is_not_taken_in_and_does_not_make_mute_who_has_it(name: str) -> None:
    topology = Topology(name, 7, None, "initial", "s1", 0, 0)
    for odd in (topology, replace(topology, primary="redis-a:6379", previous=name)):
        (frame,) = encode_batch([("g", Opinions(1, 1, (), Entry(7, 2, odd)))])
        with pytest.raises(PeerProtocolError, match=r"no node's name \(host:port\)"):
            decode(frame)


def test_an_entry_of_a_release_without_directives_has_none() -> None:
    entry = Entry(4, 2, Topology("a:1", 4, None, "bootstrap", "s1", 0, 0), None, NO_DIRECTIVES)
    sent = json.loads(encode_batch([("g", Append(4, 1, entry, (4, 1)))])[0])
    del sent["messages"][0][1]["entry"]["directives"]
    assert decode(json.dumps(sent).encode()) == Batch((("g", Append(4, 1, entry, (4, 1))),))


def test_fields_of_a_later_release_are_ignored() -> None:
    frame = decode(batch({"kind": "resign", "term": 1, "later": {"x": 1}}))
    assert isinstance(frame, Batch)
    assert frame.messages == (("g", Resign(1)),)


@given(st.binary(max_size=300))
def test_fuzz_bytes(payload: bytes) -> None:
    with suppress(PeerProtocolError):
        decode(payload)


@given(st.lists(st.tuples(names, messages), max_size=3), st.data())
def test_fuzz_changed_frames(items: list[tuple[str, Message]], data: st.DataObject) -> None:
    for frame in encode_batch(items):
        changed = bytearray(frame)
        for _ in range(data.draw(st.integers(1, 4))):
            changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
        with suppress(PeerProtocolError):
            decode(bytes(changed))


KEYS = ["kind", "v", "term", "entry_id", "entry", "committed", "opinions", "messages", "notes", "seq", "mac"]
VALUES: list[object] = [
    *("pre_vote_request", "vote_reply", "append", "resign", "opinions", "batch", "ping", "hello", "", "x"),
    *(None, True, 0, 1, -1, 2**63, 0.5, float("inf"), float("nan"), [], [1, 2], [[]], ["g", {}], {}),
    *({"term": 1}, {"term": 1, "seq": 1, "topology": {}}, [{"node": "n", "down": True, "grade": "x"}]),
]
shapes = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES), max_size=len(KEYS))


@given(shapes, shapes)
def test_fuzz_json_of_nearly_the_right_shape(outer: dict[str, object], inner: dict[str, object]) -> None:
    for value in (outer, {"v": 1, "kind": "batch", "messages": [["g", inner]], "notes": [inner]}):
        with suppress(PeerProtocolError):
            decode(json.dumps(value).encode())
