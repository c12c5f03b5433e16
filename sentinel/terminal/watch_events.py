"""Describes the differences between two looks at the groups in words. Pure.

The two looks may be at different sentinels, because the next one is asked when one is gone. So facts that
only the asked sentinel knows (its own links) are compared only if both report them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sentinel.status.answers import ChangeAnswer, GroupAnswer, NodeAnswer, PeerAnswer


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One look. ``peers`` is empty if a single group was asked for."""

    asked: str
    groups: tuple[GroupAnswer, ...]
    peers: tuple[PeerAnswer, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """``about`` is a group, or a sentinel."""

    about: str
    text: str


def differences(before: Snapshot, after: Snapshot) -> Iterator[Event]:
    if before.asked != after.asked:
        yield Event("watch", f"now asking {after.asked}")
    old = {group.group: group for group in before.groups}
    for group in after.groups:
        if group.group in old:
            for text in _in_group(old[group.group], group):
                yield Event(group.group, text)
    known = {peer.sentinel: peer.in_touch for peer in before.peers}
    for peer in after.peers:
        if known.get(peer.sentinel, peer.in_touch) != peer.in_touch:
            yield Event(peer.sentinel, "is in touch again" if peer.in_touch else "is out of touch")


def past(group: str, changes: Sequence[ChangeAnswer]) -> Iterator[tuple[str, Event]]:
    """The changes of a history as events, oldest first, each with its time (ISO 8601)."""
    for change in reversed(changes):
        was = f" (was {change.old}, {change.cause}, took {change.duration_ms} ms)" if change.old else ""
        yield change.at, Event(group, f"{change.new} is primary, term {change.term}{was}")


def _in_group(old: GroupAnswer, new: GroupAnswer) -> Iterator[str]:
    before, after = {node.node: node for node in old.nodes}, {node.node: node for node in new.nodes}
    for name in after:
        if name not in before:
            yield f"{name} is {after[name].detail if after[name].state == 'not_watched' else 'watched now'}"
        else:
            yield from _of_node(before[name], after[name])
    yield from (f"{name} is not watched any more" for name in before if name not in after)
    yield from _failover(old, new)
    made = new.topology
    if made is not None and (old.topology is None or old.topology.term < made.term):
        was = f" (was {made.previous}, {made.cause}, took {made.duration_ms} ms)" if made.previous else ""
        yield f"{made.primary} is primary, term {made.term}{was}"
    if new.paused is not None and old.paused is None:
        why = f": {new.paused.reason}" if new.paused.reason else ""
        yield f"paused, requested at sentinel {new.paused.by}{why}"
    elif new.paused is None and old.paused is not None:
        yield "no longer paused"
    if new.scheduled is not None and new.scheduled != old.scheduled:
        yield f"a switchover to {new.scheduled.to or 'the best replica'} is scheduled for {new.scheduled.at}"
    elif new.scheduled is None and old.scheduled is not None:
        yield "no switchover is scheduled any more"
    if new.ambiguous and new.ambiguous != old.ambiguous:
        yield f"it is not clear which node is primary: {new.ambiguous}"
    if old.has_majority != new.has_majority:
        yield "in touch with a majority again" if new.has_majority else "not in touch with a majority"


def _of_node(old: NodeAnswer, new: NodeAnswer) -> Iterator[str]:
    if old.state != new.state:
        why = f" ({new.detail or new.grade})" if new.state != "up" and (new.detail or new.grade) else ""
        yield f"{new.node} is {new.state}{why}"
    if new.objectively_down and not old.objectively_down:
        agree = ", ".join(opinion.sentinel for opinion in new.opinions if opinion.down)
        yield f"{new.node} is objectively down, according to {agree}"
    if new.role not in (old.role, "unknown"):
        yield f"{new.node} answers as {new.role}"
    if new.role == "replica" and old.link_up != new.link_up and old.link_up is not None and new.state == "up":
        yield f"{new.node} {'follows' if new.link_up else 'lost its link to'} {new.follows or 'its primary'}"


def _failover(old: GroupAnswer, new: GroupAnswer) -> Iterator[str]:
    if new.failover is None:
        if old.failover is not None:
            yield "the change is over"
        return
    change, leader = new.failover, new.failover.leader
    if old.failover is None:
        because = f" because of {change.cause}" if change.cause else ""
        yield f"a change begins{because}" + (f", led by {leader}" if leader else "")
    if change.phase is not None and (old.failover is None or old.failover.phase != change.phase):
        yield f"{leader or 'the leader'} is {change.phase}" + (f" {change.target}" if change.target else "")
