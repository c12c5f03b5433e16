"""What is told of a step that was taken: what the node refused, and what was odd about its fence. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from promotion.step_types import Step, named
from sentinel.group_inputs import StepDone
from sentinel.notices import NoticeName

News: TypeAlias = tuple[NoticeName, dict[str, object]]


class StepNotices:
    def __init__(self) -> None:
        self._ignored = ("", "")
        """At which node a fence was last told to be absurd, and what it held."""

    def of(self, step: Step, done: StepDone, term: int) -> Iterator[News]:
        if done.absurd_fence:
            known = (step.node, done.absurd_fence)
            fields: dict[str, object] = {"node": step.node, "found": done.absurd_fence, "term": term}
            yield NoticeName.FENCE_IGNORED, {**fields, "again": known == self._ignored}
            self._ignored = known
        for said in done.refused:
            yield NoticeName.STEP_INCOMPLETE, {"step": named(step), "node": step.node, "reason": said}
