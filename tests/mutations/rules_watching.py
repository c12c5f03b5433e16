"""The rules about what watching costs: what may be left out, and what may not be left out with it."""

from __future__ import annotations

from tests.mutations.mutation import Mutation

_STEADY = "tests/unit/sentinel/coordination/test_steady.py"

WATCHING = (
    Mutation(
        "noted-when-taken-in",
        "an INFO is noted without a step only where one like it was taken in as things stand",
        "L1",
        "sentinel/coordination/steady.py",
        "if self._taken.get(node) != self._standing or node not in self._book or not",
        "if node not in self._book or not",
        (f"{_STEADY}::test_behind_a_change_each_node_is_taken_in_by_a_step_before_it_is_noted",),
        style="",
    ),
    Mutation(
        "noted-when-calm",
        "while anything is amiss in a group, each INFO is a step",
        "L1",
        "sentinel/coordination/steady.py",
        "or not self._is_calm(at.now):",
        "or False:",
        (f"{_STEADY}::test_while_anything_is_amiss_each_is_a_step",),
        style="",
    ),
    Mutation(
        "scheduled-is-not-calm",
        "while a switchover is scheduled, each INFO is a step: its time may have come",
        "S8",
        "sentinel/coordination/steady.py",
        "            and view.newest.directives.schedule is None\n",
        "",
        (f"{_STEADY}::test_while_a_switchover_is_scheduled_each_is_a_step_for_its_time_may_come",),
        style="",
    ),
    Mutation(
        "emptied-is-a-step",
        "an INFO in which the data are gone, or less, is no confirmation of the one before",
        "S7",
        "sentinel/coordination/steady.py",
        "        before.offset_bytes <= info.offset_bytes\n        and before.uptime_s <= info.uptime_s\n"
        "        and bool(before.keys) == bool(info.keys)\n",
        "        before.uptime_s <= info.uptime_s\n",
        (f"{_STEADY}::test_what_says_more_is_a_step",),
        style="",
    ),
    Mutation(
        "noted-is-kept",
        "how far a node is, and when it was heard, is kept also where an INFO is no step",
        "S7",
        "sentinel/coordination/steady.py",
        "        self._book.note(node, info, at.now, at.now - seen.took_s)\n",
        "",
        (f"{_STEADY}::test_what_says_only_that_time_has_gone_on_is_noted_with_how_far_the_node_is",),
        style="",
    ),
    Mutation(
        "a-piece-is-no-pong",
        "seven bytes are the answer to a PING only where no other reply is on its way",
        "S6",
        "sentinel/nodes/line.py",
        " and self._replies.are_whole:",
        ":",
        (
            "tests/unit/sentinel/nodes/test_probe_line.py::test_what_arrives_in_pieces_is_what_it_is_as_a_whole",
        ),
        style="",
    ),
    Mutation(
        "lean-daemon",
        "a daemon loads nothing of redis-py's clients, and of the command line",
        "L1",
        "sentinel/cli/run.py",
        "    lean_redis.prepare()\n",
        "",
        ("tests/unit/sentinel/test_lean_daemon.py::test_a_daemon_loads_no_clients_and_no_command_line",),
        style="",
    ),
    Mutation(
        "warm-and-open",
        "a step is not begun over a prepared connection that has been closed meanwhile",
        "L1",
        "sentinel/nodes/warm_clients.py",
        "                if not await made.can_read():  # Readable data would be its end.\n",
        "                if True:\n",
        ("tests/integration/test_warm_clients.py::test_what_was_closed_meanwhile_is_made_anew",),
        style="",
    ),
)
