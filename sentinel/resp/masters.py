"""Groups and nodes in Redis Sentinel's words (``sentinel.c``, ``addReplySentinelRedisInstance``)."""

from __future__ import annotations

from sentinel.coordination.node_spec import NodeRecord
from sentinel.group.driver import GroupDriver
from sentinel.process import clock
from sentinel.resp.codec import Reply


def address(driver: GroupDriver) -> tuple[str, int] | None:
    """Where the primary is, by the newest topology that is on disk here; None before the first."""
    if driver.topology is None:
        return None
    return _reach(driver, driver.topology.primary)


def master(driver: GroupDriver, members: int) -> dict[str, Reply] | None:
    """None before the first topology."""
    where = address(driver)
    if where is None or driver.topology is None:
        return None
    coordinator, name = driver.coordinator, driver.topology.primary
    return {
        "name": driver.name,
        "ip": where[0],
        "port": str(where[1]),
        "runid": _run_id(driver, name),
        "flags": _flags(driver, name, "master"),
        "role-reported": "master",
        "config-epoch": str(driver.topology.term),
        "num-slaves": str(len(replicas(driver))),
        "num-other-sentinels": str(members - 1),
        "quorum": str(coordinator.member.config.quorum),
        "down-after-milliseconds": str(round(coordinator.member.config.patience.down_after_s * 1000)),
        "failover-timeout": str(round(coordinator.config.work.limit_s * 1000)),
        "parallel-syncs": str(coordinator.config.work.parallel_syncs),
    }


def replicas(driver: GroupDriver) -> list[dict[str, Reply]]:
    if driver.topology is None:
        return []
    book, primary = driver.coordinator.book, driver.topology.primary
    return [_replica(driver, book[name]) for name in book.names if name != primary and _is_told(book[name])]


def _is_told(record: NodeRecord) -> bool:
    """Redis's ``replica-announced no`` keeps a replica from clients, as one that only makes backups."""
    return record.info is None or record.info.announced


def flags_line(driver: GroupDriver) -> str:
    """``ok``, ``sdown`` or ``odown``, as INFO says it."""
    primary = driver.topology.primary if driver.topology else ""
    flags = _flags(driver, primary, "master").split(",")
    return "odown" if "o_down" in flags else "sdown" if "s_down" in flags else "ok"


def _replica(driver: GroupDriver, record: NodeRecord) -> dict[str, Reply]:
    info = record.info
    host, port = record.spec.reach
    return {
        "name": record.spec.name,
        "ip": host,
        "port": str(port),
        "runid": info.run_id if info else "",
        "flags": _flags(driver, record.spec.name, "slave"),
        "role-reported": "slave" if info is None else info.role,
        "master-link-status": "ok" if info is not None and info.link_up else "err",
        "master-host": (info.master_host if info else None) or "?",
        "master-port": str((info.master_port if info else None) or 0),
        "slave-priority": str(
            info.priority if info and record.spec.priority is None else record.spec.priority or 0
        ),
        "slave-repl-offset": str(info.offset_bytes if info else 0),
    }


def _reach(driver: GroupDriver, name: str) -> tuple[str, int]:
    book = driver.coordinator.book
    if name in book:
        return book[name].spec.reach
    host, _, port = name.rpartition(":")
    return host.strip("[]"), int(port) if port.isdecimal() else 0


def _run_id(driver: GroupDriver, name: str) -> str:
    book = driver.coordinator.book
    info = book[name].info if name in book else None
    return info.run_id if info is not None else ""


def _flags(driver: GroupDriver, name: str, role: str) -> str:
    member = driver.coordinator.member
    flags = ["s_down"] if member.verdict(name, clock.monotonic()).down else []
    flags += ["o_down"] if member.is_odown(name) else []
    return ",".join([*flags, role, *(["disconnected"] if flags else [])])
