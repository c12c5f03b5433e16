"""Names that lead to one server, and when they part."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from sentinel.coordination.contested import Contested
from sentinel.coordination.doubles import PART_AFTER_S, Doubles
from sentinel.coordination.node_spec import NodeRecord, NodeSpec
from tests.unit.sentinel.coordinator_cases import A, B, C, info

D = "10.0.0.9:6379"


@dataclass
class Seen:
    """What the names were answered with, and what follows."""

    records: dict[str, NodeRecord] = field(
        default_factory=lambda: {name: NodeRecord(NodeSpec(name, name, 6379)) for name in (A, B, C)}
    )
    doubles: Doubles = field(default_factory=Doubles)

    def saw(self, name: str, run_id: str, now: float) -> bool:
        node = replace(info(name), run_id=run_id)
        self.records[name] = replace(self.records[name], info=node, info_at=now)
        return self.doubles.look(self.records, now)


def test_the_first_of_the_configuration_is_used() -> None:
    seen = Seen()
    assert not seen.saw(B, "one", 0.0)
    assert not seen.saw(C, "two", 0.0)
    assert seen.saw(A, "one", 0.0)
    assert seen.doubles.of == {B: A}
    assert not seen.saw(B, "one", 10.0), "which is known"


def test_what_is_configured_is_used_before_what_is_not() -> None:
    seen = Seen()
    seen.records = {D: NodeRecord(NodeSpec(D, D, 6379, discovered=True)), **seen.records}
    seen.saw(D, "one", 0.0)
    seen.saw(C, "one", 0.0)
    assert seen.doubles.of == {D: C}
    seen.saw(A, "one", 0.0)
    assert seen.doubles.of == {D: A, C: A}


def test_an_entrys_word_for_the_run_id_counts_until_the_name_has_answered() -> None:
    seen = Seen()
    seen.records[D] = NodeRecord(NodeSpec(D, D, 6379, discovered=True, unlisted=True, run_id="one"))
    assert seen.saw(A, "one", 0.0) and seen.doubles.of == {D: A}


@pytest.mark.parametrize("first", [A, B])
def test_a_restart_is_seen_by_the_two_names_at_different_moments(first: str) -> None:
    seen = Seen()
    seen.saw(A, "one", 0.0)
    seen.saw(B, "one", 0.0)
    second = B if first == A else A
    assert not seen.saw(first, "two", 10.0)
    assert not seen.saw(second, "two", 10.0 + 2 * PART_AFTER_S), "however late it is seen"
    assert seen.doubles.of == {B: A}


def test_names_part_once_the_one_left_out_keeps_telling_of_another_server() -> None:
    seen = Seen()
    seen.saw(A, "one", 0.0)
    seen.saw(B, "one", 0.0)
    seen.saw(B, "two", 10.0)
    assert not seen.saw(B, "two", 10.0 + PART_AFTER_S / 2)
    assert seen.saw(B, "two", 10.0 + PART_AFTER_S) and seen.doubles.of == {}


def test_a_server_in_two_groups_is_contested_and_one_in_a_group_alone_is_not() -> None:
    groups = Contested()
    groups.saw("g", A, "one", 0.0)
    groups.saw("h", B, "two", 0.0)
    groups.saw("g", C, "one", 0.0)
    assert groups.why("g", A) == groups.why("h", B) == ""
    groups.saw("h", D, "one", 0.0)
    assert groups.why("g", A) == f"group h has this server too, as {D}"
    assert (
        groups.why("h", D) == f"group g has this server too, as {A} and group g has this server too, as {C}"
    )


def test_it_stays_contested_through_a_restart_and_until_both_tell_of_different_servers() -> None:
    groups = Contested()
    groups.saw("g", A, "one", 0.0)
    groups.saw("h", B, "one", 0.0)
    groups.saw("g", A, "two", 10.0)
    groups.saw("g", A, "two", 30.0)
    assert groups.why("g", A) and groups.why("h", B), "the other may not have seen it yet"
    groups.saw("h", B, "two", 31.0)
    groups.saw("g", A, "three", 40.0)
    groups.saw("h", B, "two", 41.0)
    assert groups.why("g", A)
    groups.saw("g", A, "three", 41.0 + PART_AFTER_S)
    assert not groups.why("g", A) and not groups.why("h", B)
