"""The rules about what anybody may send: without the secret nobody holds a sentinel up, or changes it."""

from __future__ import annotations

from tests.mutations.mutation import Mutation

_SIZES = "tests/unit/sentinel/test_resp_sizes.py"
_CODEC = "tests/unit/sentinel/test_resp_codec.py"

SURFACE = (
    Mutation(
        "announced-items",
        "no parser makes room for more items than will be read",
        "L1",
        "sentinel/resp_sizes.py",
        "if self._room < 0:",
        "if False:",
        (
            f"{_SIZES}::test_no_list_is_longer_than_what_the_judge_let_through",
            f"{_SIZES}::test_what_is_announced_behind_any_message_is_found",
        ),
    ),
    Mutation(
        "announced-request",
        "what a client announces is judged before it is parsed",
        "L1",
        "sentinel/resp_codec.py",
        "            self._announced.judge(data)\n",
        "",
        (f"{_CODEC}::test_what_is_announced_is_judged_before_it_comes",),
    ),
    Mutation(
        "announced-reply",
        "what a node announces is judged before it is parsed",
        "L1",
        "sentinel/redis_parser.py",
        "        announced.judge(data)\n",
        "        pass\n",
        (
            "tests/unit/sentinel/test_redis_evidence.py"
            "::test_what_a_node_announces_is_judged_before_it_is_parsed",
        ),
    ),
)
