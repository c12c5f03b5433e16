"""The rules of which cluster this is, and of which life of a group its state is."""

from __future__ import annotations

from tests.mutations.mutation import Mutation

_REGISTER = "tests/unit/quorum/test_cluster.py"
_REMOVED = "tests/simulation/test_removed_group.py"
_RETIRED = "tests/unit/quorum/raft/test_recovery.py"
_KEPT = "tests/unit/sentinel/state/test_retired_groups.py"
_PEERS = "tests/unit/sentinel/peers/test_peer_cluster.py"

CLUSTER = (
    Mutation(
        "another-cluster",
        "two whose clusters have different ids refuse each other",
        "S3",
        "sentinel/peers/cluster.py",
        "return bool(own and theirs and own != theirs)",
        "return False",
        (
            "tests/simulation/test_another_cluster.py::"
            "test_a_sentinel_of_the_former_cluster_does_not_undo_what_the_next_one_agreed_on",
            f"{_PEERS}::test_two_ids_that_differ_are_two_clusters",
        ),
        style="",
    ),
    Mutation(
        "one-id-for-good",
        "a leader goes on with the id that it found",
        "S3",
        "quorum/raft/journal.py",
        "self.state.entry.cluster_id or self.drawn",
        "self.drawn or self.state.entry.cluster_id",
        (
            f"{_REGISTER}::test_a_successor_goes_on_with_the_id_that_it_found",
            f"{_REGISTER}::test_an_entry_keeps_the_id_that_was_before_it",
        ),
        style="gentle",
    ),
    Mutation(
        "id-on-disk-first",
        "the cluster's id is on disk before a peer is told it",
        "S2",
        "quorum/raft/journal.py",
        "same_id = new.cluster_id == before.cluster_id",
        "same_id = True",
        (f"{_REGISTER}::test_it_is_on_disk_before_anybody_is_told",),
        style="gentle",
    ),
    Mutation(
        "no-foreign-commit",
        "what another cluster has agreed on is not learnt",
        "S3",
        "quorum/cluster.py",
        "if self.cluster_id and theirs and theirs != self.cluster_id:",
        "if False:",
        (f"{_REGISTER}::test_what_is_agreed_on_elsewhere_is_not_learnt",),
        style="",
    ),
    Mutation(
        "cluster-in-proofs",
        "what a peer names as its cluster is part of its proof",
        "S3",
        "sentinel/peers/auth.py",
        "for name in self.clusters or ())",
        "for name in ())",
        (f"{_PEERS}::test_what_is_named_is_part_of_the_proof",),
        style="",
    ),
    Mutation(
        "foreign-word",
        "nothing else counts of who is of another cluster, whenever that is found out",
        "S3",
        "sentinel/peers/cluster.py",
        "        if self.is_foreign(peer):\n            raise",
        "        if False:\n            raise",
        (f"{_PEERS}::test_a_foreign_peer_is_refused_with_both_ids_until_it_names_another",),
        style="",
    ),
    Mutation(
        "elect-where-spoken-of",
        "nobody is asked to elect in a register that it does not know",
        "L1",
        "quorum/cluster.py",
        "self.view.membership.elects(here)",
        "True",
        (f"{_REGISTER}::test_nobody_is_asked_to_elect_who_does_not_speak_of_it",),
        style="",
    ),
    Mutation(
        "removed-group-set-aside",
        "what was agreed on in a group that a sentinel is started without is set aside",
        "S3",
        "quorum/messages.py",
        "return replace(self, entry=GENESIS, committed=GENESIS, retired=True)",
        "return self",
        (
            f"{_REMOVED}::test_a_group_that_all_have_been_without_is_founded_anew_above_its_former_terms",
            f"{_KEPT}::test_what_was_agreed_on_is_set_aside_and_what_was_promised_is_kept",
        ),
        style="",
    ),
    Mutation(
        "removed-group-keeps-terms",
        "a group that is founded anew by a former name begins above its former terms",
        "S3",
        "quorum/messages.py",
        "return replace(self, entry=GENESIS, committed=GENESIS, retired=True)",
        "return HardState(retired=True)",
        (
            f"{_REMOVED}::test_a_group_that_all_have_been_without_is_founded_anew_above_its_former_terms",
            f"{_KEPT}::test_what_was_agreed_on_is_set_aside_and_what_was_promised_is_kept",
        ),
        style="",
    ),
    Mutation(
        "retired-listens",
        "who was started without a group listens in it, though its state is the one that it wrote last",
        "S3",
        "quorum/raft/recovery.py",
        "if state.retired and self._others:",
        "if False:",
        (
            f"{_RETIRED}::test_a_retired_state_is_vouched_for_by_nobody_and_says_so",
            f"{_REMOVED}::test_one_that_was_without_it_by_mistake_is_told_and_nothing_is_undone",
        ),
        style="",
    ),
    Mutation(
        "retired-until-told",
        "who was started without a group takes no single word for what is agreed on in it",
        "S3",
        "quorum/raft/attendance.py",
        "if not self.recovery.is_retired:",
        "if True:",
        (
            f"{_RETIRED}::test_what_one_peer_says_is_committed_does_not_bring_back_a_retired_group",
            f"{_REMOVED}::test_where_two_of_three_were_without_it_they_wait_until_the_third_has_been_too",
        ),
        style="",
    ),
    Mutation(
        "retired-promises",
        "who has kept a term of a group founds it anew only once what it may have promised is over",
        "S1",
        "quorum/raft/recovery.py",
        "any([state.term, *(word.term for word in words.values())])",
        "any(word.term for word in words.values())",
        (f"{_RETIRED}::test_who_has_kept_a_term_begins_anew_only_once_what_it_may_have_promised_is_over",),
        style="",
    ),
    Mutation(
        "retired-no-more",
        "who has been told takes part in the group again, also after a restart",
        "L1",
        "quorum/raft/seat.py",
        "membership=told.membership, retired=False)",
        "membership=told.membership)",
        (f"{_REMOVED}::test_one_that_was_without_it_by_mistake_is_told_and_nothing_is_undone",),
        style="",
    ),
    Mutation(
        "retired-former-members",
        "a group is founded anew without those that are no members any more",
        "L1",
        "quorum/raft/recovery.py",
        " or self._all_anew())",
        ")",
        (f"{_REMOVED}::test_one_of_those_that_left_a_set_of_members_meanwhile_is_not_waited_for",),
        style="",
    ),
    Mutation(
        "retired-members",
        "members that were changed by several while nobody had the group are taken as they are",
        "L1",
        "quorum/raft/recovery.py",
        "        if not state.retired:\n            raise\n",
        "        raise\n",
        (
            f"{_RETIRED}::test_a_retired_group_takes_the_members_that_are_configured_by_now",
            f"{_REMOVED}::test_members_that_were_changed_by_several_meanwhile_are_taken_as_they_are",
        ),
        style="",
    ),
    Mutation(
        "retired-alone",
        "a group that waits to be told casts no doubt on what is on disk of the others",
        "L1",
        "sentinel/group/participation.py",
        "any(voting.why_not and not voting.is_retired for voting in votes)",
        "any(voting.why_not for voting in votes)",
        (f"{_KEPT}::test_one_retired_group_casts_no_doubt_on_the_others",),
        style="",
    ),
    Mutation(
        "retired-advice",
        "for a group that some were started without no directory is said to be set aside",
        "L1",
        "quorum/raft/recovery.py",
        "        if self.is_retired:\n            have",
        "        if False:\n            have",
        (
            f"{_RETIRED}::"
            "test_where_too_few_are_left_to_tell_of_a_retired_group_no_directory_is_to_be_set_aside",
        ),
        style="",
    ),
)
