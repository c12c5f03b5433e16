"""The rules of whose a node is: what is not the group's keeps its data, and no stranger learns a password."""

from __future__ import annotations

from tests.mutations.mutation import Mutation

_KINSHIP = "tests/unit/sentinel/coordination/test_kinship.py"
_NEWCOMERS = "tests/unit/sentinel/coordination/test_newcomers.py"
_FOLLOWING = "tests/unit/promotion/test_following.py"

DISCOVERY = (
    Mutation(
        "discovered-history",
        "a discovered node is the group's only if it shares its history",
        "S9",
        "sentinel/coordination/kinship.py",
        "        return any(replid in self._histories for replid in info.replids)\n",
        "        return True\n",
        (f"{_KINSHIP}::test_another_clusters_primary_at_its_address_is_not",),
        style="any",
    ),
    Mutation(
        "discovered-detached",
        "a discovered node that somebody made a master stays one",
        "S9",
        "sentinel/coordination/kinship.py",
        """\
        if self.is_the_same(of.name, of.info):
            return "somebody made it a master (REPLICAOF NO ONE)"
""",
        """\
        if self.is_the_same(of.name, of.info):
            return ""
""",
        (f"{_KINSHIP}::test_one_that_was_detached_by_hand_is_not_however_much_history_it_shares",),
        style="any",
    ),
    Mutation(
        "discovered-started-as-master",
        "a discovered node that was started as a master stays one",
        "S9",
        "sentinel/coordination/kinship.py",
        """\
        if of.name in self._witnessed:
            return "it was started""",
        """\
        if of.name in self._witnessed:
            return "" and "it was started""",
        (f"{_KINSHIP}::test_nor_is_one_that_was_started_as_a_master_with_the_groups_data",),
        style="any",
    ),
    Mutation(
        "configured-foreign-replicas",
        "a configured node with replicas that are none of the group's is left alone",
        "S9",
        "sentinel/coordination/kinship.py",
        "        others = self._others(of)\n",
        "        others: tuple[Endpoint, ...] = ()\n",
        (f"{_KINSHIP}::test_unless_it_has_replicas_that_are_none_of_the_groups",),
        style="",
    ),
    Mutation(
        "configured-grace",
        "a configured node with unknown data is left alone until its replicas could have found it",
        "S9",
        "sentinel/coordination/relations.py",
        "        return new and self.kinship.is_unknown(info)\n",
        "        return False\n",
        (f"{_KINSHIP}::test_but_not_before_its_replicas_could_have_found_it",),
        style="",
    ),
    Mutation(
        "hands-off-in-the-plan",
        "no plan changes what is not the group's",
        "S9",
        "promotion/plan.py",
        "    there = [view for view in others if _answers(view) and not view.hands_off]\n",
        "    there = [view for view in others if _answers(view)]\n",
        ("tests/unit/promotion/test_plan.py::test_what_is_not_the_groups_is_left_alone",),
        style="",
    ),
    Mutation(
        "discovered-last-look",
        "a discovered node is looked at once more on the connection that changes it",
        "S9",
        "promotion/following.py",
        "    if found != known:\n",
        "    if False:\n",
        (f"{_FOLLOWING}::test_a_discovered_node_is_left_alone_if_it_is_not_what_was_seen",),
        style="",
    ),
    Mutation(
        "discovered-not-promoted",
        "what nobody configured is not promoted",
        "S9",
        "sentinel/coordination/nodebook.py",
        'return NOT_CONFIGURED if spec.discovered and not self._promote else ""',
        'return ""',
        (
            "tests/unit/sentinel/coordination/test_nodebook.py::test_what_is_discovered_may_be_promoted_only_if_that_is_said",
        ),
        style="any",
    ),
    Mutation(
        "discover-range",
        "a password goes to configured nodes, and to a configured range",
        "S9",
        "sentinel/coordination/newcomers.py",
        "            why = self._why_not(replica)\n",
        '            why = ""\n',
        (f"{_NEWCOMERS}::test_a_password_goes_nowhere_else_than_it_may",),
        style="",
    ),
    Mutation(
        "other-groups-node",
        "a node of another group is not taken in",
        "S9",
        "sentinel/coordination/newcomers.py",
        """\
        if group is not None:
            return f"it is a node of group {group}"
        why = self._rules""",
        "        why = self._rules",
        (f"{_NEWCOMERS}::test_a_node_of_another_group_is_not_taken_in",),
        style="",
    ),
    Mutation(
        "the-primarys-address-is-no-proof",
        "what answers at the primary's address is not the group's for that alone",
        "S9",
        "sentinel/coordination/relations.py",
        "        if name == primary and self._is_vouched_for(record):\n",
        "        if name == primary:\n",
        (
            "tests/unit/sentinel/coordination/test_kinship.py::"
            "test_what_has_taken_the_primarys_address_at_once_is_not_the_groups_for_having_it",
        ),
        style="",
    ),
    Mutation(
        "the-same-process-may-begin-a-history",
        "a primary that begins a new history by itself is still the group's",
        "S9",
        "sentinel/coordination/relations.py",
        "        if info.run_id == self._reigned and info.replid2 is None:\n",
        "        if info.run_id == self._reigned:\n",
        (
            "tests/unit/sentinel/coordination/test_kinship.py::"
            "test_a_primary_that_was_another_clusters_replica_meanwhile_is_not_the_groups_for_its_process",
        ),
        style="",
    ),
)
