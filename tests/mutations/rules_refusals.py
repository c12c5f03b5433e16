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
        """ if unanswered is None else f"{reason}, {named(unanswered)} was not answered"\n""",
        "\n",
        (f"{_TOLD}::test_a_lost_connection_names_the_command_that_was_not_answered",),
        style="",
    ),
    Mutation(
        "told-no-way-out",
        "nothing is queued where a transaction cannot be left",
        "S4",
        "promotion/talk.py",
        "        elif isinstance(discarded, ReplyError) and not _aborted(ended):\n",
        "        elif False:\n",
        (f"{_TOLD}::test_where_a_transaction_cannot_be_left_the_reason_names_discard",),
        style="",
    ),
    Mutation(
        "told-refuses-us",
        "of a node that lives and refuses to be watched, that is told, and not how long it was not seen",
        "L1",
        "promotion/view.py",
        """return f"refuses us: {self.refuses_us}" if self.refuses_us else otherwise""",
        "return otherwise",
        (
            "tests/unit/sentinel/test_coordinator.py::"
            "test_of_a_node_that_refuses_us_and_is_not_seen_any_more_the_refusal_is_told",
        ),
        style="",
    ),
    Mutation(
        "told-no-info",
        "a node whose INFO is renamed lives, and cannot be watched: that is told",
        "S6",
        "sentinel/redis_evidence.py",
        """if command == "INFO" and error_text(error)""",
        "if False and error_text(error)",
        ("tests/unit/sentinel/test_redis_evidence.py",),
        style="",
    ),
)
