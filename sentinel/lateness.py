"""How late this process is: from when something could be taken in until it was. Pure.

A loop that has more to do than it has time for is never stopped, so no gap shows it; yet a question goes out
late, and its answer is taken in late. A node is not silent for that: what was not read yet proves nothing.

One pause, in a process that has time, is over as soon as it goes on: who was late and is in time again has
read by then what was answered, and believes a silence as soon as ever.
"""

from __future__ import annotations

IN_TIME_S = 0.05
"""Less counts as nothing: a process that has time is as patient as it is told to be, and no more."""
STEP_S = 0.25
"""In such steps, so that what is judged by it does not change all the time."""
LASTS_S = 2.0
IN_TIME_AGAIN_S = 0.2
"""Nothing was late for so long: two periods of the quota that Linux gives a container's processes."""


class Lateness:
    """Keeps the most that it saw for a while, as what is on its way back now was asked for then.

    But no longer than it goes on being late.
    """

    def __init__(self) -> None:
        self.late_s = 0.0
        self._until = 0.0
        self._was_late_at = 0.0

    def look(self, since: float, now: float) -> float:
        """What is taken in ``now`` could have been ``since``: by how much a silence is to last longer.

        The question may have been late by that much, and its answer again.
        """
        lag_s = now - since
        late_s = 0.0 if lag_s < IN_TIME_S else 2 * STEP_S * (lag_s // STEP_S + 1)
        if late_s:
            self._was_late_at = now
        elif now - self._was_late_at >= IN_TIME_AGAIN_S:
            self.late_s = 0.0
        if now >= self._until or (late_s > 0.0 and late_s >= self.late_s):
            self.late_s, self._until = late_s, now + LASTS_S
        return self.late_s
