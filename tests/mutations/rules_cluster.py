"""The rules of which cluster this is, and of which life of a group its state is."""

from __future__ import annotations

from tests.mutations.mutation import Mutation

_REGISTER = "tests/unit/quorum/test_cluster.py"
_PEERS = "tests/unit/sentinel/test_peer_cluster.py"

CLUSTER = (
    Mutation(
        "another-cluster",
        "two whose clusters have different ids refuse each other",
        "S3",
        "sentinel/peer_cluster.py",
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
        "quorum/journal.py",
        "self.state.entry.cluster_id or self.drawn",
        "self.drawn or self.state.entry.cluster_id",
        (
            f"{_REGISTER}::test_a_successor_goes_on_with_the_id_that_it_found",
            f"{_REGISTER}::test_an_entry_keeps_the_id_that_was_before_it",
        ),
        style="",
    ),
    Mutation(
        "id-on-disk-first",
        "the cluster's id is on disk before a peer is told it",
        "S2",
        "quorum/journal.py",
        "same_id = new.cluster_id == before.cluster_id",
        "same_id = True",
        (f"{_REGISTER}::test_it_is_on_disk_before_anybody_is_told",),
        style="",
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
        "sentinel/peer_auth.py",
        "for name in self.clusters or ())",
        "for name in ())",
        (f"{_PEERS}::test_what_is_named_is_part_of_the_proof",),
        style="",
    ),
    Mutation(
        "foreign-word",
        "nothing else counts of who is of another cluster, whenever that is found out",
        "S3",
        "sentinel/peer_cluster.py",
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
        "self.register.membership.elects(here)",
        "True",
        (f"{_REGISTER}::test_nobody_is_asked_to_elect_who_does_not_speak_of_it",),
        style="",
    ),
)
