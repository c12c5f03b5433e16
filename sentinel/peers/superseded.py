"""Which of the messages that wait for one peer say nothing that a later one does not say. Pure.

The agreement core allows for lost messages, so to leave one out can harm nobody's safety; but what is left
out must not be missed either. A granted vote gives way only to one of the same term or a later, never to a
refusal; an acknowledgement not to a refusal of an older term's heartbeat. Everything else says how things
stand, so that the newest of a kind says it all: a leader's heartbeats carry its newest entry each.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TypeAlias

from quorum.messages import (
    Append,
    AppendReply,
    Message,
    Opinions,
    PreVoteReply,
    PreVoteRequest,
    Resign,
    VoteReply,
    VoteRequest,
)
from quorum.raft.progress import NO_ROUND

Item: TypeAlias = tuple[str, Message]
"""A message, with its group."""


def newest(items: Sequence[Item]) -> list[Item]:
    """Without those that a later one of their group and kind makes worthless; the rest in its order."""
    best: dict[Hashable, int] = {}
    for index, (group, message) in enumerate(items):
        slot = (group, kind_of(message))
        known = best.get(slot)
        if known is None or place_of(message) >= place_of(items[known][1]):
            best[slot] = index
    return [items[index] for index in sorted(best.values())]


def kind_of(message: Message) -> Hashable:
    match message:
        case PreVoteReply(granted=granted) | VoteReply(granted=granted):
            return message.kind, granted
        case AppendReply(round=round_):
            return message.kind, round_ == NO_ROUND
        case _:
            return message.kind


def place_of(message: Message) -> tuple[int, int]:
    """Of two of a kind the later says more, in whatever order they were made."""
    match message:
        case Opinions(boot, seq):
            return boot, seq
        case Append(term, round_) | AppendReply(term, round_):
            return term, round_
        case PreVoteRequest(term) | PreVoteReply(term) | VoteRequest(term) | VoteReply(term) | Resign(term):
            return term, 0
