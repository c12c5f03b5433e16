"""The rules about what watching costs: what may be left out, and what may not be left out with it."""

from __future__ import annotations

from tests.mutations.mutation import Mutation

WATCHING = (
    Mutation(
        "lean-daemon",
        "a daemon loads nothing of redis-py's clients, and of the command line",
        "L1",
        "sentinel/cli_run.py",
        "    lean_redis.prepare()\n",
        "",
        ("tests/unit/sentinel/test_lean_daemon.py::test_a_daemon_loads_no_clients_and_no_command_line",),
        style="",
    ),
    Mutation(
        "warm-and-open",
        "a step is not begun over a prepared connection that has been closed meanwhile",
        "L1",
        "sentinel/warm_clients.py",
        "                if not await made.can_read():  # It would be its end.\n",
        "                if True:\n",
        ("tests/integration/test_warm_clients.py::test_what_was_closed_meanwhile_is_made_anew",),
        style="",
    ),
)
