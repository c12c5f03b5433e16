"""What a replica that loads a copy will hold at least, by what was seen of its primary before."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sentinel.coordination.copies import Copies
from sentinel.coordination.node_spec import NodeRecord, NodeSpec
from sentinel.coordination.offset_trail import OffsetTrail
from tests.unit.sentinel.coordinator_cases import B, info

SPEC = NodeSpec(B, "127.0.0.1", 2)
BEFORE = replace(info("slave"), run_id="b1", uptime_s=900, sync_in_progress=False)
LOADS = replace(BEFORE, loading=True, sync_in_progress=True)
RESTARTED = replace(LOADS, run_id="b2", uptime_s=1)


def trail() -> OffsetTrail:
    made = OffsetTrail()
    for at, offset_bytes in ((0.0, 100), (4.0, 200), (8.0, 300), (12.0, 400)):
        made.add("h", offset_bytes, at)
    return made


@pytest.mark.parametrize(
    ("seen", "seen_at", "now", "least"),
    [
        (LOADS, 9.0, 13.0, 300),  # it had no copy at 9.0, so the copy was begun later
        (RESTARTED, 1.0, 11.0, 300),  # its process is two seconds old at most
        (RESTARTED, 9.5, 10.0, 300),
        (RESTARTED, -5.0, 1.5, None),  # its process may be older than what is known
    ],
)
def test_a_copy_holds_what_the_primary_had_before_it_was_begun(
    seen: object, seen_at: float, now: float, least: int | None
) -> None:
    copies = Copies()
    copies.see(NodeRecord(SPEC, BEFORE, seen_at), seen, now, trail())  # type: ignore[arg-type]
    assert copies[B] == (("h", least) if least is not None else None)


def test_it_is_kept_while_it_loads_and_forgotten_when_it_is_done() -> None:
    copies = Copies()
    copies.see(NodeRecord(SPEC, BEFORE, 5.0), LOADS, 6.0, trail())
    copies.see(NodeRecord(SPEC, LOADS, 6.0), LOADS, 14.0, trail())
    assert copies[B] == ("h", 200)
    copies.see(NodeRecord(SPEC, LOADS, 14.0), BEFORE, 15.0, trail())
    assert copies[B] is None


def test_another_process_has_another_copy() -> None:
    copies = Copies()
    copies.see(NodeRecord(SPEC, BEFORE, 5.0), LOADS, 6.0, trail())
    copies.see(NodeRecord(SPEC, LOADS, 11.0), RESTARTED, 14.0, trail())
    assert copies[B] == ("h", 400)


def test_nothing_is_known_without_the_primary_that_it_follows() -> None:
    copies = Copies()
    copies.see(NodeRecord(SPEC, BEFORE, 5.0), LOADS, 6.0, None)
    assert copies[B] is None
