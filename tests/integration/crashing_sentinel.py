"""A real sentinel that kills itself with SIGKILL at a named moment; the first of several to get there.

``CRASH_AT`` is ``before_promote`` (the intent is committed, Redis was not touched), ``after_promote``
(Redis has obeyed, nobody was told) or ``after_commit`` (the topology is committed, no webhook is out).
``CRASH_FLAG`` names a file: whoever creates it crashes.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

from promotion.step_types import Promote, Step, Taken
from sentinel.cli.main import main
from sentinel.group.runtime import GroupRuntime
from sentinel.notices import leaders
from sentinel.notices.notice import Notice
from sentinel.wiring import Parts


def crash_once() -> None:
    try:
        os.close(os.open(os.environ["CRASH_FLAG"], os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGKILL)


def arm(moment: str) -> None:
    take = GroupRuntime.take
    on_notice = Parts._on_notice

    async def crashing_take(self: GroupRuntime, step: Step, term: int, guard: Callable[[], bool]) -> Taken:
        promotes = isinstance(step, Promote)
        if moment == "before_promote" and promotes:
            crash_once()
        result = await take(self, step, term, guard)
        if moment == "after_promote" and promotes:
            crash_once()
        return result

    def crashing_on_notice(self: Parts, notice: Notice) -> None:
        made = notice.event.topology if isinstance(notice.event, leaders.TopologyCommitted) else None
        committed = made is not None and made.previous is not None
        leader = made is not None and made.leader == self.settings.sentinel.id
        if moment == "after_commit" and committed and leader:
            crash_once()
        on_notice(self, notice)

    GroupRuntime.take = crashing_take  # type: ignore[method-assign]
    Parts._on_notice = crashing_on_notice  # type: ignore[method-assign]


if __name__ == "__main__":
    arm(os.environ["CRASH_AT"])
    main()
