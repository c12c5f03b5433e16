"""The rules about what is told of a node that refuses, or falls silent."""

from __future__ import annotations

from tests.mutations.mutation import Mutation

_TOLD = "tests/unit/promotion/test_told_of_refusals.py"

REFUSALS = (
    Mutation(
        "told-unanswered",
        "a lost connection is told with the command that was not answered",
        "L1",
        "promotion/executor.py",
        """ if unanswered is None else f"{reason}, {command_name(unanswered)} was not answered"\n""",
        "\n",
        (f"{_TOLD}::test_a_lost_connection_names_the_command_that_was_not_answered",),
        style="",
    ),
    Mutation(
        "told-no-way-out",
        "nothing is queued where a transaction cannot be left",
        "S4",
        "promotion/fenced_session.py",
        "        elif isinstance(discarded, ReplyError) and not aborted(ended):\n",
        "        elif False:\n",
        (f"{_TOLD}::test_where_a_transaction_cannot_be_left_the_reason_names_discard",),
        style="",
    ),
)
