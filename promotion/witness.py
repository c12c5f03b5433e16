"""Uses replicas as witnesses: does one of them still hear from a primary that the sentinels do not?

On silence only positive proof counts. ``master_link_status`` proves nothing then: it stays ``up`` until
``repl-timeout`` (60 s) when the primary hangs. A replica still hears if its offset grew between two looks, or
if it received something after the sentinels' last valid reply.

On a refusal the status does prove something: the link of a process that ended is down at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from promotion.actions import Facts
from promotion.view import NodeView


def still_hears(view: NodeView, earlier: NodeView | None, silence_s: float) -> bool:
    """``silence_s`` counts from the primary's last valid reply to this sentinel; ``earlier`` is a look since.

    ``master_last_io_seconds_ago`` is the difference of two whole seconds, so an input k seconds ago by it
    may be almost k + 1 s old: only a k below the whole seconds of silence lies surely within it. Redis
    reads its cached clock there, 100 ms stale at worst, which can make a dead primary look heard for that
    long, never a heard one dead.
    """
    if not (view.reachable and view.role == "slave" and view.link_up):
        return False
    if earlier is not None and earlier.run_id == view.run_id and earlier.follows == view.follows:
        grew = view.replid == earlier.replid and (view.offset_bytes or 0) > (earlier.offset_bytes or 0)
        fresher = (
            view.last_io_s is not None
            and earlier.last_io_s is not None
            and view.last_io_s < earlier.last_io_s
        )
        if grew or fresher:
            return True
    return view.last_io_s is not None and (math.isinf(silence_s) or view.last_io_s < math.floor(silence_s))


def hearing(
    primary: str, views: Sequence[NodeView], earlier: Sequence[NodeView], silence_s: float
) -> tuple[str, ...]:
    """The replicas of ``primary`` that still hear from it."""
    before = {view.name: view for view in earlier}
    return tuple(
        view.name
        for view in views
        if view.follows == primary and still_hears(view, before.get(view.name), silence_s)
    )


def linked(facts: Facts, views: Sequence[NodeView]) -> tuple[str, ...]:
    """If the evidence is a refusal: the replicas that were read just now and report an open link."""
    if not facts.gone_by_all or facts.cause != "refused":
        return ()
    return tuple(
        view.name
        for view in views
        if view.reachable and view.role == "slave" and view.follows == facts.primary and view.link_up
    )


class Testimony:
    """One leader's record of what the replicas report of the primary, look by look.

    A replica that heard from it is believed for ``believed_s``: it may hear only rarely.
    """

    def __init__(self, believed_s: float) -> None:
        self.precedes = False
        """The newest look began before the primary was called down: it may serve only for comparison."""
        self._believed_s = believed_s
        self._earlier: tuple[NodeView, ...] = ()
        self._heard_at = -math.inf
        self._witnesses: tuple[str, ...] = ()

    def take(
        self,
        primary: str,
        views: Sequence[NodeView],
        earlier: Sequence[NodeView],
        silence_s: float,
        now: float,
    ) -> tuple[str, ...]:
        """The witnesses that are believed now. The first look is compared with ``earlier``."""
        witnesses = hearing(primary, views, self._earlier or earlier, silence_s)
        self._earlier = tuple(views)
        if witnesses:
            self._heard_at, self._witnesses = now, witnesses
        return self._witnesses if now < self._heard_at + self._believed_s else ()


def all_heard_the_end(primary: str, views: Sequence[NodeView], gone_s: float) -> bool:
    """Whether each other answering node reported, after the primary was gone, that its link to it is down.

    A replica's data cannot grow without its link, so that report is final. ``gone_s`` counts from when the
    primary closed its connection to this sentinel.
    """
    others = [view for view in views if view.name != primary and not view.down]
    return bool(others) and all(
        view.age_s < gone_s and view.role == "slave" and view.follows == primary and not view.link_up
        for view in others
    )
