"""Servers that die, hang and come back."""

from __future__ import annotations

import signal

from tests.wild.bed import Bed
from tests.wild.situation import Wants, situation
from tests.wild.web_server import PingProxy, WebServer

THEME = "a server dies"
FEW = 5
"""What replication, being asynchronous, may have under way."""


@situation(THEME, Wants(spare=FEW, tell=("A",)))
def crash(bed: Bed) -> None:
    """The primary's process is killed."""
    bed.start()
    bed.strike()
    bed.node("A").kill()
    bed.settle()


@situation(THEME, Wants(spare=FEW, tell=("A",)), "redis/redis#4723")
def hang(bed: Bed) -> None:
    """The primary hangs for good (SIGSTOP)."""
    bed.start()
    bed.strike()
    bed.node("A").pause()
    bed.settle()
    bed.node("A").resume()
    bed.settle()


@situation(THEME, Wants(primary="same"))
def stopped_half_a_second(bed: Bed) -> None:
    """The primary is stopped for half a second (a snapshot of its virtual machine)."""
    bed.start()
    bed.strike()
    bed.node("A").pause()
    bed.pass_time(0.5)
    bed.node("A").resume()
    bed.settle(at_least_s=6.0)


@situation(THEME, Wants(spare=FEW), "bitnami/charts#5418")
def returns_as_a_master(bed: Bed) -> None:
    """The primary is killed, and started again as a master once another has its place."""
    bed.start("--appendonly", "yes")
    bed.strike()
    bed.node("A").kill()
    bed.until(bed.in_order, 30.0)
    bed.node("A").restart()
    bed.settle()


@situation(THEME, Wants(spare=FEW), "redis/redis#12570")
def two_failovers(bed: Bed) -> None:
    """Two primaries are killed, one after the other; then both come back."""
    bed.start("--appendonly", "yes")
    bed.strike()
    bed.node("A").kill()
    bed.until(bed.in_order, 30.0)
    second = bed.masters()[0]
    bed.node(second).kill()
    bed.until(lambda: bed.named() != [second] * 3 and bed.in_order(), 60.0)
    bed.node("A").restart()
    bed.node(second).restart()
    bed.settle(60.0)


@situation(THEME, Wants(primary="any", spare=10 * FEW), "redis/redis#5677")
def ten_kills(bed: Bed) -> None:
    """Ten times in a row, whoever is primary is killed, and restarted a second later."""
    bed.start("--appendonly", "yes")
    bed.strike()
    done = 0
    for _ in range(10):
        masters = bed.masters()
        if len(masters) != 1:
            break
        (killed,) = masters
        bed.node(killed).kill()
        bed.pass_time(1.0)
        bed.node(killed).restart()
        if not bed.until(bed.in_order, 25.0):
            break
        done += 1
    bed.remark(f"{done} of 10 overcome within 25 s each")
    bed.settle()


@situation(THEME, Wants(primary="any"), "valkey-io/valkey#1322", "bitnami/charts#8263")
def all_at_once(bed: Bed) -> None:
    """All servers are killed and restarted at once, with their append-only files."""
    bed.start("--appendonly", "yes", "--appendfsync", "always")
    bed.strike()
    for letter in "ABC":
        bed.node(letter).kill()
    bed.node("A").restart()
    for letter in "BC":
        bed.node(letter).restart(
            arguments=("--appendonly", "yes", "--replicaof", "127.0.0.1", str(bed.node("A").port))
        )
    bed.settle()


@situation(THEME, Wants(primary="same"))
def a_replica_dies(bed: Bed) -> None:
    """A replica is killed, and comes back ten seconds later."""
    bed.start()
    bed.strike()
    bed.node("B").kill()
    bed.pass_time(10.0)
    bed.node("B").restart(arguments=("--replicaof", "127.0.0.1", str(bed.node("A").port)))
    bed.settle()


@situation(THEME, Wants(spare=FEW, tell=("C",)), "redis/redis#7825")
def one_replica_left(bed: Bed) -> None:
    """A replica is dead already when the primary is killed."""
    bed.start()
    bed.node("C").kill()
    bed.pass_time(3.0)
    bed.strike()
    bed.node("A").kill()
    bed.settle()


@situation(THEME, Wants(spare=FEW))
def hangs_and_returns(bed: Bed) -> None:
    """The primary hangs for five seconds, and goes on where it was."""
    bed.start()
    bed.strike()
    bed.node("A").pause()
    bed.pass_time(5.0)
    bed.node("A").resume()
    bed.settle()


@situation(THEME, Wants(spare=FEW, primary="any"), "bitnami/charts#13021")
def stopped_politely(bed: Bed) -> None:
    """The primary is shut down (SIGTERM) and does not come back."""
    bed.start()
    bed.strike()
    bed.node("A").end(signal.SIGTERM)
    bed.settle()


@situation(THEME, Wants(spare=FEW, primary="any"))
def loads_for_long(bed: Bed) -> None:
    """The primary is killed, restarted at once, and loads its data for a quarter of a minute."""
    bed.start("--save", "3600 1000000", "--key-load-delay", "0")
    bed.tell("A", "SAVE")
    bed.strike()
    bed.node("A").restart_without_waiting("--save", "3600 1000000", "--key-load-delay", "30000")
    bed.settle(60.0)


@situation(THEME, Wants(spare=FEW))
def most_keys_expired(bed: Bed) -> None:
    """Most keys have expired just before the primary is killed."""
    bed.start()
    with bed.node("A").client() as client, client.pipeline(transaction=False) as pipe:
        for number in range(2000):
            pipe.set(f"short:{number}", number, px=2500)
        pipe.execute()
    bed.until(lambda: int(bed.tell("A", "DBSIZE")) < 2000, 15.0)
    bed.strike()
    bed.node("A").kill()
    bed.settle()


@situation(THEME, Wants(spare=FEW, tell=("A",)))
def another_program_has_the_port(bed: Bed) -> None:
    """The primary dies, and a web server takes its port."""
    bed.start()
    bed.strike()
    bed.node("A").kill()
    with WebServer(bed.node("A").port):
        bed.settle(at_least_s=6.0)


@situation(THEME, Wants(spare=FEW, tell=("A",)))
def a_proxy_answers_for_it(bed: Bed) -> None:
    """The primary dies behind a proxy that answers PING itself, and all else with an error."""
    bed.start()
    bed.strike()
    bed.node("A").kill()
    with PingProxy(bed.node("A").port):
        bed.settle(at_least_s=6.0)


@situation(THEME, Wants(spare=FEW, primary="any"))
def shutdown_waits(bed: Bed) -> None:
    """The primary is shut down (SIGTERM) while a replica hangs, for which Redis waits ten seconds."""
    bed.start()
    bed.node("C").pause()
    bed.pass_time(0.5)
    bed.strike()
    bed.node("A").terminate()
    bed.settle()
    bed.node("C").resume()
    bed.settle()
