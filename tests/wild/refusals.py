"""Nodes that refuse what a failover asks of them."""

from __future__ import annotations

from tests.wild.bed import Bed
from tests.wild.crashes import FEW
from tests.wild.situation import Wants, situation
from tests.wild.systems import Watched

THEME = "a server refuses a step"
SNAPSHOTS = (
    *("--save", "3600 1000000", "--stop-writes-on-bgsave-error", "yes"),
    # Or the replica ends itself, which would be another situation.
    *("--replica-ignore-disk-write-errors", "yes"),
)
USER, PASSWORD = "watcher", "sesame-of-the-tests"
FOR_CLIENTS = ["-info", "-publish", "-subscribe", "-slaveof", "-replicaof", "-multi", "-exec", "-config"]
ALLOWED = {
    # What the documents of each say that its user needs.
    "vedette": (
        "+ping +info +role +replicaof +config|rewrite +config|get +config|set +client|kill "
        "+client|list +client|setname +client|pause +client|unpause +failover +multi +exec +watch +unwatch "
        "+get +set +eval +pubsub|numsub ~vedette:*"
    ),
    "sentinel": (
        "&* +multi +slaveof +ping +exec +subscribe +config|rewrite +role +publish +info +client|setname "
        "+client|kill +script|kill +failover"
    ),
}


def _crash(bed: Bed) -> None:
    bed.strike()
    bed.node("A").kill()
    bed.settle()


def _users(bed: Bed, *, at: str, without: tuple[str, ...]) -> Watched:
    """The sentinels' own user at every node, with what the documents say; at some nodes some is missing.

    Without it they are nobody: the default user is for clients and for replication.
    """
    allowed = ALLOWED["vedette" if bed.system.name == "vedette" else "sentinel"]
    for letter in bed.nodes:
        rules = f"on >{PASSWORD} {allowed}".split()
        rules = [rule for rule in rules if letter not in at or rule not in without]
        bed.tell(letter, "ACL", "SETUSER", USER, *rules)
        bed.tell(letter, "ACL", "SETUSER", "default", *FOR_CLIENTS)
    names = [node.name for node in bed.nodes.values()]
    return Watched(names, username=USER, password=PASSWORD)


@situation(THEME, Wants(spare=FEW), "redis/redis#2241", "redis/redis#10328")
def config_renamed(bed: Bed) -> None:
    """CONFIG is renamed at every node; the primary dies."""
    bed.start("--rename-command", "CONFIG", "")
    _crash(bed)


@situation(THEME, Wants(spare=FEW), "redis/redis#2067")
def client_renamed(bed: Bed) -> None:
    """CLIENT is renamed at every node; the primary dies."""
    bed.start("--rename-command", "CLIENT", "")
    _crash(bed)


@situation(THEME, Wants(spare=FEW))
def replicaof_renamed(bed: Bed) -> None:
    """REPLICAOF is renamed at every node, and its older name SLAVEOF is not; the primary dies."""
    bed.start("--rename-command", "REPLICAOF", "")
    _crash(bed)


@situation(THEME, Wants(spare=FEW))
def eval_renamed(bed: Bed) -> None:
    """EVAL is renamed at every node; the primary dies."""
    bed.start("--rename-command", "EVAL", "")
    _crash(bed)


@situation(THEME, Wants(primary="any"))
def eval_renamed_switchover(bed: Bed) -> None:
    """EVAL is renamed at every node; a switchover is asked for."""
    bed.start("--rename-command", "EVAL", "")
    bed.strike()
    objection = bed.system.switchover()
    bed.remark("the switchover is refused" if objection else "the switchover is done")
    bed.settle()


@situation(THEME, Wants(spare=FEW, tell=("B",)), "redis/redis#2733")
def no_replicaof(bed: Bed) -> None:
    """The sentinels' user may not do REPLICAOF at the preferred replica; the primary dies."""
    bed.group(B=("--replica-priority", "1"))
    bed.seed()
    bed.watch(_users(bed, at="B", without=("+replicaof", "+slaveof")))
    bed.write()
    _crash(bed)


@situation(THEME, Wants(spare=FEW), "redis/redis#5589")
def no_config_and_kill(bed: Bed) -> None:
    """The sentinels' user may do neither CONFIG nor CLIENT KILL; the primary dies."""
    bed.group()
    bed.seed()
    missing = ("+config|rewrite", "+config|get", "+config|set", "+client|kill")
    bed.watch(_users(bed, at="ABC", without=missing))
    bed.write()
    _crash(bed)


@situation(THEME, Wants(spare=FEW, tell=("B",)), "redis/redis#5410")
def wrong_password(bed: Bed) -> None:
    """One replica has another password than the sentinels know; the primary dies."""
    bed.group(B=("--replica-priority", "1"))
    bed.seed()
    watched = _users(bed, at="", without=())
    bed.tell("B", "ACL", "SETUSER", USER, "resetpass", ">another")
    bed.watch(watched, well=False)
    bed.write()
    _crash(bed)


@situation(THEME, Wants(spare=FEW), "flyerhzm/redis-sentinel#5", "StackExchange/StackExchange.Redis#2994")
def no_stale_data(bed: Bed) -> None:
    """Replicas serve no stale data (`replica-serve-stale-data no`); the primary dies."""
    bed.start("--replica-serve-stale-data", "no")
    _crash(bed)


@situation(THEME, Wants(primary="same", writes=False, tell=("A",), or_told=True), "redis/redis#1310")
def only_priority_0(bed: Bed) -> None:
    """Every replica has priority 0, so that none may be promoted; the primary dies."""
    bed.start(B=("--replica-priority", "0"), C=("--replica-priority", "0"))
    bed.strike()
    bed.node("A").kill()
    bed.settle(15.0, at_least_s=15.0)


@situation(THEME, Wants(spare=FEW), "redis/redis#13730")
def one_replica_cannot_save(bed: Bed) -> None:
    """The preferred replica's disk is broken, so that it refuses writes (MISCONF); the primary dies."""
    bed.start(B=(*SNAPSHOTS, "--replica-priority", "1"))
    bed.break_snapshots("B")
    _crash(bed)


@situation(
    THEME, Wants(spare=FEW, writes=False, tell=("B",), primary="any", or_told=True), "redis/redis#13730"
)
def no_replica_can_save(bed: Bed) -> None:
    """The disks of all replicas are broken, so that they refuse writes (MISCONF); the primary dies."""
    bed.start(B=SNAPSHOTS, C=SNAPSHOTS)
    for letter in "BC":
        bed.break_snapshots(letter)
    bed.strike()
    bed.node("A").kill()
    bed.settle(25.0, writes=False)


@situation(THEME, Wants(spare=FEW), "redis/jedis#1329")
def replicas_have_no_connections_left(bed: Bed) -> None:
    """Clients have taken every connection of the replicas (`maxclients`); the primary dies."""
    bed.start(B=("--maxclients", "40"), C=("--maxclients", "40"))
    for letter in "BC":
        bed.hold_all_connections(letter)
    bed.strike()
    bed.node("A").kill()
    bed.pass_time(6.0)
    bed.release_connections()
    bed.settle()


@situation(THEME, Wants(spare=FEW), "redis/redis#203", "redis/redis#3570")
def mixed_versions(bed: Bed) -> None:
    """Halfway through an upgrade: A and B are Redis 7.0, C is 8.2, whose snapshots they cannot read; the
    primary dies, and comes back.
    """
    bed.server("A", "--appendonly", "yes", build="older")
    bed.server("B", build="older", of="A")
    bed.server("C", build="newer", of="A")
    bed.seed()
    bed.watch()
    bed.write()
    bed.strike()
    bed.node("A").kill()
    bed.until(bed.in_order, 30.0)
    bed.node("A").restart()
    bed.settle(at_least_s=15.0)
    roles = {letter: bed.role(letter) for letter in "ABC"}
    cut_off = [letter for letter, role in roles.items() if role[0] == "slave" and role[3] != "connected"]
    if cut_off:
        bed.remark(f"!{', '.join(cut_off)} cannot follow any more")


@situation(THEME, Wants(primary="any", spare=FEW), "redis/redis#4386")
def primary_upgraded_first(bed: Bed) -> None:
    """The primary is upgraded first, from Redis 7.0 to 8.2: its replicas drop their data for a snapshot that
    they cannot read; then it is restarted once more, two seconds later.
    """
    bed.server("A", "--appendonly", "yes", "--appendfsync", "always", build="older")
    for letter in "BC":
        bed.server(letter, build="older", of="A")
    bed.seed()
    bed.watch()
    bed.write()
    bed.strike()
    bed.upgrade("A")
    bed.pass_time(6.0)
    bed.node("A").kill()
    bed.pass_time(2.0)
    bed.node("A").restart()
    bed.settle(30.0)


@situation(THEME, Wants(spare=FEW, tell=("A",)), "redis/redis#9009")
def no_masterauth(bed: Bed) -> None:
    """The old primary never had the password for replication (`masterauth`); it dies, and comes back."""
    secret = ("--requirepass", "", "--appendonly", "yes")
    bed.group(*secret)
    for letter in "ABC":
        bed.tell(letter, "ACL", "SETUSER", "copier", "on", ">copy", "+psync", "+replconf", "+ping", "~*")
    for letter in "BC":
        bed.tell(letter, "CONFIG", "SET", "masteruser", "copier")
        bed.tell(letter, "CONFIG", "SET", "masterauth", "copy")
    for letter in "ABC":
        bed.tell(letter, "ACL", "SETUSER", "default", "-psync", "-sync")
    bed.seed()
    bed.watch()
    bed.write()
    bed.strike()
    bed.node("A").kill()
    bed.until(bed.in_order, 20.0)
    bed.node("A").restart()
    bed.pass_time(15.0)
    bed.settle(10.0)


@situation(THEME, Wants(spare=FEW))
def writes_are_paused_at_replicas(bed: Bed) -> None:
    """Somebody has paused the writes of both replicas (CLIENT PAUSE ... WRITE); the primary dies."""
    bed.start()
    for letter in "BC":
        bed.tell(letter, "CLIENT", "PAUSE", 60_000, "WRITE")
    _crash(bed)
