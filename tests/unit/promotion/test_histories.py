"""The preferred replica if replicas hold different replication histories, and the notice about it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promotion.candidates import Policy, Ranking, rank
from promotion.histories import histories
from promotion.view import SEALED, NodeView

POLICY = Policy(max_link_down_s=1000.0, max_age_s=5.0)
DEAD = NodeView(
    "p:1",
    "p",
    1,
    reachable=False,
    down=True,
    role="master",
    keys=9,
    offset_bytes=300,
    replid="new",
    run_id="p2",
)
"""The primary; it was restarted, and began the history ``new``."""
SYNCED = NodeView(
    "s:1",
    "s",
    1,
    role="slave",
    follows="p:1",
    keys=9,
    offset_bytes=300,
    replid="new",
    link_down_s=1,
    run_id="s",
)
FORMER = replace(SYNCED, name="f:1", host="f", offset_bytes=15000, replid="old", link_down_s=60, run_id="f")
UNSEEN = replace(DEAD, role="", keys=0, offset_bytes=None, replid="")


def reasons(ranking: Ranking) -> dict[str, str]:
    return {verdict.node: verdict.reason for verdict in ranking.verdicts}


@pytest.mark.parametrize("sealed", [False, True])
def test_a_replica_of_the_former_history_does_not_win_by_its_offset(sealed: bool) -> None:
    views = [replace(v, follows=SEALED) if sealed else v for v in (FORMER, SYNCED)]
    ranking = rank("p:1", [DEAD, *views], POLICY, history="new")
    assert ranking.chosen == "s:1" and ranking.may_have_lost is None
    assert reasons(ranking)["f:1"] == "its data is of another history than s:1's, which is newer"
    assert {v.node: v.lag_bytes for v in ranking.verdicts} == {"s:1": 0, "f:1": None}


def test_nor_by_its_priority() -> None:
    first = replace(FORMER, priority=1)
    assert rank("p:1", [DEAD, first, SYNCED], POLICY, history="new").chosen == "s:1"


def test_who_may_never_be_promoted_is_not_and_it_is_told_what_the_other_lacks() -> None:
    ranking = rank("p:1", [DEAD, FORMER, replace(SYNCED, priority=0)], POLICY, history="new")
    assert ranking.chosen == "f:1"
    assert ranking.may_have_lost == "all that p:1 wrote in its history new, which f:1 does not hold"
    assert reasons(ranking)["f:1"] == "the best there is, of another history"


def test_a_lag_that_cannot_be_known_is_not_within_a_limit() -> None:
    ranking = rank("p:1", [DEAD, FORMER], replace(POLICY, max_lag_bytes=10**9), history="new")
    assert ranking.chosen is None
    assert reasons(ranking)["f:1"] == "its lag is not known"


@pytest.mark.parametrize("primary", [replace(DEAD, replid="old", offset_bytes=15000), UNSEEN])
@pytest.mark.parametrize("known", ["old", None])
def test_whoever_heard_the_primary_last_is_in_its_newest_history(
    primary: NodeView, known: str | None
) -> None:
    """It was restarted, and died, before this sentinel saw it."""
    ranking = rank("p:1", [primary, FORMER, SYNCED], POLICY, history=known)
    assert ranking.chosen == "s:1"
    assert ranking.may_have_lost is not None and "only thought to be the newer" in ranking.may_have_lost


@pytest.mark.parametrize("named", [("aaa", "zzz"), ("zzz", "aaa")], ids=["first", "last"])
def test_within_a_second_whoever_still_follows_the_primary_has_heard_it_later(named: tuple[str, str]) -> None:
    """The primary began another history at its first replica, and died before it said so."""
    cut_off, in_it = named
    former = replace(FORMER, follows=SEALED, replid=cut_off, link_down_s=0)
    synced = replace(SYNCED, replid=in_it, link_down_s=0)
    assert rank("p:1", [DEAD, former, synced], POLICY, history="new").chosen == "s:1"


def test_unless_that_history_began_with_a_loss() -> None:
    emptied = replace(SYNCED, keys=1)
    assert rank("p:1", [UNSEEN, FORMER, emptied], POLICY).chosen == "f:1"
    wiped = replace(DEAD, keys=1, reachable=True, down=False)
    ranking = rank("p:1", [wiped, FORMER, replace(SYNCED, keys=8)], POLICY, history="old", lost={"old"})
    assert ranking.chosen == "f:1" and ranking.may_have_lost is None


def test_what_the_primary_was_allowed_to_delete_is_no_loss() -> None:
    few = replace(SYNCED, keys=1)
    assert rank("p:1", [replace(DEAD, keys=1), FORMER, few], POLICY, history="new").chosen == "s:1"


def test_where_nobody_knows_which_is_newer_it_is_told() -> None:
    ranking = rank("p:1", [UNSEEN, replace(FORMER, link_down_s=1), SYNCED], POLICY)
    assert ranking.chosen is not None and ranking.may_have_lost is not None
    other = next(node for node in ("f:1", "s:1") if node != ranking.chosen)
    assert "another history" in reasons(ranking)[other]


def test_a_history_goes_on_from_the_one_that_it_continues() -> None:
    """A primary was promoted, or restarted with its data: followers have both histories, late ones one."""
    heir = replace(SYNCED, replid2="old", second_offset=201)
    late = replace(FORMER, offset_bytes=150, link_down_s=1)
    ahead = replace(late, name="x:1", offset_bytes=250)
    for known in ("new", "old", None):
        found = histories("p:1", [UNSEEN, heir, late, ahead], known, ())
        assert found.newest == "new"
        assert [found.position(view) for view in (heir, late, ahead)] == [300, 150, 200]
    assert rank("p:1", [UNSEEN, heir, late], POLICY).may_have_lost is None
    ranking = rank("p:1", [DEAD, heir, late], POLICY, history="new")
    assert {v.node: v.lag_bytes for v in ranking.verdicts} == {"s:1": 0, "f:1": 150}


def test_histories_that_continue_each_other_in_a_circle_do_no_harm() -> None:
    one = replace(SYNCED, replid2="old", second_offset=9)
    two = replace(FORMER, replid2="new", second_offset=9)
    assert histories("p:1", [UNSEEN, one, two], None, ()).newest in ("old", "new")
    assert rank("p:1", [UNSEEN, one, two], POLICY).chosen is not None


def test_of_equal_data_the_older_version_is_promoted_and_the_reason_told() -> None:
    """A newer server reads what an older one sends, not the other way round."""
    newer = replace(SYNCED, name="n:1", run_id="a", version=("redis", (7, 2, 4)))
    older = replace(SYNCED, version=("redis", (7, 0, 15)))
    ranking = rank("p:1", [DEAD, newer, older], POLICY, history="new")
    assert ranking.chosen == "s:1"
    assert (
        reasons(ranking)["n:1"]
        == "its version redis 7.2.4 is newer than that of s:1, which could not follow it"
    )
    ahead = replace(newer, offset_bytes=301)
    assert rank("p:1", [DEAD, ahead, older], POLICY, history="new").chosen == "n:1", "data goes first"
    valkey = replace(newer, version=("valkey", (7, 2, 0)))
    assert rank("p:1", [DEAD, valkey, newer], POLICY, history="new").chosen == "n:1"


@pytest.mark.parametrize("follows", ["p:1", SEALED])
def test_whoever_was_cut_off_for_long_is_not_fresh_though_it_was_a_leader_who_did_it(follows: str) -> None:
    stale = replace(FORMER, replid="new", follows=follows, link_down_s=86400)
    ranking = rank("p:1", [DEAD, stale], POLICY, history="new")
    assert ranking.chosen is None
    assert "has been down for 86400 s" in reasons(ranking)["f:1"]


def test_what_a_primary_says_while_it_loads_is_not_its_history() -> None:
    loading = replace(DEAD, replid="fresh", offset_bytes=0, loading=True)
    ranking = rank("p:1", [loading, SYNCED], POLICY, history="new")
    assert ranking.chosen == "s:1" and ranking.may_have_lost is None
