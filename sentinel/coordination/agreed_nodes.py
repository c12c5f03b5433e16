"""The nodes that the newest entries name: they are watched, whatever the configuration says. Pure.

Without this, a primary that was taken out of the configuration, or was never in one, would not be watched
after a restart, and no sentinel would notice its loss.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from promotion.places import place_in
from quorum.messages import Entry, Place
from sentinel.coordination.node_spec import NodeRecord, NodeSpec


@dataclass(frozen=True, slots=True)
class Named:
    """A node that an entry names. ``needed``: it is the primary, or about to be."""

    name: str
    place: Place
    needed: bool


def named_by(entries: Iterable[Entry]) -> tuple[Named, ...]:
    """Each node once, those that are needed first. A name that says no address cannot be watched."""
    found = sorted(_named(entries), key=lambda named: not named.needed)
    return tuple({named.name: named for named in reversed(found)}.values())


def spec_of(named: Named) -> NodeSpec:
    place = named.place
    return NodeSpec(
        named.name,
        place.host,
        place.port,
        place.announce_host,
        place.announce_port,
        discovered=True,
        unlisted=named.needed,
        run_id=place.run_id,
    )


def place_of(record: NodeRecord) -> Place:
    """An entry's data about a node that it names."""
    spec = record.spec
    run_id = record.info.run_id if record.info is not None else spec.run_id
    return Place(spec.host, spec.port, spec.announce_host, spec.announce_port, run_id)


def _named(entries: Iterable[Entry]) -> Iterator[Named]:
    for entry in entries:
        topology, intent = entry.topology, entry.intent
        places = []
        if intent is not None:
            places.append((intent.target, intent.target_at, True))
        if topology is not None:
            places.append((topology.primary, topology.primary_at, True))
            places.append((topology.previous or "", topology.previous_at, False))
        for name, told, needed in places:
            place = told or read_place(name)
            if place is not None:
                yield Named(name, place, needed)


def read_place(name: str) -> Place | None:
    """Older sentinels tell no places; but a node's name is an address."""
    found = place_in(name)
    return Place(*found) if found is not None else None
