"""The rules about what is alive and yet not usable: refused writes, and a change because of them."""

from __future__ import annotations

from tests.mutations.mutation import Mutation

_USABILITY = "tests/unit/quorum/test_usability.py"
_RELIEF = "tests/unit/sentinel/test_relief.py"
_UNWRITABLE = "tests/unit/promotion/test_unwritable.py"
_MONITORS = "tests/unit/sentinel/test_preflight_other_monitors.py"
_TLS = "tests/unit/sentinel/test_tls_files.py"
_REFUSALS = "tests/unit/sentinel/test_node_refusals.py"

USABLE = (
    Mutation(
        "unwritable-quorum",
        "a primary that refuses writes is replaced only if a quorum has seen it",
        "S6",
        "quorum/opinions.py",
        "return 1 + others >= self._quorum\n\n    def next_expiry",
        "return True\n\n    def next_expiry",
        (f"{_RELIEF}::test_it_takes_a_quorum",),
    ),
    Mutation(
        "unwritable-patience",
        "a primary that refuses writes for a moment is not replaced",
        "S6",
        "quorum/usability.py",
        "return node.curable_since + self._after_s",
        "return node.curable_since",
        (f"{_USABILITY}::test_what_lasts_and_another_might_not_refuse_is_unwritable",),
    ),
    Mutation(
        "unwritable-curable",
        "nor is one for what another primary would have as well",
        "S6",
        "quorum/usability.py",
        "not any(each.kind in CURED_ELSEWHERE for each in node.by_source.values())",
        "False",
        (f"{_USABILITY}::test_what_another_primary_would_have_as_well_never_is",),
    ),
    Mutation(
        "unwritable-stall",
        "what lasted while a sentinel was stalled is not known to have lasted",
        "S6",
        "quorum/usability.py",
        "                node.curable_since = now\n\n    @property",
        "                pass\n\n    @property",
        (f"{_USABILITY}::test_patience_starts_anew_after_a_recovery_and_after_a_stall",),
    ),
    Mutation(
        "unwritable-no-better",
        "nobody is promoted who would refuse writes as well",
        "L1",
        "promotion/unwritable.py",
        "        return view.would_refuse\n",
        '        return ""\n',
        (f"{_UNWRITABLE}::test_nobody_who_would_refuse_as_well_is_taken",),
    ),
    Mutation(
        "unwritable-hands-over",
        "a successor undoes it as a switchover: the old primary's writes are resumed",
        "L1",
        "promotion/switching.py",
        "HANDED_OVER = frozenset({SWITCHOVER, UNWRITABLE})",
        "HANDED_OVER = frozenset({SWITCHOVER})",
        (f"{_UNWRITABLE}::test_a_successor_finishes_or_undoes_it_as_a_switchover",),
    ),
    Mutation(
        "unwritable-no-ping-pong",
        "each change because of refused writes makes the next wait longer",
        "L1",
        "sentinel/relief.py",
        "self._not_before = now + self._made.next_s()",
        "self._not_before = now",
        (f"{_RELIEF}::test_each_change_makes_the_next_wait_longer",),
    ),
    Mutation(
        "unwritable-backs-off",
        "one that came to nothing is not tried again at once",
        "L1",
        "sentinel/relief.py",
        "self._not_before = max(self._not_before, now + self._failed.next_s())",
        "pass",
        (f"{_RELIEF}::test_what_failed_is_not_tried_again_at_once_and_does_not_put_off_a_failover",),
    ),
    Mutation(
        "ranked-behind",
        "who would refuse writes as a primary ranks behind who would not",
        "L1",
        "promotion/candidates.py",
        "refuses = bool(view.would_refuse)",
        "refuses = False",
        (f"{_RELIEF}::test_the_ranking_prefers_who_would_take_writes",),
    ),
    Mutation(
        "ranked-behind-any-priority",
        "who would refuse writes as a primary ranks behind, whatever its priority",
        "L1",
        "promotion/candidates.py",
        "return (place, refuses, far, view.priority,",
        "return (place, far, view.priority, refuses,",
        (f"{_RELIEF}::test_no_priority_makes_up_for_refused_writes",),
        style="",
    ),
    Mutation(
        "refused-client-is-proof",
        "a client that was refused since the last look is proof",
        "L1",
        "sentinel/node_refusals.py",
        'and "OOM" not in grown',
        "",
        (f"{_REFUSALS}::test_a_client_that_was_refused_since_the_last_look_is_proof",),
    ),
    Mutation(
        "other-vedette",
        "another Vedette is told, also if its sentinels have the same names",
        "S6",
        "sentinel/preflight_other_monitors.py",
        "m.tag not in (None, facts.cluster_tag)",
        "False",
        (f"{_MONITORS}::test_another_vedette_is_told_also_if_its_sentinels_have_the_same_ids",),
    ),
    Mutation(
        "foreign-fence",
        "a fence above all that this cluster has come to is told",
        "S4",
        "sentinel/preflight_other_monitors.py",
        "if int(node.fence) > facts.newest_term:",
        "if False:",
        (f"{_MONITORS}::test_a_fence_above_all_that_this_cluster_has_come_to_is_anothers",),
    ),
    Mutation(
        "tls-renewed",
        "renewed certificates are used without a restart",
        "L1",
        "sentinel/tls_files.py",
        "if stamp == self._stamp:",
        "if True:",
        (f"{_TLS}::test_what_changed_is_used_from_then_on_and_half_of_it_is_not",),
    ),
    Mutation(
        "long-scripts-told",
        "scripts that would be taken for a hang are told by the preflight",
        "L1",
        "sentinel/preflight_rules.py",
        "    long_scripts,\n    _replication_password,\n",
        "    _replication_password,\n",
        (
            "tests/unit/sentinel/test_preflight_scripts.py::"
            "test_a_long_script_before_which_redis_would_not_say_that_it_is_busy_is_told",
        ),
        style="",
    ),
    Mutation(
        "another-program-is-no-life",
        "what no Redis server says is no word of the node",
        "L1",
        "sentinel/redis_evidence.py",
        "kind = EvidenceKind.UNREACHABLE if _is_no_redis(str(error)) else EvidenceKind.MISCONFIGURED",
        "kind = EvidenceKind.MISCONFIGURED",
        ("tests/unit/sentinel/test_redis_evidence.py",),
        style="",
    ),
)
