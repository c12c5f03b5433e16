"""The events about a step that was taken: what the node refused, and an odd content of its fence. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from promotion.step_types import Step, step_kind
from sentinel.coordination.inputs import StepDone
from sentinel.notices.leaders import FenceIgnored, StepIncomplete


class StepNotices:
    def __init__(self) -> None:
        self._ignored: FenceIgnored | None = None
        """The fence that was last told to be absurd."""

    def of(self, step: Step, done: StepDone) -> Iterator[tuple[FenceIgnored | StepIncomplete, bool]]:
        """Each with whether that very fence was told just before."""
        if done.absurd_fence:
            event = FenceIgnored(step.node, done.absurd_fence)
            yield event, event == self._ignored
            self._ignored = event
        for said in done.refused:
            yield StepIncomplete(step_kind(step), step.node, said), False
