"""The group to which each server is configured: no group takes in a server that another one lists. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from promotion.places import plain
from sentinel.coordination.node_spec import NodeSpec

NO_GROUPS: Mapping[str, Iterable[NodeSpec]] = MappingProxyType({})


class Neighbours:
    """Knows the configured nodes of every group, by address and, once they have spoken, by run id."""

    def __init__(self, groups: Mapping[str, Iterable[NodeSpec]] = NO_GROUPS) -> None:
        self._at: dict[tuple[str, int], str] = {}
        self._known_as: dict[str, str] = {}
        self._run_ids: dict[tuple[str, str], str] = {}
        for group, specs in groups.items():
            self.add(group, specs)

    def add(self, group: str, specs: Iterable[NodeSpec]) -> None:
        """The nodes that are configured for one more group."""
        for spec in specs:
            for host, port in ((spec.host, spec.port), spec.reach):
                self._at[plain((host, port))] = group

    def saw(self, group: str, spec: NodeSpec, run_id: str, peer_ip: str | None) -> None:
        """A configured node of ``group`` has answered, at ``peer_ip``."""
        key = (group, spec.name)
        if self._run_ids.get(key) != run_id:
            self._known_as.pop(self._run_ids.get(key, ""), None)
            self._run_ids[key] = run_id
            self._known_as[run_id] = group
        if peer_ip is not None:
            self._at[plain((peer_ip, spec.port))] = group

    def elsewhere(self, own: str, host: str, port: int, run_id: str | None) -> str | None:
        """The other group than ``own`` that has this server."""
        for group in (self._known_as.get(run_id or ""), self._at.get(plain((host, port)))):
            if group is not None and group != own:
                return group
        return None
