"""The rules of whose data is newer: a primary that comes back, histories, freshness, versions."""

from __future__ import annotations

from tests.mutations.mutation import Mutation

_REGRESSION = "tests/unit/quorum/test_regression.py"
_MEMORY = "tests/unit/quorum/test_memory.py"
_HISTORIES = "tests/unit/promotion/test_histories.py"
_REINSTATING = "tests/unit/promotion/test_reinstating.py"

DATA = (
    Mutation(
        "reinstate-the-fresh-only",
        "a primary that is back as a replica gets its role back only if nobody holds more",
        "S7",
        "promotion/reinstating.py",
        "    if more:\n",
        "    if False:\n",
        (f"{_REINSTATING}::test_who_is_not_known_to_hold_as_much_as_others_does_not_get_its_role_back",),
        style="returns",
    ),
    Mutation(
        "regressed-in-any-role",
        "a primary that lost data is judged in whatever role it comes back",
        "S7",
        "quorum/regression.py",
        "    if before.run_id == now.run_id or now.loading:\n",
        '    if before.run_id == now.run_id or now.loading or now.role != "master":\n',
        (f"{_REGRESSION}::test_it_fell_back_in_whatever_role",),
        style="",
    ),
    Mutation(
        "regressed-in-its-own-history",
        "what a restarted primary wrote since does not hide how far it fell back",
        "S7",
        "quorum/regression.py",
        "        has, holds = now.held(str(history)), replica.held(str(history))\n",
        "        has, holds = now.offset_bytes, replica.held(str(history))\n",
        (f"{_REGRESSION}::test_it_fell_back_in_whatever_role",),
        style="",
    ),
    Mutation(
        "counts-read-anew",
        "key counts prove a loss only if the replica was read after the restart",
        "S6",
        "quorum/regression.py",
        "        if name in heard and _collapsed(now, before, replica):\n",
        "        if _collapsed(now, before, replica):\n",
        (f"{_REGRESSION}::test_counts_of_keys_are_believed_of_those_alone_that_were_heard_since",),
        style="",
    ),
    Mutation(
        "a-commit-clears-nothing",
        "that a primary is committed once more clears nothing of what it lost",
        "S7",
        "quorum/memory.py",
        "        if primary == self._primary:\n            return\n",
        "",
        (f"{_MEMORY}::test_a_commit_of_the_same_primary_clears_nothing",),
        style="",
    ),
    Mutation(
        "newest-history-first",
        "whoever shares the primary's newest history is promoted before any other",
        "S7",
        "promotion/candidates.py",
        "        return (place, refuses, ",
        "        return (0, refuses, ",
        (f"{_HISTORIES}::test_a_replica_of_the_former_history_does_not_win_by_its_offset",),
        style="",
    ),
    Mutation(
        "heard-it-last",
        "of two histories that whose replica heard the primary last is the newer",
        "S7",
        "promotion/histories.py",
        "        passed = not lost and",
        "        passed = False and",
        (f"{_HISTORIES}::test_whoever_heard_the_primary_last_is_in_its_newest_history",),
        style="",
    ),
    Mutation(
        "caught-up-in-one-history",
        "a switchover's target has caught up only in the primary's own history",
        "S7",
        "promotion/switching.py",
        "    held = new.held(old.replid)\n",
        "    held = new.offset_bytes\n",
        ("tests/unit/promotion/test_switching.py::test_an_offset_of_another_history_is_not_caught_up",),
        style="",
    ),
    Mutation(
        "cut-off-for-long",
        "a replica that a leader cut off long ago is not fresh",
        "S7",
        "promotion/candidates.py",
        "    down_s = 0.0 if view.link_up else view.link_down_s\n",
        "    down_s = 0.0 if view.link_up or view.sealed else view.link_down_s\n",
        (f"{_HISTORIES}::test_whoever_was_cut_off_for_long_is_not_fresh_though_it_was_a_leader_who_did_it",),
        style="",
    ),
    Mutation(
        "nothing-follows-who-lost-data",
        "nothing is pointed at a primary that lost what the node still holds",
        "S7",
        "promotion/plan.py",
        "    if more:\n",
        "    if False:\n",
        (
            "tests/unit/promotion/test_plan.py::test_nothing_is_pointed_at_a_primary_that_lost_what_it_still_holds",
        ),
        style="",
    ),
    Mutation(
        "older-version-first",
        "of equal data the older version is promoted",
        "S7",
        "promotion/candidates.py",
        "-offset_bytes, view.version, ",
        "-offset_bytes, ",
        (f"{_HISTORIES}::test_of_equal_data_the_older_version_is_promoted_and_the_reason_told",),
        style="",
    ),
)
