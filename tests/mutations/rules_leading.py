"""Who leads, for how long, and in which term: promises as numbers, terms that do not jump, no idle leader."""

from __future__ import annotations

from tests.mutations.mutation import Mutation

_OWN_REACH = "tests/unit/sentinel/test_own_reach.py"
_PROMISES = "tests/unit/quorum/test_promises.py"
_REGISTER = "tests/unit/quorum/test_register.py"
_LEADER = "tests/unit/quorum/test_register_leader.py"
_PROPERTIES = "tests/simulation/test_quorum_properties.py"

LEADING = (
    Mutation(
        "own-reach-anew",
        "who could promote a node finds out anew once it cannot use that node",
        "L1",
        "sentinel/own_reach.py",
        "        return not self._unusable(node, now)\n",
        "        return True\n",
        (f"{_OWN_REACH}::test_all_nodes_are_ranked_anew_only_once_the_one_found_cannot_be_used",),
        style="",
    ),
    Mutation(
        "promise-of-a-follower",
        "what is promised to a leader is on disk, also by who did not vote for it",
        "S4",
        "quorum/register.py",
        "        self._journal.promise(promised_ms)\n",
        "",
        (
            f"{_PROMISES}::test_what_it_promises_to_a_leader_is_on_disk_before_it_is_said",
            f"{_PROPERTIES}::test_who_is_restarted_with_shorter_times_keeps_what_it_promised_before",
        ),
        style="",
    ),
    Mutation(
        "promise-asked-for",
        "a candidate asks for a number, so that every voter promises one",
        "S4",
        "quorum/timing.py",
        "return round(max(self.election_min_s, min(crowd * self.crowd_hold_s, self.hold_max_s)) * 1000)",
        "return round(min(crowd * self.crowd_hold_s, self.hold_max_s) * 1000)",
        (f"{_PROMISES}::test_a_crowd_asks_for_longer_promises_up_to_a_limit",),
        style="",
    ),
    Mutation(
        "pace-of-the-promise",
        "a leader is heard from before the shortest promise of its voters ends",
        "L1",
        "quorum/progress.py",
        "        self._pace_s = min(self._pace_s, self._timing.pace_s(promised_ms))\n",
        "",
        (f"{_PROMISES}::test_a_leader_is_heard_from_before_the_shortest_promise_of_its_voters_ends",),
        style="",
    ),
    Mutation(
        "refusal-is-no-answer",
        "who refuses a late heartbeat of an older term grants nothing to the leader of the new one",
        "S4",
        "quorum/register.py",
        "AppendReply(self.state.term, NO_ROUND, self.state.entry.id)",
        "AppendReply(self.state.term, append.round, self.state.entry.id)",
        (f"{_LEADER}::test_a_follower_ignores_what_comes_late",),
        style="gentle",
    ),
    Mutation(
        "rounds-of-one-candidacy",
        "no two candidacies have a round in common",
        "S4",
        "quorum/register.py",
        "round_ = self._progress.round + 1",
        "round_ = 0",
        (f"{_LEADER}::test_no_two_candidacies_have_a_round_in_common",),
        style="gentle",
    ),
    Mutation(
        "lapsed-lease",
        "a lease that has run out is not renewed",
        "L1",
        "quorum/register.py",
        "        self._lapse(now)\n        match message:\n",
        "        match message:\n",
        (f"{_LEADER}::test_a_lease_that_has_run_out_is_not_renewed_by_a_late_acknowledgement",),
        style="",
    ),
    Mutation(
        "late-votes",
        "nobody leads whose votes came too late to act on them",
        "L1",
        "quorum/register.py",
        "if now < self._progress.lease_until(now):",
        "if True:",
        (f"{_LEADER}::test_who_is_elected_too_late_to_act_does_not_lead",),
        style="",
    ),
    Mutation(
        "no-idle-leader",
        "whoever leads has work, or stops leading in the same step",
        "L1",
        "sentinel/coordinator.py",
        "if self.member.register.role is Role.LEADER and not self.leads_for_something:",
        "if False:",
        (
            "tests/unit/sentinel/test_lease_check.py"
            "::test_whose_lease_ran_out_between_two_steps_does_not_lead_on_without_work",
        ),
    ),
    Mutation(
        "absurd-peer",
        "a peer that is 2^32 terms ahead is not followed",
        "L1",
        "quorum/register.py",
        '        self.check_term(sender, getattr(message, "term", 0))\n',
        "",
        (f"{_REGISTER}::test_a_peer_in_a_term_that_nobody_counted_to_is_refused_by_name",),
        style="any",
    ),
    Mutation(
        "absurd-commit",
        "nor is what it says to be committed",
        "L1",
        "quorum/register.py",
        "        self._believed.check(sender, entry.term, self.state.term)\n",
        "",
        (f"{_REGISTER}::test_an_absurd_commit_is_not_learnt",),
        style="",
    ),
    Mutation(
        "a-majority-ahead",
        "what a majority shows is believed, however far ahead it is",
        "L1",
        "quorum/terms.py",
        "if len(shown) < self._needed or is_absurd(term, shown[self._needed - 1]):",
        "if True:",
        (f"{_REGISTER}::test_what_a_majority_has_come_to_is_believed_however_far_it_is",),
        style="",
    ),
    Mutation(
        "absurd-fence",
        "a fence that is 2^32 terms ahead counts as missing",
        "L1",
        "promotion/talk.py",
        "        if is_absurd(found, self.term):\n",
        "        if False:\n",
        (
            "tests/unit/promotion/test_steps.py"
            "::test_a_fence_that_no_leader_can_have_written_counts_as_missing_and_is_told",
        ),
        style="any",
    ),
    Mutation(
        "end-of-terms",
        "nobody stands in a term that cannot be told",
        "L1",
        "quorum/register.py",
        "if self.state.term < MAX_TERM:",
        "if True:",
        (f"{_REGISTER}::test_nobody_stands_in_a_term_that_cannot_be_told",),
        style="",
    ),
    Mutation(
        "order-of-lowered-terms",
        "terms are lowered only where that changes no order",
        "S1, S3",
        "sentinel/lowered_terms.py",
        "if LOWEST <= term < by + LOWEST:",
        "if False:",
        ("tests/unit/sentinel/test_lowered_terms.py::test_what_would_come_below_former_terms_is_refused",),
        style="",
    ),
    Mutation(
        "gave-up-goes-last",
        "whoever gave up goes last",
        "L1",
        "quorum/standing.py",
        "        ahead = sum(self._key(member, now) < mine for member in self._rank)\n",
        "        ahead = mine[1]\n",
        (
            "tests/unit/quorum/test_standing.py"
            "::test_whoever_gave_up_goes_last_and_who_did_so_last_behind_the_others",
        ),
        style="lasting",
    ),
    Mutation(
        "stands-back",
        "whoever could promote nobody lets the others stand first",
        "L1",
        "quorum/standing.py",
        "return ahead + (len(self._rank) if self.able_peers() and self.why_not(now) else 0)",
        "return ahead",
        (
            "tests/unit/quorum/test_standing.py::test_whoever_could_promote_nobody_stands_behind_all_that_might",
        ),
        style="",
    ),
    Mutation(
        "others-try-soon",
        "a failure of one leader does not put off those that may do better",
        "L1",
        "quorum/campaign.py",
        "if resign.reason and not own and self._standing.may_try(now):",
        "if False:",
        (
            "tests/unit/quorum/test_standing.py"
            "::test_a_failure_of_another_puts_off_only_who_has_failed_as_well_or_would",
        ),
        style="",
    ),
    Mutation(
        "votes-are-no-refusals",
        "a vote that waits to be sent is not given up for a refusal",
        "L1",
        "sentinel/superseded.py",
        "            return message.kind, granted\n",
        "            return message.kind\n",
        (
            "tests/unit/sentinel/test_superseded.py"
            "::test_a_vote_gives_way_to_a_vote_of_its_term_or_a_later_one_alone",
        ),
        style="",
    ),
)
