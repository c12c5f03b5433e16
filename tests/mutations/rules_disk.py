"""The rules of what is told only once it is on disk, beneath what the core asks for."""

from __future__ import annotations

from tests.mutations.mutation import Mutation

_QUEUE = "tests/unit/sentinel/group/test_durable_effects.py"

DISK = (
    Mutation(
        "queue-waits-for-disk",
        "what stands behind a write is done once that is on disk",
        "S2",
        "sentinel/group/durable_effects.py",
        "        return bool(self._queue) and not self._writing and not self._shut\n",
        "        return bool(self._queue) and not self._shut\n",
        (
            f"{_QUEUE}::test_what_stands_behind_a_write_waits_until_it_is_on_disk",
            f"{_QUEUE}::test_what_comes_while_a_write_is_under_way_queues_up_behind_it",
            "tests/unit/sentinel/group/test_register_driver.py::test_a_peer_is_told_once_it_is_on_disk",
        ),
    ),
    Mutation(
        "failed-write-shuts",
        "behind a write that failed nothing is said any more",
        "S2",
        "sentinel/group/durable_effects.py",
        "        self._shut = True\n        self._fatal(error)\n",
        "        self._writing = False\n        self._fatal(error)\n",
        (
            f"{_QUEUE}::test_what_could_not_be_written_is_fatal_and_shuts_the_queue_for_good",
            f"{_QUEUE}::test_so_is_what_cannot_even_be_tried",
        ),
        style="",
    ),
    Mutation(
        "failed-write-is-fatal",
        "a write that failed ends the process",
        "S2",
        "sentinel/group/durable_effects.py",
        "        self._shut = True\n        self._fatal(error)\n",
        "        self._shut = True\n",
        (
            f"{_QUEUE}::test_what_could_not_be_written_is_fatal_and_shuts_the_queue_for_good",
            f"{_QUEUE}::test_so_is_what_cannot_even_be_tried",
        ),
        style="",
    ),
)
