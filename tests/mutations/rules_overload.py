"""What a sentinel does first when it has more to do than time for it, and what it believes meanwhile."""

from __future__ import annotations

from tests.mutations.mutation import Mutation

_TURNS = "tests/unit/sentinel/group/test_turns.py"
_REPEATED = "tests/unit/quorum/test_repeated_reports.py"
_LATE_WORDS = "tests/unit/sentinel/coordination/test_late_words.py"
_ADMISSION = "tests/unit/sentinel/group/test_admission.py"

OVERLOAD = (
    Mutation(
        "turns-are-short",
        "nodes are read in turn, and what elects in each turn of the loop",
        "L1",
        "sentinel/process/event_loop.py",
        "        self._left = {fd: self._left.get(fd, before) for fd in line[A_TURN:]}\n",
        "        self._left = {}\n",
        (f"{_TURNS}::test_who_can_wait_is_read_in_turn_and_all_others_in_each",),
        style="",
    ),
    Mutation(
        "turns-come-round",
        "whoever has waited longest to be read is read first, so that none waits for ever",
        "L1",
        "sentinel/process/event_loop.py",
        "        line = [*(fd for fd in self._left if fd in waiting), "
        "*(fd for fd in waiting if fd not in self._left)]\n",
        "        line = sorted(waiting)\n",
        (f"{_TURNS}::test_who_can_wait_is_read_in_turn_and_all_others_in_each",),
        style="",
    ),
    Mutation(
        "unread-proves-nothing",
        "what waits to be read proves no silence",
        "S6",
        "sentinel/process/event_loop.py",
        "        return min(self._left.values(), default=self.looked_at)\n",
        "        return self.looked_at\n",
        (f"{_TURNS}::test_what_waits_to_be_read_proves_no_silence",),
        style="",
    ),
    Mutation(
        "leaders-reading-first",
        "what a leader waits for is read before what other nodes say",
        "L1",
        "sentinel/nodes/line.py",
        "        self._hurries += 1\n        can_wait(self._fd, False)\n",
        "        self._hurries += 1\n",
        (
            "tests/unit/sentinel/nodes/test_probe_line.py"
            "::test_once_it_has_answered_it_waits_for_its_turn_but_not_with_what_a_leader_waits_for",
        ),
        style="",
    ),
    Mutation(
        "votes-before-reports",
        "what elects is taken in before what peers think of the nodes",
        "L1",
        "sentinel/group/peer_reports.py",
        "            if isinstance(message, Opinions):\n",
        "            if False:\n",
        (f"{_TURNS}::test_what_elects_is_taken_in_before_what_peers_think_and_some_of_that_in_each_turn",),
        style="",
    ),
    Mutation(
        "gone-peers-say-nothing",
        "what a peer said that is out of touch by now counts no more, though it was not taken in yet",
        "S6",
        "sentinel/group/peer_reports.py",
        "            del self._said[key]\n",
        "            pass\n",
        (f"{_TURNS}::test_of_what_waits_the_newest_report_counts_and_none_of_who_is_gone",),
        style="",
    ),
    Mutation(
        "late-begins-fewer",
        "who is late itself begins fewer elections at once, before it has lost any",
        "L1",
        "sentinel/group/admission.py",
        "        return max(1, min(self.at_once, int(AT_ONCE / (1 + LATE * late_s))))\n",
        "        return self.at_once\n",
        (f"{_ADMISSION}::test_who_is_late_itself_begins_fewer_before_it_has_lost_any",),
        style="",
    ),
    Mutation(
        "roles-since-the-change",
        "in what role a node was when it was asked before a change does not count after it",
        "S6",
        "quorum/member.py",
        "        if node == self.primary and asked_at >= self._judged_at:",
        "        if node == self.primary:",
        (
            f"{_LATE_WORDS}::test_a_new_primary_that_was_a_replica_when_it_was_asked_does_not_count_as_one_now",
        ),
        style="",
    ),
    Mutation(
        "contradicted-since",
        "what a node said when it was asked before a leader was last heard contradicts nothing",
        "L1",
        "sentinel/coordination/situation.py",
        "self.counts(self._book[name].asked_at)",
        "self.counts(self._book[name].info_at)",
        (f"{_LATE_WORDS}::test_a_replica_that_followed_the_old_primary_when_asked_contradicts_nothing",),
        style="",
    ),
    Mutation(
        "stale-reports-are-stepped",
        "a report that says the same again is stepped if the last one had gone stale",
        "S6",
        "quorum/opinions.py",
        "        if known is None or now >= known.heard_at + self._lasts_s:\n",
        "        if known is None:\n",
        (f"{_REPEATED}::test_what_counts_no_more_is_stepped_when_it_is_said_again",),
        style="",
    ),
    Mutation(
        "other-reports-are-stepped",
        "a report that says anything else of the peer itself is stepped",
        "S2",
        "quorum/raft/attendance.py",
        "if self._said.get(sender) != self._said_in(frame.boot, about, frame.stands_back, frame.committed):",
        "if False:",
        (f"{_REPEATED}::test_what_says_anything_else_is_stepped",),
        style="",
    ),
    Mutation(
        "unread-opinions-last",
        "an opinion lasts longer for who has not read yet what was said since",
        "L1",
        "quorum/opinions.py",
        "        return self._ttl_s + self._late_s()\n",
        "        return self._ttl_s\n",
        (f"{_REPEATED}::test_an_opinion_lasts_longer_for_who_has_not_read_yet_what_was_said_since",),
        style="",
    ),
    Mutation(
        "only-due-wakes",
        "a deadline that has moved on meanwhile makes no step",
        "L1",
        "sentinel/group/register_driver.py",
        "        if at is not None and at <= now:\n",
        "        if at is not None:\n",
        (
            "tests/unit/sentinel/group/test_register_driver.py"
            "::test_a_deadline_that_has_moved_on_meanwhile_makes_no_step",
        ),
        style="",
    ),
    Mutation(
        "later-ranks-give-way",
        "a sentinel that comes later lets one that stands before it, and would have its vote, try once",
        "L1",
        "quorum/raft/campaign.py",
        "        self._gave_way.add(member)\n        self.retry(now)\n",
        "        self._gave_way.add(member)\n",
        (
            "tests/unit/quorum/raft/test_campaign.py::test_who_comes_later_lets_whom_it_would_vote_for_try_once",
        ),
        style="",
    ),
    Mutation(
        "gives-way-once",
        "nobody gives way twice to one that stands and never wins",
        "L1",
        "quorum/raft/campaign.py",
        " or member in self._gave_way:\n",
        ":\n",
        (
            "tests/unit/quorum/raft/test_campaign.py::test_who_comes_later_lets_whom_it_would_vote_for_try_once",
        ),
        style="",
    ),
    Mutation(
        "own-groups-first",
        "of who waits in line those groups go first in which this sentinel is the first to stand",
        "L1",
        "sentinel/group/election_line.py",
        "            first = next((place for place in self._waiting if place.is_first), self._waiting[0])\n",
        "            first = self._waiting[0]\n",
        (
            "tests/unit/sentinel/group/test_election_line.py"
            "::test_of_who_waits_those_groups_go_first_in_which_it_is_the_first_to_stand",
        ),
        style="",
    ),
)
