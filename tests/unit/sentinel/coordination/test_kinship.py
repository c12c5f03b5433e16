"""A server has to be the group's own before anything is changed at it: what proves it, and what does not."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from promotion.withheld import HOLD_S
from sentinel.coordination.node_info import Attached, NodeInfo
from sentinel.coordination.node_spec import NodeSpec
from sentinel.coordination.nodebook import NodeBook
from sentinel.coordination.relations import GRACE_S, Relations
from tests.unit.sentinel.coordinator_cases import A, B, info

D = "10.0.0.9:6379"
STRANGER = Attached("10.0.0.77", 6379, "online", 0, 0)
ITS_OWN = Attached("10.0.0.9", 6379, "online", 0, 0)
FOREIGN: dict[str, str] = {"replid": "f1", "run_id": "other"}


@dataclass
class Group:
    """A is the primary of history h1, B its replica, and D was discovered."""

    book: NodeBook = field(
        default_factory=lambda: NodeBook(
            [
                NodeSpec(A, "redis-a", 6379),
                NodeSpec(B, "redis-b", 6379),
                NodeSpec(D, "10.0.0.9", 6379, discovered=True),
            ],
            discover=True,
        )
    )

    def __post_init__(self) -> None:
        self.primary = A
        self.now = 0.0
        self.relations = Relations(self.book)
        self.says(A, info(A, "master", attached=(ITS_OWN,)))
        self.says(B, info(B))

    def says(self, name: str, said: NodeInfo) -> None:
        self.book.update(name, said, None, self.now)
        self.relations.seen(name, self.primary)

    def fails_over(self) -> None:
        """B is promoted, and A gone."""
        self.primary = B
        self.relations.kinship.led({A, B})
        self.says(B, info(B, "master", attached=(), replid="h2", replid2="h1", second_offset=101))

    def why(self, name: str) -> str:
        """What every plan sees once a node was looked at for a while."""
        said = self.book[name].info
        assert said is not None
        self.now += GRACE_S
        self.says(name, said)
        assert self.relations.why_foreign(name) == self.book.hands_off(name)
        return self.book.hands_off(name)


def elsewhere(host: str = "10.0.0.50", **changes: object) -> NodeInfo:
    """D, as a replica of somebody else."""
    return replace(info(D), master_host=host, **changes)  # type: ignore[arg-type]


def by_hand(**changes: object) -> NodeInfo:
    """D, as a master that was a replica of A."""
    said = info(D, "master", attached=(), replid="d1", replid2="h1", second_offset=101)
    return replace(said, **changes)  # type: ignore[arg-type]


def test_a_replica_of_the_group_is_the_groups() -> None:
    group = Group()
    group.says(D, info(D))
    assert group.why(D) == ""
    group.fails_over()
    assert group.why(D) == "", "it follows the old primary, and waits to be re-pointed"


def test_another_clusters_primary_at_its_address_is_not() -> None:
    group = Group()
    group.says(D, info(D))
    group.says(D, info(D, "master", attached=(), **FOREIGN))
    assert group.why(D) == "its replication history (f1...) is none of the group's"


def test_another_clusters_replica_at_its_address_is_not() -> None:
    group = Group()
    group.says(D, info(D))
    group.says(D, elsewhere(**FOREIGN))
    assert "history" in group.why(D)


def test_a_replica_that_was_made_to_follow_somebody_else_is_not_even_before_it_has_their_data() -> None:
    group = Group()
    group.says(D, info(D))
    group.says(D, elsewhere(link_up=False))
    assert group.why(D) == "it was made to follow 10.0.0.50:6379, which is none of the group's nodes"


def test_one_that_still_follows_an_address_that_was_the_primarys_is() -> None:
    """The name of the primary stands for another address by now."""
    group = Group()
    group.book.update(A, group.book[A].info or info(A), "10.0.0.1", 0.0)
    group.says(D, info(D, master_host="10.0.0.1"))
    group.book.update(A, info(A, "master", attached=()), "10.0.0.2", 0.0)
    assert group.book.name_of("10.0.0.1", 6379) not in group.book
    assert group.why(D) == ""


def test_one_that_was_detached_by_hand_is_not_however_much_history_it_shares() -> None:
    group = Group()
    group.says(D, info(D))
    group.says(D, by_hand())
    assert group.why(D) == "somebody made it a master (REPLICAOF NO ONE)"


def test_nor_is_a_master_that_nobody_saw_as_a_replica() -> None:
    group = Group()
    group.says(D, by_hand())
    assert group.why(D) == "it is a master, and was not seen as a replica of the group"


def test_nor_is_one_that_was_started_as_a_master_with_the_groups_data() -> None:
    """It may as well be somebody's who began with a copy of a backup."""
    group = Group()
    group.says(D, info(D))
    group.says(D, by_hand(run_id="restarted", master_offset_bytes=100))
    assert group.why(D) == "it was started as a master, and no leader of the group promoted it"


def test_one_that_a_leader_promoted_is() -> None:
    group = Group()
    group.says(D, info(D))
    group.relations.kinship.led({D})
    group.says(D, by_hand())
    assert group.why(D) == ""


def test_not_so_the_server_that_has_its_address_now() -> None:
    group = Group()
    group.says(D, info(D))
    group.relations.kinship.led({D})
    group.says(D, info(D, "master", attached=(), **FOREIGN))
    assert "history" in group.why(D)


def test_configured_is_proof_enough() -> None:
    group = Group()
    group.says(B, info(B, "master", attached=(), **FOREIGN))
    assert group.why(B) == ""


def test_but_not_before_its_replicas_could_have_found_it() -> None:
    """Another cluster's primary has got its address, and is seen before any of its replicas is."""
    group = Group()
    theirs = info(B, "master", attached=(), **FOREIGN)
    group.says(B, theirs)
    assert "may be somebody else's" in group.book.hands_off(B)
    group.now += GRACE_S - 0.1
    group.says(B, replace(theirs, attached=(STRANGER,)))
    assert "10.0.0.77:6379" in group.why(B)


@pytest.mark.parametrize("changes", [{"keys": 0}, {"replid2": "h1"}])
def test_one_without_data_or_with_the_groups_is_not_waited_for(changes: dict[str, object]) -> None:
    group = Group()
    came_back = replace(info(B, "master", attached=(), **FOREIGN), **changes)  # type: ignore[arg-type]
    group.says(B, came_back)
    assert group.book.hands_off(B) == ""


def test_unless_it_has_replicas_that_are_none_of_the_groups() -> None:
    group = Group()
    group.says(B, info(B, "master", attached=(STRANGER,), **FOREIGN))
    assert group.why(B) == "it has replicas that are none of the group's: 10.0.0.77:6379"


def test_an_address_that_was_the_groups_is_no_proof_of_what_is_there_now() -> None:
    """Another cluster has got the addresses of a configured node and of a discovered one."""
    group = Group()
    group.says(D, info(D))
    group.says(B, info(B, "master", attached=(ITS_OWN,), **FOREIGN))
    group.says(D, elsewhere(host="redis-b", replid="f1", run_id="another"))
    assert group.why(B) == "it has replicas that are none of the group's: 10.0.0.9:6379"
    assert "history" in group.why(D)


@pytest.mark.parametrize("replid", ["h1", "wiped"])
def test_an_old_primary_is_the_groups_with_all_that_were_attached_to_it(replid: str) -> None:
    """Also with replicas that nobody watches, and if its process lost its data meanwhile."""
    group = Group()
    group.says(D, info(D))
    group.says(A, info(A, "master", attached=(ITS_OWN, STRANGER)))
    group.fails_over()
    group.says(A, info(A, "master", attached=(ITS_OWN, STRANGER), replid=replid))
    assert group.why(A) == ""


THEIRS = info(A, "master", attached=(STRANGER,), keys=1000, **FOREIGN)
"""Of another cluster's primary, which was started at A's address the moment A was gone."""


def test_what_has_taken_the_primarys_address_at_once_is_not_the_groups_for_having_it() -> None:
    group = Group()
    group.says(A, THEIRS)
    group.now += GRACE_S
    group.says(A, THEIRS)
    assert group.book.hands_off(A) == "", "whoever reigns is judged by its data, and failed over for it"
    group.fails_over()
    assert group.why(A) == "it has replicas that are none of the group's: 10.0.0.77:6379"


def test_a_primary_that_comes_back_in_a_new_history_is_once_a_node_of_the_group_follows_it() -> None:
    """Restarted with an append-only file, which keeps no history; with a replica that nobody watches."""
    group = Group()
    group.says(B, info(B, replid="f1"))
    group.says(A, THEIRS)
    group.fails_over()
    assert group.why(A) == ""


def test_one_whom_nobody_else_follows_is_after_a_moment() -> None:
    group = Group()
    anew = info(A, "master", attached=(), **FOREIGN)
    group.says(A, anew)
    group.now += GRACE_S
    group.says(A, anew)
    group.fails_over()
    group.says(A, replace(anew, attached=(STRANGER,)))
    assert group.book.hands_off(A) == ""


def test_a_lone_primary_begins_a_history_at_its_first_replica_and_that_replica_is_the_groups() -> None:
    group = Group()
    group.says(A, info(A, "master", attached=(STRANGER,), replid="anew"))
    found = NodeSpec("10.0.0.77:6379", STRANGER.ip, STRANGER.port, discovered=True)
    group.book.add(found)
    group.says(found.name, info(found.name, replid="anew"))
    assert group.why(found.name) == ""


def test_a_primary_that_was_another_clusters_replica_meanwhile_is_not_the_groups_for_its_process() -> None:
    group = Group()
    group.says(A, info(A, "master", attached=(STRANGER,), replid="anew", replid2="f1", second_offset=101))
    group.fails_over()
    assert group.why(A) == "it has replicas that are none of the group's: 10.0.0.77:6379"


def test_of_an_old_primary_those_count_too_that_came_while_nobody_looked() -> None:
    group = Group()
    group.fails_over()
    group.says(A, info(A, "master", attached=(STRANGER,)))
    assert group.why(A) == "", "they have its history, which is the group's"


def test_a_replica_with_replicas_of_its_own_keeps_them() -> None:
    group = Group()
    group.says(B, info(B, attached=(STRANGER,)))
    assert group.why(B) == ""
    group.says(B, info(B, "master", attached=(STRANGER,), replid="b1", replid2="h1", second_offset=101))
    assert group.why(B) == ""


def test_before_the_primary_has_spoken_nobody_is_judged() -> None:
    book = NodeBook([NodeSpec(A, "redis-a", 6379), NodeSpec(B, "redis-b", 6379)], discover=True)
    relations = Relations(book)
    book.update(B, info(B, "master", attached=(STRANGER,), **FOREIGN), None, 0.0)
    relations.seen(B, A)
    assert book.hands_off(B) == "" and book.hands_off(A) == ""


def test_what_came_back_with_unknown_data_is_undecided_for_a_moment_and_then_it_is_not() -> None:
    group = Group()
    alone = replace(THEIRS, attached=())
    group.says(A, alone)
    group.fails_over()
    assert group.book.undecided(A) and group.book.hands_off(A)
    assert group.why(A) == "" and not group.book.undecided(A)


def test_whoever_is_known_to_be_somebody_elses_is_not_undecided() -> None:
    group = Group()
    group.says(A, THEIRS)
    group.fails_over()
    assert group.book.hands_off(A) and not group.book.undecided(A)


def test_the_writes_of_one_that_is_undecided_are_held_until_after_it_is_known() -> None:
    assert HOLD_S > GRACE_S
