"""The rules of detection: when a node counts as down, and when not."""

from __future__ import annotations

from tests.mutations.mutation import Mutation

_MEMBER = "tests/unit/quorum/test_member.py"
_DETECTOR = "tests/unit/quorum/test_detector.py"
_CHANGE = (
    "tests/unit/quorum/test_change_of_primary.py::"
    "test_an_old_primary_seen_as_a_replica_before_it_hears_of_the_change_is_not_down_after_it"
)
_OPINIONS = "tests/unit/quorum/test_opinions.py"

DETECTION = (
    Mutation(
        "quorum",
        "objectively down takes a quorum",
        "S6",
        "quorum/opinions.py",
        "return own is not None and own.down and 1 + sum(1 for _ in self._others(node, now)) >= self._quorum",
        "return own is not None and own.down",
        (f"{_OPINIONS}::test_a_quorum_must_agree_and_counts_this_sentinel_too",),
        style="harmless",
    ),
    Mutation(
        "own-opinion",
        "who calls a node objectively down has found it down itself",
        "S6",
        "quorum/opinions.py",
        "return own is not None and own.down and 1 + sum(1 for _ in self._others(node, now)) >= self._quorum",
        "return len(self.down(node, now)) >= self._quorum",
        (f"{_MEMBER}::test_the_others_alone_do_not",),
        style="harmless",
    ),
    Mutation(
        "fresh-opinions",
        "only fresh opinions count",
        "S6",
        "quorum/opinions.py",
        "if opinion is not None and opinion.down and now < report.heard_at + self._lasts_s:",
        "if opinion is not None and opinion.down:",
        (f"{_MEMBER}::test_nor_does_an_opinion_that_has_gone_stale",),
    ),
    Mutation(
        "out-of-touch",
        "who is out of touch does not count",
        "S6",
        "quorum/member.py",
        """\
            case PeerGone(peer):
                self.board.forget(peer)
""",
        """\
            case PeerGone():
                pass
""",
        (f"{_MEMBER}::test_a_peer_out_of_touch_no_longer_counts",),
    ),
    Mutation(
        "misconfigured-is-up",
        "a node that refuses our key is not down",
        "S6",
        "quorum/detector.py",
        """\
                self._alive(now)
                self.misconfigured = self._detail
""",
        """\
                pass
""",
        (_DETECTOR,),
        style="harmless",
    ),
    Mutation(
        "misconfigured-stays-up",
        "a node that refuses our key is not judged by the role that it had before",
        "S6",
        "quorum/detector.py",
        """\
        if self.misconfigured is not None:
            return
""",
        "",
        (_DETECTOR,),
        style="harmless",
    ),
    Mutation(
        "stall-distrusts-nodes",
        "what a stalled sentinel did not see proves nothing",
        "S6",
        "quorum/member.py",
        """\
        for node, detector in self._detectors.items():
            detector.distrust(now, was_down=self.board.own_of(node).down)
        self.board.forget_all()
""",
        """\
        self.board.forget_all()
""",
        (f"{_MEMBER}::test_a_stalled_sentinel_starts_no_election_on_what_it_did_not_see",),
        style="harmless",
    ),
    Mutation(
        "stall-distrusts-peers",
        "what peers said before a stall proves nothing after it",
        "S6",
        "quorum/member.py",
        "        self.board.forget_all()\n",
        "",
        (f"{_MEMBER}::test_a_stall_makes_what_the_peers_said_worthless",),
        style="harmless",
    ),
    Mutation(
        "stall-listens-first",
        "a stalled sentinel listens before it stands",
        "S4",
        "quorum/raft/raft.py",
        "            case Distrust():\n                register.distrust(now)\n",
        "",
        (f"{_MEMBER}::test_a_stalled_sentinel_listens_for_a_leader_before_it_stands_for_other_work",),
    ),
    Mutation(
        "role-before-a-change",
        "a role seen before a change of primary does not count after it",
        "S6",
        "quorum/detector.py",
        "        self.saw_role(True, now)\n",
        "",
        (_CHANGE,),
        style="harmless",
    ),
    Mutation(
        "regression",
        "a primary that restarted without its data is down",
        "S7",
        "quorum/member.py",
        "            detector.saw_regression(fallen, now)",
        "            detector.saw_regression(None, now)",
        (f"{_MEMBER}::test_a_wiped_primary_is_down_at_once",),
        style="durable",
    ),
    Mutation(
        "started-empty",
        "clients that fill a wiped primary again do not hide it",
        "S7",
        "quorum/regression.py",
        "if now.started_empty and not replica.replids & now.replids:",
        "if False:",
        (f"{_MEMBER}::test_a_primary_that_clients_filled_again_is_wiped_still",),
        style="durable",
    ),
    Mutation(
        "witnesses",
        "no failover while a replica still hears from the primary",
        "S6",
        "promotion/work.py",
        "            if witnesses:\n",
        "            if False:\n",
        (
            "tests/unit/promotion/test_work.py::"
            "test_it_holds_while_a_replica_hears_the_primary_and_goes_on_when_it_does_not",
        ),
        style="harmless",
    ),
)
