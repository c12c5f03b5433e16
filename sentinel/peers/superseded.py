"""Finds the waiting messages to one peer that a later one makes worthless. Pure.

The agreement core tolerates lost messages, so leaving one out cannot harm safety; but none may be missed
either. A granted vote gives way only to one of the same term or a later, never to a refusal; an
acknowledgement not to a refusal of an older term's heartbeat. Every other message describes the current
state, so the newest of a kind suffices: each of a leader's heartbeats carries its newest entry.
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
    """The messages without those that a later one of their group and kind makes worthless, in their order."""
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
    """Of two messages of a kind the later one is more useful, in whatever order they were made."""
    match message:
        case Opinions(boot, seq):
            return boot, seq
        case Append(term, round_) | AppendReply(term, round_):
            return term, round_
        case PreVoteRequest(term) | PreVoteReply(term) | VoteRequest(term) | VoteReply(term) | Resign(term):
            return term, 0
