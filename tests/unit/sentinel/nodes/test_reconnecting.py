"""The retries of a lost node: as often as it helps, and in a crowd as time permits."""

from __future__ import annotations

import pytest

from sentinel.nodes.reconnecting import EACH_S, EAGER_RETRIES, FEW, FIRST_RETRY_S, LONGEST_S, pause_s

INTERVAL_S = 0.25


def attempts_within(seconds: float, crowd: int) -> int:
    count, spent_s = 0, 0.0
    while spent_s <= seconds:
        count += 1
        spent_s += max(FIRST_RETRY_S / 2, pause_s(count, INTERVAL_S, crowd, down=True))
    return count


def test_a_connection_that_was_lost_is_opened_again_at_once() -> None:
    assert pause_s(0, INTERVAL_S, 1, down=False) == pause_s(0, INTERVAL_S, 100, down=True) == 0.0


@pytest.mark.parametrize("crowd", [1, FEW])
def test_a_quick_restart_of_a_few_is_seen_at_once_and_a_long_one_at_each_interval(crowd: int) -> None:
    pauses = [pause_s(attempts, INTERVAL_S, crowd, down=False) for attempts in range(1, 12)]
    assert pauses[:EAGER_RETRIES] == [FIRST_RETRY_S] * EAGER_RETRIES
    assert pauses == sorted(pauses) and pauses[-1] == INTERVAL_S


def test_many_lost_at_once_share_the_pace_of_a_few() -> None:
    for crowd in (25, 100):
        assert pause_s(1, INTERVAL_S, crowd, down=False) <= 0.03, "one look comes before a refusal counts"
        assert attempts_within(1.0, crowd) <= 2 + 1.0 / (EACH_S * crowd)
    assert pause_s(50, INTERVAL_S, 10_000, down=True) == LONGEST_S, "who is back is seen some time"
    assert pause_s(50, 5.0, 25, down=True) == 5.0, "never more often than alone"


def test_in_a_crowd_too_a_node_that_is_not_called_down_is_tried_within_its_patience() -> None:
    for attempts in range(1, 20):
        assert pause_s(attempts, INTERVAL_S, 10_000, down=False) <= INTERVAL_S
