"""Redis servers as far as a failover sees them: roles, replication, the fence key, death and hangs."""

from __future__ import annotations

from dataclasses import dataclass, field

from sentinel.info import Attached, NodeInfo


@dataclass
class FakeRedis:
    """One server. ``fence`` is the term in its data set; ``log`` counts what it has applied."""

    name: str
    alive: bool = True
    hung: bool = False
    follows: str | None = None
    link_up: bool = False
    link_down_since: float = 0.0
    boots: int = 1
    offset: int = 0
    keys: int = 0
    fence: int = 0
    promoted_by: list[int] = field(default_factory=list)

    @property
    def role(self) -> str:
        return "master" if self.follows is None else "slave"

    @property
    def answers(self) -> bool:
        return self.alive and not self.hung

    def write(self) -> None:
        """A client's write, if it is accepted."""
        if self.answers and self.role == "master":
            self.offset += 10
            self.keys += 1

    def promote(self, term: int, fenced: bool = True) -> int | None:
        """The executor's transaction; the term that refuses it, or None."""
        if fenced and (self.fence > term or (self.fence == term and self.role == "slave")):
            return self.fence
        if self.fence != term:
            self.offset += 20
            self.promoted_by.append(term)
        self.follows, self.link_up, self.fence = None, False, term
        self.keys = max(self.keys, 1)
        return None

    def repoint(self, primary: str, term: int) -> int | None:
        if self.fence > term:
            return self.fence
        self.follows, self.link_up = primary, False
        return None

    def crash(self) -> None:
        self.alive = False
        self.link_up = False

    def start(self, *, wiped: bool) -> None:
        """Without a configuration file it comes back as a master, with its data unless it was wiped."""
        self.alive, self.hung = True, False
        self.follows, self.link_up = None, False
        self.boots += 1
        if wiped:
            self.keys = self.offset = self.fence = 0

    def info(self, now: float, replicas: list[FakeRedis]) -> NodeInfo:
        host, port = self.follows.split(":") if self.follows else (None, None)
        return NodeInfo(
            run_id=f"{self.name.partition(':')[0]}run{self.boots}",
            version="7.0.15",
            role=self.role,
            replid="history",
            replid2=None,
            second_offset=None,
            master_offset_bytes=self.offset,
            replica_offset_bytes=self.offset if self.follows else None,
            master_host=host,
            master_port=int(port) if port else None,
            link_up=self.link_up,
            link_down_s=None if self.link_up or not self.follows else int(now - self.link_down_since),
            last_io_s=0 if self.link_up else None,
            sync_in_progress=False,
            priority=100,
            read_only=self.follows is not None,
            loading=False,
            async_loading=False,
            keys=self.keys,
            attached=tuple(
                Attached(r.name.partition(":")[0], int(r.name.partition(":")[2]), "online", r.offset, 0)
                for r in replicas
                if r.alive and r.follows == self.name and r.link_up
            ),
            uptime_s=1,
        )


def replicate(nodes: dict[str, FakeRedis], now: float) -> None:
    """One moment of replication: who can hear its master copies it, as a full or partial sync would."""
    for node in nodes.values():
        master = nodes.get(node.follows or "")
        if not node.alive or master is None:
            continue
        hears = master.alive and not master.hung and master.role == "master" and not node.hung
        if hears:
            node.offset, node.keys, node.fence = master.offset, master.keys, master.fence
            node.link_up = True
        elif not master.hung and node.link_up:
            node.link_up, node.link_down_since = False, now
