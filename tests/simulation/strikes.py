"""How each kind of fault is done to a world. Passed over where it does not fit: a dead process cannot die."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from quorum.directives import Pause, Schedule
from sentinel.coordination.inputs import Ordered
from sentinel.coordination.orders import CancelOrder, Order, PauseOrder, ResumeOrder, ScheduleOrder
from tests.simulation.balancing import ADDED
from tests.simulation.cluster_mode import CLUSTERED, restart_in_cluster_mode
from tests.simulation.directories import (
    BACK_UP,
    EMPTY,
    MOVE,
    REFUSE,
    RESTORE,
    back_up,
    lose_directory,
    refuse_writes,
)
from tests.simulation.faults import RETURNS, Fault
from tests.simulation.model_redis.limits import OOM, TOO_MANY_CLIENTS
from tests.simulation.model_redis.refusals import CONNECT, How, Refusal
from tests.simulation.model_redis.replicas import LOADING
from tests.simulation.naming import Naming
from tests.simulation.node import Node
from tests.simulation.sick import Ailment, Trouble, Without
from tests.simulation.terms import RAISE, SPOIL, raise_fence, spoil
from tests.simulation.twins import TWIN

if TYPE_CHECKING:
    from tests.simulation.host import Host
    from tests.simulation.world import World

LATE_STRIKES = 3
OLD_BY_S = 1.0
"""How old the snapshot of a primary is that comes back with it."""
FORWARDED_S = 2.0


def strike(world: World, fault: Fault) -> bool:
    """Whether it fitted."""
    if any(name in world.setup.cast.sentinels and name not in world.hosts for name in fault.targets[:1]):
        return False
    return _STRIKES[fault.kind](world, fault)


def _cut(world: World, pairs: set[tuple[str, str]], for_s: float) -> bool:
    added = pairs - world.network.cuts
    world.network.cuts |= added
    world.schedule.at(for_s, lambda: world.network.cuts.difference_update(added))
    return bool(added)


def _cut_off(world: World, fault: Fault) -> bool:
    outside = [place for place in world.setup.cast.places if place not in fault.targets]
    pairs = {(a, b) for a in fault.targets for b in outside}
    return _cut(world, pairs | {(b, a) for a, b in pairs}, fault.amount)


def _cut_one_way(world: World, fault: Fault) -> bool:
    outside = [place for place in world.setup.cast.places if place not in fault.targets]
    return _cut(world, {(a, b) for a in fault.targets for b in outside}, fault.amount)


def _cut_sentinels(world: World, fault: Fault) -> bool:
    """Only what they say to each other: each still reaches every node."""
    outside = [name for name in world.hosts if name not in fault.targets]
    apart = {(a, b) for a in fault.targets for b in outside}
    return _silence(world, apart | {(b, a) for a, b in apart}, fault.amount)


def _silence(world: World, pairs: set[tuple[str, str]], for_s: float) -> bool:
    added = pairs - world.network.silent
    world.network.silent |= added
    world.schedule.at(for_s, lambda: world.network.silent.difference_update(added))
    return bool(added)


def _cut_sentinels_one_way(world: World, fault: Fault) -> bool:
    """What the first says does not reach the second, and the other way round all is well."""
    world.coverage.add("two sentinels of which one does not hear the other")
    return _silence(world, {(fault.targets[0], fault.targets[1])}, fault.amount)


def _undial(world: World, fault: Fault) -> bool:
    """Nobody can connect to a sentinel, which itself connects to all; or it cannot, and all connect to it."""
    (name,) = fault.targets
    others = [other for other in world.hosts if other != name]
    pairs = {(name, other) if fault.kind.startswith("sentinel") else (other, name) for other in others}
    added = pairs - world.network.undialled
    world.network.undialled |= added
    world.schedule.at(fault.amount, lambda: world.network.undialled.difference_update(added))
    world.coverage.add("a sentinel with links in one direction only")
    return bool(added)


def _weather(name: str) -> Callable[[World, Fault], bool]:
    def change(world: World, fault: Fault) -> bool:
        world.network.weather = replace(world.network.weather, **{name: fault.amount})
        return True

    return change


def _start_twin(world: World, fault: Fault) -> bool:
    return world.pairs.start(fault)


def _crash_sentinel(world: World, fault: Fault) -> bool:
    host = world.hosts[fault.targets[0]]
    if not host.running:
        return False
    host.crash(keep_lazy=world.rng.random() < 0.5)
    world.schedule.at(fault.amount, host.start)
    return True


def _crash_in_effects(world: World, fault: Fault) -> bool:
    host = world.hosts[fault.targets[0]]
    if not host.running or host.crash_in is not None:
        return False
    host.crash_in = int(fault.amount)
    world.schedule.at(world.rng.uniform(1.0, 6.0), host.start)
    return True


def _pause_sentinel(world: World, fault: Fault) -> bool:
    host = world.hosts[fault.targets[0]]
    if not host.awake:
        return False
    host.pause(fault.amount)
    return True


def _suspend_sentinel(world: World, fault: Fault) -> bool:
    host = world.hosts[fault.targets[0]]
    if not host.awake:
        return False
    host.suspend(fault.amount)
    world.coverage.add("a machine suspended")
    return True


def _set_wall_clock(world: World, fault: Fault) -> bool:
    """Somebody, or a wrong time server, sets it: ahead of the others' or behind."""
    host = world.hosts[fault.targets[0]]
    world.checks.clock_is_set(host)
    host.set_wall(fault.amount)
    world.coverage.add("wall clocks apart")
    return True


def _pause_in_effects(world: World, fault: Fault) -> bool:
    host = world.hosts[fault.targets[0]]
    if not host.awake or host.stop_in is not None:
        return False
    host.stop_in = (int(fault.amount), world.rng.choice([0.3, 1.0, 3.0, 8.0]))
    return True


def _trap_leader(world: World, fault: Fault) -> bool:
    """Whoever leads next meets it: a leadership is short, and seldom hit by chance."""
    if world.trap is not None:
        return False
    stops = fault.kind.startswith("pause")
    world.trap = (int(fault.amount), world.rng.choice([0.3, 0.6, 1.0, 3.0, 8.0]) if stops else 0.0)
    return True


def _pause_all(world: World, fault: Fault) -> bool:
    for host in world.hosts.values():
        host.pause(fault.amount)
    return True


def _deny_everywhere(world: World, fault: Fault) -> bool:
    """The password was changed at the node, and nobody told the sentinels."""
    pairs = {(name, fault.targets[0]) for name in world.hosts}
    world.denials |= pairs
    world.schedule.at(fault.amount, lambda: world.denials.difference_update(pairs))
    return True


def _out_of_files(world: World, fault: Fault) -> bool:
    """It loses its connections to all nodes, and can make no new ones."""
    host = world.hosts[fault.targets[0]]
    if not host.running or host.name in world.out_of_files:
        return False
    world.out_of_files.add(host.name)
    for name in world.nodes:
        host.probing.sever(name)
    world.schedule.at(fault.amount, lambda: world.out_of_files.discard(host.name))
    return True


def _drift(world: World, fault: Fault) -> bool:
    world.hosts[fault.targets[0]].set_rate(fault.amount)
    return True


def _slow_disk(world: World, fault: Fault) -> bool:
    host = world.hosts[fault.targets[0]]
    host.fsync_s = fault.amount
    world.schedule.at(4.0, lambda: setattr(host, "fsync_s", 0.002))
    return True


def _between(sets: Callable[[World], set[tuple[str, str]]]) -> Callable[[World, Fault], bool]:
    def begin(world: World, fault: Fault) -> bool:
        pair = (fault.targets[0], fault.targets[1])
        sets(world).add(pair)
        world.schedule.at(fault.amount, lambda: sets(world).discard(pair))
        return True

    return begin


def _forwarder_away(world: World, fault: Fault) -> bool:
    """Sentinels are cut off and refused at a node that lives, and that clients and replicas still reach."""
    node = _primary(world) if "primary" in fault.kind else world.nodes[fault.targets[0]]
    now = world.schedule.now
    if node is None or now < world.forwarded_until.get(node.name, now):
        return False
    # Until it was surely looked at again, lest many such moments add up to a silence.
    world.forwarded_until[node.name] = now + fault.amount + FORWARDED_S
    world.network.away.add(node.name)
    for host in world.hosts.values():
        host.probing.sever(node.name)
    world.schedule.at(fault.amount, lambda: world.network.away.discard(node.name))
    return True


def _slow_info(world: World, fault: Fault) -> bool:
    world.slow_info[fault.targets[0]] = fault.amount

    def end() -> None:
        world.slow_info.pop(fault.targets[0], None)

    world.schedule.at(4.0, end)
    return True


def _primary(world: World) -> Node | None:
    topologies = [host.disk.committed.topology for host in world.hosts.values()]
    known = [topology for topology in topologies if topology is not None]
    return world.nodes[max(known, key=lambda t: t.term).primary] if known else None


def _target(world: World, fault: Fault) -> Node | None:
    node = _primary(world) if "primary" in fault.kind else world.nodes[fault.targets[0]]
    return node if node is not None and node.running and not node.hung else None


def _crash_node(world: World, fault: Fault) -> bool:
    node = _target(world, fault)
    if node is None:
        return False
    # Where WAIT is to be honoured, nodes keep what they acknowledged, as with appendfsync always.
    saves = world.setup.style == "durable" or world.rng.random() < 0.5
    if saves:
        node.save()
    if not saves or Ailment.NO_DISK in node.sickness:
        world.bereave(node)
    node.crash()
    world.schedule.at(fault.amount, node.start)
    return True


def _hang_node(world: World, fault: Fault) -> bool:
    node = _target(world, fault)
    if node is None:
        return False
    node.hang()
    world.schedule.at(fault.amount, node.resume)
    return True


def _wipe_node(world: World, fault: Fault) -> bool:
    node = _target(world, fault)
    if node is None:
        return False
    world.bereave(node)
    node.crash()
    node.wipe()
    world.schedule.at(fault.amount, node.start)
    return True


def _return_as_replica(world: World, fault: Fault) -> bool:
    """Its process ends, and is started again with a command line that makes it a replica."""
    node, of = _target(world, fault), world.nodes[fault.targets[0]]
    if node is None or of is node or node.loading:
        return False
    node.save()
    if "old" in fault.kind:
        world.schedule.at(OLD_BY_S, lambda: _end_and_return(world, node, of, fault))
    else:
        _end_and_return(world, node, of, fault)
    return True


def _end_and_return(world: World, node: Node, of: Node, fault: Fault) -> None:
    if not node.running or node.hung:
        return
    if "empty" in fault.kind or "old" in fault.kind or Ailment.NO_DISK in node.sickness:
        world.bereave(node)
    node.crash()
    if "empty" in fault.kind:
        node.wipe()
    if "rewritten" in fault.kind:
        node.forget_history()
    node.supervised(of)
    world.coverage.add("a primary came back as a replica")
    world.schedule.at(fault.amount, node.start)


def _flush(*names: str) -> Callable[[World, Fault], bool]:
    def flush(world: World, _fault: Fault) -> bool:
        node = _primary(world)
        if node is None or not node.running or node.hung or node.follows is not None:
            return False
        world.emptied = world.emptied or "FLUSHALL" in names
        world.unfenced = True
        if "FLUSHALL" in names:
            node.command("FLUSHALL")
        else:
            node.command("DEL", "vedette:g:term")
        return True

    return flush


def _late(world: World, fault: Fault) -> bool:
    world.late += [fault.amount] * LATE_STRIKES
    return True


def _ask(*, switchover: bool) -> Callable[[World, Fault], bool]:
    def ask(world: World, fault: Fault) -> bool:
        hosts = [host for host in world.hosts.values() if host.awake and host.contact.has_majority()]
        if not hosts:
            return False
        host = world.rng.choice(hosts)
        if host.brain is None or host.brain.busy(host.now):
            return False
        target = fault.targets[0] if world.rng.random() < 0.5 else None
        world.request(host, target, switchover=switchover)
        return True

    return ask


def _order(make: Callable[[World, Host, Fault], Order | None]) -> Callable[[World, Fault], bool]:
    def give(world: World, fault: Fault) -> bool:
        hosts = [host for host in world.hosts.values() if host.awake and host.contact.has_majority()]
        host = world.rng.choice(hosts) if hosts else None
        if host is None or host.brain is None or host.brain.order is not None:
            return False
        order = make(world, host, fault)
        if order is not None:
            host.feed(Ordered(order))
        return order is not None

    return give


def _pause_order(world: World, host: Host, _fault: Fault) -> Order:
    return PauseOrder(world.next_operation(), Pause(world.wall_ms, host.name))


def _schedule_order(world: World, _host: Host, fault: Fault) -> Order:
    to = fault.targets[0] if world.rng.random() < 0.5 else None
    at_ms = world.wall_ms + round(fault.amount * 1000)
    order = ScheduleOrder(Schedule(world.next_operation(), at_ms, to, world.wall_ms, 2_000))
    world.checks.scheduled[order.operation] = at_ms
    return order


def _cancel_order(world: World, host: Host, _fault: Fault) -> Order | None:
    schedule = host.brain.directives.schedule if host.brain is not None else None
    return None if schedule is None else CancelOrder(world.next_operation(), schedule.operation)


def _by_hand(world: World, fault: Fault) -> bool:
    """Somebody at a keyboard: a replica is promoted, or the primary is made one."""
    node = _target(world, fault)
    other = world.rng.choice(list(world.nodes.values()))
    if node is None or node.loading or node.handing_over:
        return False
    world.emptied = True
    if other is node or world.rng.random() < 0.5:
        node.command("REPLICAOF", "NO", "ONE")
    else:
        node.command("REPLICAOF", other.host, other.port)
    return True


def _suffer(world: World, fault: Fault, trouble: Trouble) -> bool:
    node = _target(world, fault)
    if node is None or trouble in node.sickness:
        return False
    node.sickness.begin(trouble)

    def recover() -> None:
        node.sickness.end(trouble)
        # Whatever it did not survive, it is started again.
        node.start()

    if fault.amount:
        world.schedule.at(fault.amount, recover)
    return True


def _ail(ailment: Ailment) -> Callable[[World, Fault], bool]:
    return lambda world, fault: _suffer(world, fault, ailment)


def _break_disk(world: World, fault: Fault) -> bool:
    if not world.setup.settings.saves:
        return False
    return _suffer(world, fault, Ailment.NO_DISK)


def _rename(world: World, fault: Fault) -> bool:
    return _suffer(world, fault, Without(fault.targets[1]))


_HOW: dict[str, tuple[How, str]] = {
    "NOPERM": (How.ERROR, "NOPERM this user has no permissions to run the '{command}' command"),
    "LOADING": (How.ERROR, LOADING),
    "ERR": (How.ERROR, "ERR {command} is not for you"),
    "when it runs": (How.ERROR_AT_EXEC, OOM),
    "silence": (How.SILENCE, ""),
    "cut": (How.CUT, ""),
    "cut behind": (How.CUT_AFTER, ""),
}


def _refuse(world: World, fault: Fault) -> bool:
    """To the sentinels. Without a duration, the next request only."""
    _, command, way = fault.targets
    how, error = _HOW[way]
    node = _target(world, fault)
    if node is None:
        return False
    node.refusals.clients = frozenset(world.hosts)
    if command == CONNECT and how is How.ERROR:
        error = TOO_MANY_CLIENTS
    return _suffer(world, fault, Refusal(command, how, error, nth=None if fault.amount else 1))


def _restart_named(naming: Naming) -> Callable[[World, Fault], bool]:
    def restart(world: World, fault: Fault) -> bool:
        host = world.hosts[fault.targets[0]]
        if not host.running:
            return False
        host.naming = (naming, fault.targets[1])
        host.crash()
        world.schedule.at(fault.amount, host.start)
        world.coverage.add(f"a configuration that names the nodes {naming}")
        return True

    return restart


_STRIKES: dict[str, Callable[[World, Fault], bool]] = {
    TWIN: _start_twin,
    "cut off": _cut_off,
    "cut off one way": _cut_one_way,
    "cut sentinels apart": _cut_sentinels,
    "cut one sentinel's words to another": _cut_sentinels_one_way,
    "nobody connects to sentinel": _undial,
    "sentinel connects to nobody": _undial,
    "suspend sentinel": _suspend_sentinel,
    "set wall clock": _set_wall_clock,
    "lose messages": _weather("loss"),
    "double messages": _weather("copies"),
    "delay messages": _weather("slow"),
    "crash sentinel": _crash_sentinel,
    "crash sentinel in mid-effects": _crash_in_effects,
    "pause sentinel": _pause_sentinel,
    "pause sentinel for long": _pause_sentinel,
    "pause sentinel in mid-effects": _pause_in_effects,
    "crash leader in mid-effects": _trap_leader,
    "pause leader in mid-effects": _trap_leader,
    "out of files": _out_of_files,
    "drift clock": _drift,
    "slow disk": _slow_disk,
    "lose names": _between(lambda world: world.nameless),
    "deny": _between(lambda world: world.denials),
    "deny everywhere": _deny_everywhere,
    "pause every sentinel": _pause_all,
    "slow INFO": _slow_info,
    "forwarder away": _forwarder_away,
    "forwarder of the primary away": _forwarder_away,
    "forwarder of the primary away briefly": _forwarder_away,
    "crash node": _crash_node,
    "crash primary": _crash_node,
    "hang node": _hang_node,
    "hang primary": _hang_node,
    "wipe node": _wipe_node,
    "wipe primary": _wipe_node,
    "flush fence": _flush("DEL"),
    "flush all": _flush("FLUSHALL"),
    "late EXEC": _late,
    "operator failover": _ask(switchover=False),
    "operator switchover": _ask(switchover=True),
    "REPLICAOF by hand": _by_hand,
    "refuse command": _refuse,
    "rename command": _rename,
    "fill node": _ail(Ailment.FULL),
    "fill primary": _ail(Ailment.FULL),
    "break disk of node": _break_disk,
    "break disk of primary": _break_disk,
    "serve nothing stale": _ail(Ailment.NO_STALE),
    "no more clients at node": _ail(Ailment.NO_CLIENTS),
    ADDED: _restart_named(Naming.BALANCED),
    CLUSTERED: restart_in_cluster_mode,
    RAISE: raise_fence,
    SPOIL: spoil,
    BACK_UP: back_up,
    REFUSE: refuse_writes,
    **dict.fromkeys((EMPTY, RESTORE, MOVE), lose_directory),
    **dict.fromkeys(RETURNS, _return_as_replica),
    "operator pauses": _order(_pause_order),
    "operator resumes": _order(lambda world, _host, _fault: ResumeOrder(world.next_operation())),
    "operator schedules": _order(_schedule_order),
    "operator cancels": _order(_cancel_order),
    "rename nodes": _restart_named(Naming.ALIASES),
    "leave a node out": _restart_named(Naming.WITHOUT),
    "list a node twice": _restart_named(Naming.TWICE),
    "name nodes as usual": _restart_named(Naming.PLAIN),
}
