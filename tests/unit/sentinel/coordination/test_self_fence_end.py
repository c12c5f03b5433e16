"""Back in touch, a sentinel keeps the writes paused until a majority has said who is primary."""

from __future__ import annotations

from sentinel.coordination.self_fence import PAUSE_S, START_GRACE_S, Pausing, SelfFence

NODE = "redis-a:6379"
START = 100.0


def tick(fence: SelfFence, now: float, *, agree: bool) -> Pausing | None:
    return fence.tick(
        now,
        primary=NODE,
        local=lambda node: node,
        answers=lambda _node: True,
        is_replica=lambda _node: False,
        hands_off=lambda _node: "",
        agree=lambda _node, _since: agree,
    )[0]


def test_however_long_it_is_in_touch_again_the_pause_is_renewed_until_the_majority_agrees() -> None:
    fence = SelfFence(0.25, START)
    cut_off = START + START_GRACE_S + 1
    assert tick(fence, cut_off, agree=False) == Pausing(NODE, PAUSE_S)
    now = cut_off
    for second in range(1, 10):
        now = cut_off + 2 * second
        fence.heard(now)
        assert tick(fence, now, agree=False) == Pausing(NODE, PAUSE_S)
    assert tick(fence, now + 0.1, agree=True) == Pausing(NODE, 0.0)
