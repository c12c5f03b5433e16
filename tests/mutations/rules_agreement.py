"""The rules of the agreement (``quorum``): votes, entries, leases."""

from __future__ import annotations

from tests.mutations.mutation import Mutation

_REGISTER = "tests/unit/quorum/raft/test_register.py"
_LEADER = "tests/unit/quorum/raft/test_register_leader.py"
_LEASE = "tests/unit/quorum/raft/test_lease.py"
_INTERACTION = "tests/unit/quorum/test_interaction.py"

AGREEMENT = (
    Mutation(
        "own-ballot",
        "a vote counts for the process that asked for it, and not for the next one of its sentinel",
        "S4",
        "quorum/raft/register.py",
        "        if not self._is_own(reply):\n            return\n",
        "",
        (
            f"{_REGISTER}::test_a_vote_counts_for_the_process_that_asked_for_it",
            "tests/simulation/test_forgotten.py"
            "::test_a_vote_for_a_candidacy_of_the_former_process_is_none_for_the_new_one",
        ),
        style="",
    ),
    Mutation(
        "no-ballot",
        "a vote that names no process counts where no former one can have stood",
        "S4",
        "quorum/raft/seat.py",
        "(not reply.ballot and self.state.term > self._stood_until)",
        "not reply.ballot",
        (f"{_REGISTER}::test_a_vote_counts_for_the_process_that_asked_for_it",),
        style="",
    ),
    Mutation(
        "persist-before-vote",
        "a vote is on disk before it is sent",
        "S2",
        "quorum/raft/register.py",
        """\
            self._journal.vote(sender, self._timing.promise_ms(request.hold_ms))
            self._voter.stick_to(sender, now, self.state.promised_ms)
            self._restart_campaign(now)
        elif request.entry_id < self.state.entry.id:
            # A majority has said that it would vote for it, else it would not ask.
            self._campaign.stand_back(now)
        promised_ms = 0 if why else self.state.promised_ms
        self._journal.send(sender, VoteReply(self.state.term, not why, why, promised_ms, request.ballot))
""",
        """\
            self._voter.stick_to(sender, now, self.state.promised_ms)
            self._restart_campaign(now)
        elif request.entry_id < self.state.entry.id:
            # A majority has said that it would vote for it, else it would not ask.
            self._campaign.stand_back(now)
        promised_ms = 0 if why else self.state.promised_ms
        self._journal.send(sender, VoteReply(self.state.term, not why, why, promised_ms, request.ballot))
        if not why:
            self._journal.vote(sender, self._timing.promise_ms(request.hold_ms))
""",
        (f"{_REGISTER}::test_a_vote_is_on_disk_before_anybody_hears_of_it",),
        style="gentle",
    ),
    Mutation(
        "stand-back",
        "who refuses a candidate for its older entry lets it try first",
        "L1",
        "quorum/raft/register.py",
        "            self._campaign.stand_back(now)\n",
        "            pass\n",
        (f"{_REGISTER}::test_who_refuses_a_candidate_for_its_older_entry_lets_it_try_first",),
        style="",
    ),
    Mutation(
        "vote-persisted",
        "a vote is on disk at all",
        "S1, S2",
        "quorum/raft/journal.py",
        "        self._persist(replace(self.state, voted_for=candidate, promised_ms=promised_ms))\n",
        "        self.state = replace(self.state, voted_for=candidate, promised_ms=promised_ms)\n",
        (f"{_REGISTER}::test_a_vote_is_on_disk_before_anybody_hears_of_it",),
        style="gentle",
    ),
    Mutation(
        "one-vote-a-term",
        "one vote a term",
        "S1",
        "quorum/raft/voter.py",
        "if request.term == state.term and state.voted_for not in (None, sender):",
        "if False:",
        (f"{_REGISTER}::test_it_votes_once_in_a_term_and_repeats_that_vote",),
    ),
    Mutation(
        "up-to-date",
        "no vote for a candidate whose entry is older",
        "S3",
        "quorum/raft/voter.py",
        "if request.entry_id < state.entry.id:",
        "if False:",
        (f"{_REGISTER}::test_a_candidate_whose_entry_is_older_gets_no_vote",),
    ),
    Mutation(
        "exact-term-votes",
        "a vote counts only for the candidacy of its term",
        "S1",
        "quorum/raft/register.py",
        "if self.role is not Role.CANDIDATE or (reply.granted and reply.term != self.state.term):",
        "if self.role is not Role.CANDIDATE:",
        (
            f"{_REGISTER}::test_a_vote_counts_for_exactly_the_term_that_it_was_given_in",
            f"{_REGISTER}::test_votes_for_an_earlier_candidacy_do_not_count_for_this_one",
        ),
    ),
    Mutation(
        "majority",
        "a majority of the configured members decides",
        "S1, S5",
        "quorum/votes.py",
        "return member_count // 2 + 1",
        "return max(1, member_count // 2)",
        ("tests/unit/quorum/test_votes.py",),
    ),
    Mutation(
        "own-term-commits",
        "only an entry of the leader's own term is committed by counting",
        "S3",
        "quorum/raft/register.py",
        "if entry.term != self.state.term or entry.id <= self.state.committed.id:",
        "if entry.id <= self.state.committed.id:",
        (
            f"{_LEADER}::test_what_an_earlier_term_left_is_neither_sent_nor_committed_until_proposed_anew",
            _INTERACTION,
        ),
        style="gentle",
    ),
    Mutation(
        "majority-stores",
        "an entry is committed once a majority has it on disk",
        "S3, S5",
        "quorum/raft/register.py",
        "if self._progress.majority_stores(entry.id):",
        "if True:",
        (f"{_LEADER}::test_less_than_a_majority_commits_nothing",),
    ),
    Mutation(
        "wins-in-time",
        "who wins when its votes are too old for a lease does not lead",
        "S1, S4",
        "quorum/raft/register.py",
        "            if now < self._progress.lease_until(now):\n                self._become_leader(now)",
        "            if True:\n                self._become_leader(now)",
        (f"{_LEADER}::test_votes_that_come_when_the_lease_by_them_is_over_make_no_leader",),
    ),
    Mutation(
        "store-before-acknowledging",
        "a follower acknowledges an entry only behind its write",
        "S2",
        "quorum/raft/register.py",
        """\
        if append.entry is not None and append.entry.id > self.state.entry.id:
            self._journal.store(append.entry)
        if append.committed_id == self.state.entry.id:
            self._journal.note_committed(self.state.entry)
        entry_id = self.state.entry.id
        self._journal.send(sender, AppendReply(self.state.term, append.round, entry_id, promised_ms))
""",
        """\
        stored = max(append.entry.id if append.entry else self.state.entry.id, self.state.entry.id)
        self._journal.send(sender, AppendReply(self.state.term, append.round, stored, promised_ms))
        if append.entry is not None and append.entry.id > self.state.entry.id:
            self._journal.store(append.entry)
        if append.committed_id == self.state.entry.id:
            self._journal.note_committed(self.state.entry)
""",
        (f"{_LEADER}::test_a_follower_stores_before_it_answers_and_learns_of_the_commit_later",),
    ),
    Mutation(
        "candidate-writes",
        "a candidate's own vote is on disk before it leads",
        "S1, S2",
        "quorum/raft/register.py",
        """\
        self._journal.write_own()
        self._count(now)
""",
        """\
        self._count(now)
""",
        (f"{_REGISTER}::test_an_election_from_the_first_question_to_the_first_heartbeat",),
        style="gentle",
    ),
    Mutation(
        "leader-writes",
        "a leader's own copy counts only once it is on disk",
        "S2, S3",
        "quorum/raft/register.py",
        """\
        self._journal.write_own()
        self._advance_commit(now)
""",
        """\
        self._advance_commit(now)
""",
        (
            f"{_LEADER}::test_an_entry_is_sent_while_it_is_written_and_is_on_a_majority_before_it_is_committed",
        ),
    ),
    Mutation(
        "topology-on-disk-before-told",
        "a committed topology is on disk before anybody is told",
        "S3",
        "quorum/raft/journal.py",
        """\
        self._write(lazy=same_id and new.topology == before.topology and new.directives == before.directives)
        self.emit(Committed(new))
""",
        """\
        self.emit(Committed(new))
        self._write(lazy=same_id and new.topology == before.topology and new.directives == before.directives)
""",
        (f"{_LEADER}::test_a_new_topology_is_on_disk_before_anybody_is_told_an_intent_need_not_be",),
    ),
    Mutation(
        "one-primary-a-term",
        "a term names one primary",
        "S3",
        "quorum/raft/invariants.py",
        "if before is None or new is None or new.term != before.term or new.primary == before.primary:",
        "if False:",
        (f"{_LEADER}::test_one_term_names_one_primary",),
    ),
    Mutation(
        "stickiness",
        "no vote against a leader that is heard",
        "S4",
        "quorum/raft/voter.py",
        "if now < self.stick_until and self._sticks_to != sender:",
        "if False:",
        (f"{_REGISTER}::test_it_refuses_anybody_while_it_hears_a_leader",),
    ),
    Mutation(
        "sticks-to-its-vote",
        "a voter sticks to whom it has just voted for",
        "S4",
        "quorum/raft/register.py",
        """\
            self._voter.stick_to(sender, now, self.state.promised_ms)
            self._restart_campaign(now)
""",
        """\
            self._restart_campaign(now)
""",
        (f"{_REGISTER}::test_it_sticks_to_whom_it_has_just_voted_for",),
    ),
    Mutation(
        "promise-in-force",
        "a voter sticks to its candidate for as long as it promised",
        "S4",
        "quorum/raft/voter.py",
        "now + self._timing.stick_s(promised_ms))",
        "now + self._timing.election_min_s)",
        ("tests/unit/quorum/raft/test_promises.py::test_a_voter_sticks_for_as_long_as_it_promised",),
    ),
    Mutation(
        "promise-survives",
        "a restarted sentinel waits for as long as its last promise lasted",
        "S4",
        "quorum/timing.py",
        "return max(self.election_max_s, self.stick_s(promised_ms))",
        "return self.election_max_s",
        ("tests/unit/quorum/raft/test_promises.py::test_a_promise_outlives_a_restart",),
    ),
    Mutation(
        "lease-of-the-promise",
        "the lease lasts no longer than what each voter has promised",
        "S4",
        "quorum/timing.py",
        "promised_s = promised_ms / 1000 or min(self.election_min_s, UNTOLD_S)",
        "promised_s = self.stick_s(promised_ms)",
        (
            "tests/unit/quorum/raft/test_promises.py"
            "::test_a_promise_without_a_number_counts_as_the_usual_one_or_as_ours_if_that_is_shorter",
        ),
    ),
    Mutation(
        "wait-after-restart",
        "no vote within an election timeout of a restart",
        "S4",
        "quorum/raft/voter.py",
        "if now < self.mute_until:",
        "if False:",
        (f"{_REGISTER}::test_a_restarted_sentinel_keeps_quiet_for_an_election_timeout",),
    ),
    Mutation(
        "pre-vote-loyalty",
        "no PreVote against a leader that is heard",
        "L1",
        "quorum/raft/register.py",
        """\
        why = self._loyalty(sender, now) or self._voter.refusal(sender, request, self.state)
        term = self.state.term if why else request.term
""",
        """\
        why = self._voter.refusal(sender, request, self.state)
        term = self.state.term if why else request.term
""",
        (f"{_REGISTER}::test_it_refuses_anybody_while_it_hears_a_leader", _INTERACTION),
    ),
    Mutation(
        "lease-ends-before-votes",
        "the lease is shorter than the election timeout",
        "S4",
        "quorum/raft/lease.py",
        "until = sent_at + min(lease_s, self._longest_s)",
        "until = sent_at + 2 * min(lease_s, self._longest_s)",
        ("tests/unit/quorum/raft/test_lease.py",),
    ),
    Mutation(
        "lease-of-a-majority",
        "the lease rests on answers of a majority",
        "S4",
        "quorum/raft/lease.py",
        "return times[needed - 1] if",
        "return times[0] if",
        ("tests/unit/quorum/raft/test_lease.py",),
    ),
    Mutation(
        "lease-from-the-sending",
        "the lease counts from the sending of what was answered",
        "S4",
        "quorum/raft/lease.py",
        "until = sent_at + min(lease_s, self._longest_s)",
        "until = max(self._sent_at.values()) + min(lease_s, self._longest_s)",
        (f"{_LEASE}::test_an_answer_grants_nothing_from_a_round_that_was_sent_after_what_it_answers",),
    ),
    Mutation(
        "leader-refuses-votes",
        "a leader with a valid lease votes for nobody",
        "S4",
        "quorum/raft/register.py",
        """\
        if self.lease_valid(now):
            return "leads with a valid lease"
""",
        "",
        (f"{_REGISTER}::test_a_leader_with_a_valid_lease_votes_for_nobody",),
    ),
)
