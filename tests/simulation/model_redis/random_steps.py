"""Whatever may happen to three servers, drawn from a seed: for the comparison of the model with Redis."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from tests.simulation.model_redis.commands import FENCE_SCRIPT
from tests.simulation.model_redis.twins import HOST, NEVER_S, Twins, Word

WRITES: tuple[tuple[Word, ...], ...] = (
    ("SET", "a", 1),
    ("SET", "b", "xyz"),
    ("INCR", "n"),
    ("SADD", "s", "m"),
    ("RPUSH", "l", "x"),
    ("DEL", "a", "b"),
    ("FLUSHALL",),
    ("SAVE",),
)


class RandomSteps:
    def __init__(self, twins: Twins, rng: random.Random) -> None:
        self._twins = twins
        self._rng = rng
        self._watching: set[int] = set()
        self.story: list[str] = []

    def take(self) -> None:
        """Lets both settle, compares them, and does the next thing to one that answers."""
        self._twins.settle()
        node = self._rng.choice(self._twins.talking)
        kinds: Sequence[tuple[int, Callable[[int], str | None]]] = (
            (4, self._write),
            (4, self._follow),
            (2, self._promote),
            (2, self._hand_over),
            (2, self._kill),
            (2, self._start),
            (1, self._hang),
            (2, self._go_on),
            (1, self._cut_clients),
            (1, self._watch),
            (2, self._transact),
            (1, self._demand),
            (1, self._pause),
        )
        step = self._rng.choices([step for _, step in kinds], [weight for weight, _ in kinds])[0]
        self.story.append(step(node) or self._write(node))

    def _write(self, node: int) -> str:
        for _ in range(self._rng.randrange(1, 4)):
            self._twins.ask(node, *self._rng.choice(WRITES))
        return f"{node} writes"

    def _follow(self, node: int) -> str:
        """Anybody else, even one who follows us, or is dead."""
        primary = self._rng.choice([other for other in range(3) if other != node])
        self._twins.follow(node, primary)
        return f"{node} follows {primary}"

    def _promote(self, node: int) -> str:
        fence = ("EVAL", FENCE_SCRIPT, 1, "fence", self._rng.randrange(9))
        self._twins.transact(node, ("REPLICAOF", "NO", "ONE"), fence)
        return f"{node} is promoted"

    def _hand_over(self, node: int) -> str | None:
        pictures = dict(zip(self._twins.talking, self._twins.settle(acks=True), strict=True))
        followers = [other for other in pictures if pictures[other]["follows"] == node]
        if not followers:
            return None
        target = self._rng.choice(followers)
        force = ["FORCE"] if self._rng.random() < 0.3 else []
        self._twins.ask(node, "FAILOVER", "TO", HOST, self._twins.port(target), "TIMEOUT", 300, *force)
        return f"{node} hands over to {target}"

    def _kill(self, node: int) -> str | None:
        if len(self._twins.talking) == 1:
            return None
        self._twins.kill(node, wipe=self._rng.random() < 0.5)
        self._watching.discard(node)
        return f"{node} is killed"

    def _start(self, _: int) -> str | None:
        if not self._twins.dead:
            return None
        node = self._rng.choice(self._twins.dead)
        self._twins.start(node)
        return f"{node} is started"

    def _hang(self, node: int) -> str | None:
        if len(self._twins.talking) == 1:
            return None
        self._twins.hang(node)
        return f"{node} hangs"

    def _go_on(self, _: int) -> str | None:
        if not self._twins.hanging:
            return None
        node = self._rng.choice(self._twins.hanging)
        self._twins.go_on(node)
        return f"{node} goes on"

    def _cut_clients(self, node: int) -> str:
        self._twins.ask(node, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        self._twins.forget_clients(node, but="main")
        self._watching.discard(node)
        return f"{node} cuts its clients"

    def _watch(self, node: int) -> str:
        self._twins.client(node, "watcher").ask("WATCH", "a", "fence")
        self._watching.add(node)
        return f"{node} is watched"

    def _transact(self, node: int) -> str | None:
        if node not in self._watching:
            return None
        self._watching.discard(node)
        for words in (("MULTI",), ("GET", "a"), ("EXEC",)):
            self._twins.client(node, "watcher").ask(*words)
        return f"{node} runs what was watched for"

    def _demand(self, node: int) -> str:
        wanted = self._rng.choice((0, 0, 1, 2))
        words = ("min-replicas-to-write", wanted, "min-replicas-max-lag", NEVER_S)
        self._twins.ask(node, "CONFIG", "SET", *words)
        return f"{node} wants {wanted} replicas"

    def _pause(self, node: int) -> str:
        self._twins.ask(node, "CLIENT", "PAUSE", 100, "WRITE")
        return f"{node} pauses writes"
