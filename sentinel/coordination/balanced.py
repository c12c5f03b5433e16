"""Names that lead to several servers in turn: of a load balancer, a Service, or with several addresses. Pure.

A request to such a name may reach the primary or any replica. So it is no node's name, is left out of all
decisions, and is reported to people. Otherwise a healthy primary would look like a replica at the next
connection.

A server draws its run id at its start and never gets it again. So no restart explains that a run id comes
back after another was seen; nor that a name moves to a server that another name led to all the while, if the
server that it left has another name as well.
"""

from __future__ import annotations

from dataclasses import dataclass

WINDOW_S = 60.0
"""What is further apart is a name that has moved, and perhaps back."""
APART_S = 1.0
"""Answers that cross each other on the way are closer together."""
HOLD_S = 600.0
"""For so long after the last proof it counts as such a name."""
MAX_REMEMBERED = 16
"""Of each name, the oldest run ids are forgotten first."""


@dataclass(slots=True)
class _Heard:
    first: float
    last: float


class Balanced:
    """``why`` says of each such name what shows it."""

    def __init__(self) -> None:
        self.why: dict[str, str] = {}
        self._until: dict[str, float] = {}
        self._heard: dict[str, dict[str, _Heard]] = {}
        self._current: dict[str, str] = {}

    def __contains__(self, name: str) -> bool:
        return name in self.why

    def forget(self, name: str) -> None:
        """There is no such name any more."""
        for known in (self.why, self._until, self._heard, self._current):
            known.pop(name, None)

    def leads_to(self, name: str, run_id: str) -> bool:
        """Whether that is whom it led to last, so that to hear it again proves nothing."""
        return self._current.get(name) == run_id

    def heard(self, name: str, run_id: str, now: float) -> bool:
        """Whose server has answered at ``name``. Returns whether it counts otherwise than before."""
        before = name in self.why
        if (why := self._proof(name, run_id, now)) is not None:
            self.why.setdefault(name, why)
            self._until[name] = now + HOLD_S
        elif before and now >= self._until[name]:
            del self.why[name], self._until[name]
        self._note(name, run_id, now)
        return before != (name in self.why)

    def _proof(self, name: str, run_id: str, now: float) -> str | None:
        was = self._current.get(name)
        if was is None or was == run_id:
            return None
        led = self._heard[name]
        if run_id in led and now - led[run_id].last <= WINDOW_S:
            return f"it led to run id {run_id[:8]}, then to {was[:8]}, and then to the former again"
        left = next(
            (other for other, current in self._current.items() if other != name and current == was), None
        )
        if left is None or now - led[was].last > WINDOW_S:
            return None
        for other, current in self._current.items():
            if (
                other != name
                and current == run_id
                and self._heard[other][run_id].first + APART_S <= led[was].last
            ):
                return f"it led to the server of {left}, and then to that of {other}"
        return None

    def _note(self, name: str, run_id: str, now: float) -> None:
        self._current[name] = run_id
        led = self._heard.setdefault(name, {})
        led.setdefault(run_id, _Heard(now, now)).last = now
        while len(led) > MAX_REMEMBERED:
            del led[min(led, key=lambda each: led[each].last)]
