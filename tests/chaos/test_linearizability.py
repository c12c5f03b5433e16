"""The checker finds what is known to be wrong, accepts what is right, and agrees with trying all orders."""

from __future__ import annotations

import random
from itertools import permutations

from tests.chaos.linearizability import FOREVER, NOTHING, Operation, linearizable


def write(sent: float, answered: float, value: str) -> Operation:
    return Operation(sent, answered, True, value)


def read(sent: float, answered: float, value: str) -> Operation:
    return Operation(sent, answered, False, value)


def test_one_after_the_other_is_right() -> None:
    assert linearizable([])
    assert linearizable(
        [read(0, 1, NOTHING), write(2, 3, "a"), read(4, 5, "a"), write(6, 7, "b"), read(8, 9, "b")]
    )


def test_a_lost_write_is_found() -> None:
    assert not linearizable([write(0, 1, "a"), write(2, 3, "b"), read(4, 5, "a")])
    assert not linearizable([write(0, 1, "a"), read(2, 3, NOTHING)])


def test_a_stale_read_is_found() -> None:
    assert not linearizable([write(0, 1, "a"), write(2, 3, "b"), read(4, 5, "b"), read(6, 7, "a")])


def test_a_value_that_nobody_wrote_is_found() -> None:
    assert not linearizable([write(0, 1, "a"), read(2, 3, "z")])


def test_two_reads_that_see_two_writes_in_opposite_orders_are_found() -> None:
    both = [write(0, 9, "a"), write(0, 9, "b")]
    assert not linearizable([*both, read(1, 2, "a"), read(3, 4, "b"), read(5, 6, "a")])
    assert linearizable([*both, read(1, 2, "a"), read(3, 4, "b"), read(5, 6, "b")])


def test_a_read_during_a_write_may_see_either() -> None:
    for seen in (NOTHING, "a"):
        assert linearizable([write(0, 5, "a"), read(1, 2, seen)])


def test_a_write_without_an_answer_may_have_taken_effect_at_any_time_or_never() -> None:
    lost = write(0, FOREVER, "a")
    assert linearizable([lost, read(1, 2, NOTHING), read(3, 4, NOTHING)])
    assert linearizable([lost, read(1, 2, NOTHING), read(3, 4, "a")])
    assert not linearizable([lost, read(1, 2, "a"), read(3, 4, NOTHING)])


def test_a_long_history_takes_no_long_time() -> None:
    history = []
    for number in range(3000):
        history += [write(number, number + 0.9, str(number)), read(number + 0.5, number + 1.4, str(number))]
    assert linearizable(history)
    assert not linearizable([*history, read(4000, 4001, "7")])


def naive(history: list[Operation]) -> bool:
    """Every order of every choice of unanswered writes, tried one by one."""
    open_writes = [op for op in history if op.answered_s == FOREVER]
    answered = [op for op in history if op.answered_s < FOREVER]
    for chosen in range(1 << len(open_writes)):
        ops = answered + [op for bit, op in enumerate(open_writes) if chosen >> bit & 1]
        if any(explains(order) for order in permutations(ops)):
            return True
    return False


def explains(order: tuple[Operation, ...]) -> bool:
    value = NOTHING
    for place, op in enumerate(order):
        if any(later.answered_s < op.sent_s for later in order[place + 1 :]):
            return False
        if op.is_write:
            value = op.value
        elif op.value != value:
            return False
    return True


def test_it_agrees_with_all_orders_of_small_histories() -> None:
    verdicts = set()
    for seed in range(600):
        rng = random.Random(seed)
        history = []
        for number in range(rng.randint(1, 6)):
            sent = rng.uniform(0, 10)
            answered = sent + rng.uniform(0.1, 4)
            if rng.random() < 0.5:
                history.append(write(sent, answered if rng.random() < 0.8 else FOREVER, str(number)))
            else:
                history.append(read(sent, answered, rng.choice([NOTHING, "0", "1", "2", "3"])))
        assert linearizable(history) == naive(history), f"seed {seed}"
        verdicts.add(linearizable(history))
    assert verdicts == {True, False}
