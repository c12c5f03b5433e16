"""The retries of a lost node: as often as it helps, and in a crowd as time permits."""

from __future__ import annotations

import pytest

from sentinel.nodes.reconnecting import EACH_S, EAGER_RETRIES, FEW, FIRST_RETRY_S, LONGEST_S, pause_s

INTERVAL_S = 0.25
DOWN_AFTER_S = 1.0


def pause(attempts: int, crowd: int = 1, *, down: bool, longest_s: float = INTERVAL_S) -> float:
    return pause_s(attempts, longest_s, crowd, down=down, down_after_s=DOWN_AFTER_S)


def attempts_within(seconds: float, crowd: int) -> int:
    count, spent_s = 0, 0.0
    while spent_s <= seconds:
        count += 1
        spent_s += max(FIRST_RETRY_S / 2, pause(count, crowd, down=True))
    return count


def test_a_connection_that_was_lost_is_opened_again_at_once() -> None:
    assert pause(0, down=False) == pause(0, 100, down=True) == 0.0


@pytest.mark.parametrize("crowd", [1, FEW])
def test_a_quick_restart_of_a_few_is_seen_at_once_and_a_long_one_at_each_interval(crowd: int) -> None:
    pauses = [pause(attempts, crowd, down=True) for attempts in range(1, 12)]
    assert pauses[:EAGER_RETRIES] == [FIRST_RETRY_S] * EAGER_RETRIES
    assert pauses == sorted(pauses) and pauses[-1] == INTERVAL_S


def test_many_lost_at_once_share_the_pace_of_a_few() -> None:
    for crowd in (25, 100):
        assert pause(1, crowd, down=False) <= 0.03, "one look comes before a refusal counts"
        assert attempts_within(1.0, crowd) <= 2 + 1.0 / (EACH_S * crowd)
    assert pause(50, 10_000, down=True) == LONGEST_S, "who is back is seen some time"
    assert pause(50, 25, down=True, longest_s=5.0) == 5.0, "never more often than alone"


@pytest.mark.parametrize("crowd", [1, 100, 10_000])
def test_a_node_that_is_not_called_down_is_tried_between_the_end_of_what_refuses_and_that_of_its_patience(
    crowd: int,
) -> None:
    """A forwarder that is away for three fifths of ``down_after``, from just before a PING was due."""
    silent_s, attempts = INTERVAL_S, 0
    while silent_s <= INTERVAL_S + 0.6 * DOWN_AFTER_S:
        silent_s += pause(attempts, crowd, down=False)
        attempts += 1
    assert silent_s < DOWN_AFTER_S
