"""The requirements of a request before it is answered: an existing group, a majority, a known primary.

Each raises the problem that names what is missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from aiohttp import web

from quorum.messages import Topology
from sentinel.group.driver import GroupDriver
from sentinel.group.view import GroupView
from sentinel.peers.in_touch import InTouch
from sentinel.status.authority import Authority
from sentinel.web.problem import ProblemError


class KnownGroups:
    """``drivers`` by group; they may come and go."""

    def __init__(self, drivers: Mapping[str, GroupDriver]) -> None:
        self._drivers = drivers

    def __iter__(self) -> Iterator[GroupDriver]:
        return iter(list(self._drivers.values()))

    def of(self, request: web.Request) -> GroupDriver:
        """The group of the path. Raises ProblemError."""
        return self.named(request.match_info["group"])

    def named(self, name: str) -> GroupDriver:
        """Raises ProblemError."""
        driver = self._drivers.get(name)
        if driver is None:
            raise ProblemError("unknown-group", f"There is no group {name!r:.100} in this configuration.")
        return driver


def need_majority(in_touch: InTouch) -> None:
    """Raises ProblemError unless this sentinel is in touch with a majority."""
    if in_touch.elects():
        return
    found, of, needed = in_touch.members(), in_touch.membership.voters, in_touch.membership.needed
    raise ProblemError(
        "no-quorum",
        f"In touch with {len(found)} of {len(of)} sentinels, itself included; {needed} needed.",
        extra=_found(in_touch) | {"needed": needed},
    )


def need_current(authority: Authority, driver: GroupDriver) -> None:
    """Raises ProblemError unless what is agreed on in the group may be told as it is known here."""
    if authority.is_current(driver):
        return
    need_majority(authority.in_touch)
    raise ProblemError(
        "no-quorum",
        f"Group {driver.name}: no majority has confirmed lately that nothing newer is agreed on.",
        extra=_found(authority.in_touch),
    )


def need_topology(view: GroupView) -> Topology:
    """The primary that clients may be told. Raises ProblemError while it is unknown."""
    if view.published is None:
        raise ProblemError("no-primary", f"Group {view.name}: {view.why_no_primary}.")
    return view.published


def need_watched(view: GroupView) -> None:
    """Raises ProblemError where the agreed primary is not watched: it may be gone, and nobody here knows."""
    unwatched = view.unwatched_primary
    if unwatched is not None:
        raise ProblemError("primary-unwatched", f"Group {view.name}: {unwatched} is not watched here.")


def _found(in_touch: InTouch) -> dict[str, object]:
    return {"in_touch": sorted(in_touch.members()), "members": list(in_touch.membership.voters)}
