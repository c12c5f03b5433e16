"""Who stands first: by rank, but whoever gave up, or could promote nobody, lets the others try before."""

from __future__ import annotations

import random

from quorum.crowd import ALONE
from quorum.messages import Resign
from quorum.raft.campaign import Campaign
from quorum.standing import FORGET_S, Standing
from quorum.timing import Timing

ORDER = ("s1", "s2", "s3")
NOW = 100.0
TIMING = Timing()


def standing(own: str = "s1", why_not: str = "") -> Standing:
    made = Standing(own, ORDER)
    made.why_not = lambda _now: why_not
    return made


def test_the_rank_decides_while_nothing_is_known() -> None:
    assert [standing(own).place(NOW) for own in ORDER] == [0, 1, 2]


def test_whoever_gave_up_goes_last_and_who_did_so_last_behind_the_others() -> None:
    each = {own: standing(own) for own in ORDER}
    for made in each.values():
        made.gave_up("s1", "no way to b:1", NOW)
    assert {own: made.place(NOW) for own, made in each.items()} == {"s2": 0, "s3": 1, "s1": 2}
    for made in each.values():
        made.gave_up("s2", "no way to b:1", NOW + 1)
    assert {own: made.place(NOW + 1) for own, made in each.items()} == {"s3": 0, "s1": 1, "s2": 2}
    assert [made.place(NOW + 1 + FORGET_S) for made in each.values()] == [0, 1, 2]


def test_a_new_topology_makes_all_of_it_past() -> None:
    made = standing()
    made.gave_up("s1", "x", NOW)
    made.done()
    assert made.place(NOW) == 0


def test_whoever_could_promote_nobody_stands_behind_all_that_might() -> None:
    made = standing("s1", "b:1: WRONGPASS")
    assert made.place(NOW) == 0, "nobody says that it could"
    made.heard("s2", None)
    assert made.place(NOW) == 0, "a release that says nothing of it"
    made.heard("s2", "")
    assert made.place(NOW) == 3
    assert standing("s3").place(NOW) == 2


def campaign(made: Standing) -> Campaign:
    found = Campaign(0, TIMING, random.Random(1), not_before=NOW, crowd=ALONE, standing=made)
    found.set_reasons(frozenset({"odown"}), NOW, NOW)
    return found


def test_a_failure_of_another_puts_off_only_who_has_failed_as_well_or_would() -> None:
    gave_up = Resign(1, 4000, "no way to b:1")
    soon, failed, unable = standing("s2"), standing("s2"), standing("s2", "b:1 is down")
    failed.gave_up("s2", "x", NOW - 1)
    at = []
    for made in (soon, failed, unable):
        stands = campaign(made)
        stands.resigned("s1", gave_up, NOW, own=False)
        stands.restart(NOW, NOW)
        at.append(stands.at or 0.0)
    assert at[0] == NOW, "s1 goes behind it"
    assert at[1] >= NOW + 4 and at[2] >= NOW + 4


def test_whoever_gives_up_waits_itself() -> None:
    stands = campaign(standing("s1"))
    stands.resigned("s1", Resign(1, 4000, "x"), NOW, own=True)
    stands.restart(NOW, NOW)
    assert stands.at == NOW + 4 + 2 * TIMING.stagger_s


def test_a_leader_of_a_former_release_tells_no_reason_and_goes_last_all_the_same() -> None:
    made = standing("s2")
    campaign(made).resigned("s1", Resign(1, 4000), NOW, own=False)
    assert made.place(NOW) == 0 and made.passed_over(NOW) == {"s1": ""}


def test_who_stands_back_is_told_with_the_reason_while_another_could() -> None:
    made = standing("s1", "b:1: WRONGPASS")
    made.heard("s2", "b:1 is down")
    assert made.standing_back(NOW) == {}, "nobody could"
    made.heard("s3", "")
    assert made.standing_back(NOW) == {"s1": "b:1: WRONGPASS", "s2": "b:1 is down"}
    able = standing("s1")
    assert able.standing_back(NOW) == {}
    able.heard("s2", "b:1 is down")
    assert able.standing_back(NOW) == {"s2": "b:1 is down"}


def test_the_reasons_of_those_in_front_are_known() -> None:
    made = standing("s3")
    made.heard("s1", "b:1: WRONGPASS")
    made.heard("s2", "")
    assert made.passed_over(NOW) == {"s1": "b:1: WRONGPASS"} and made.able_peers() == ("s2",)
    made.gave_up("s2", "promoting b:1 failed", NOW)
    assert made.passed_over(NOW) == {"s1": "b:1: WRONGPASS", "s2": "promoting b:1 failed"}


def test_all_wait_twice_as_long_as_they_have_waited_whoever_gives_up() -> None:
    made = standing("s2")
    assert made.next_wait_s(NOW) == 0
    campaign(made).resigned("s1", Resign(1, 4000, "no way to b:1"), NOW, own=False)
    assert made.next_wait_s(NOW + 0.1) == 4, "whoever tries for the first time does not wait"
    assert made.next_wait_s(NOW + 4.1) == 8 and made.next_wait_s(NOW + FORGET_S) == 0
    campaign(made).resigned("s2", Resign(2, 8000, "no way to b:1"), NOW + 4.1, own=True)
    assert made.next_wait_s(NOW + 12.2) == 16
    made.done()
    assert made.next_wait_s(NOW + 12.2) == 0
