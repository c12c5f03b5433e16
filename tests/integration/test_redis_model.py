"""The simulator's model of Redis against real servers: same commands, same answers, same state."""

from __future__ import annotations

import random

import pytest

from promotion.conversation import ReplyError
from tests.simulation.model_redis.commands import FENCE_SCRIPT
from tests.simulation.model_redis.random_steps import RandomSteps
from tests.simulation.model_redis.twins import HOST, Twins
from tests.waiting import wait_for

pytestmark = pytest.mark.integration

COMMANDS = """
PING; GET a; SET a 1; GET a; INCR n; INCR n; SET b word; INCR b; DBSIZE; FLUSHALL; DBSIZE; SET a 1; GET; SET a
SADD s x y x; SADD s x; SADD a x; GET s; RPUSH l 1 2 3; RPUSH a 1; DEL b nothing a; NONSENSE x
LRANGE l 0 -1; LRANGE l -2 1; LRANGE s 0 -1; LRANGE l 0 x; LRANGE l 2 1; LRANGE l -9 -8
WAIT 0 0; WAIT 1 20; WAIT x 1; WAIT 1 x; WAIT 1 -1; ROLE; EXEC; DISCARD; UNWATCH
FAILOVER; FAILOVER ABORT; FAILOVER SOON; FAILOVER TIMEOUT 0; FAILOVER TIMEOUT x
REPLICAOF 127.0.0.1 99999; REPLICAOF 127.0.0.1 x; REPLICAOF NO ONE; SLAVEOF 127.0.0.1 x; SLAVEOF NO ONE
CONFIG REWRITE; CONFIG GET min-replicas-to-write; CONFIG SET min-replicas-to-write x; CONFIG SET no-such 1
CLIENT PAUSE x WRITE; CLIENT PAUSE 1 SOME; CLIENT UNPAUSE
"""


def star(twins: Twins) -> None:
    """Nodes 1 and 2 follow node 0, which has a few keys."""
    twins.ask(0, "SET", "a", "1")
    twins.follow(1, 0)
    twins.settle()
    twins.follow(2, 0)
    twins.settle()
    twins.ask(0, "RPUSH", "l", "x", "y")
    twins.ask(0, "SADD", "s", "m")
    twins.settle()


def test_commands_and_their_errors() -> None:
    with Twins(1) as twins:
        for line in COMMANDS.splitlines():
            for command in filter(None, line.split("; ")):
                twins.ask(0, *command.split())
        twins.ask(0, "EVAL", FENCE_SCRIPT, 1, "fence", 7)
        twins.settle()


def test_transactions() -> None:
    with Twins(1) as twins:
        twins.transact(0, ("SET", "a", 1), ("INCR", "a"), ("SADD", "a", "x"), ("GET", "a"))
        twins.transact(0, ("SET", "a"), ("INCR", "a"))
        twins.transact(0, ("MULTI",), ("WATCH", "a"))
        other = twins.client(0, "other")
        for change in (("SET", "a", 2), ("SET", "b", 1), ("DEL", "a"), ("DEL", "a"), ("FLUSHALL",)):
            twins.ask(0, "WATCH", "a", "c")
            other.ask(*change)
            twins.transact(0, ("INCR", "n"))
        twins.ask(0, "WATCH", "a")
        twins.ask(0, "SET", "a", 3)
        twins.ask(0, "UNWATCH")
        twins.transact(0, ("INCR", "n"))
        twins.settle()


def test_a_star_replicates_breaks_watches_and_refuses_writes_at_its_replicas() -> None:
    with Twins() as twins:
        star(twins)
        twins.ask(1, "WATCH", "a")
        twins.transact(0, ("SET", "a", 2), ("INCR", "n"))
        twins.ask(0, "DEL", "nothing")
        twins.ask(0, "FLUSHALL")
        twins.ask(0, "EVAL", FENCE_SCRIPT, 1, "fence", 1)
        twins.settle()
        assert twins.transact(1, ("GET", "a")) is None
        assert isinstance(twins.ask(1, "SET", "a", 3), ReplyError)
        assert isinstance(twins.transact(1, ("SET", "a", 3)), ReplyError)
        assert isinstance(twins.transact(1, ("GET", "a"), ("EVAL", FENCE_SCRIPT, 1, "fence", 2)), list)
        twins.ask(1, "WAIT", 1, 10)
        twins.ask(1, "FAILOVER")
        twins.ask(1, "REPLICAOF", HOST, twins.port(0))
        other = twins.client(0, "other")
        other.ask("PING")
        kill = ("CLIENT", "KILL", "TYPE")
        twins.transact(0, (*kill, "normal", "SKIPME", "yes"), (*kill, "pubsub", "SKIPME", "yes"))
        assert other.was_closed()
        twins.settle()


def test_a_full_sync_breaks_no_watch_of_a_key_that_was_not_there() -> None:
    with Twins(2) as twins:
        twins.ask(0, "SET", "a", 1)
        twins.ask(0, "SET", "fence", 5)
        twins.ask(1, "SET", "a", 1)
        clients = {key: twins.client(1, key) for key in ("a", "fence")}
        for key, client in clients.items():
            client.ask("WATCH", key)
        twins.follow(1, 0)
        twins.settle()
        replies = {}
        for key, client in clients.items():
            replies[key] = [client.ask(*words) for words in (("MULTI",), ("GET", "fence"), ("EXEC",))][-1]
        assert replies == {"a": None, "fence": [b"5"]}


def test_wait_counts_replicas_that_have_the_write() -> None:
    with Twins() as twins:
        star(twins)
        client = twins.client(0)
        client.send_all(("INCR", "n"), ("WAIT", 2, 10_000))
        assert [client.read(), client.read()] == [1, 2]
        twins.settle()
        twins.hang(2)
        client.send_all(("INCR", "n"), ("WAIT", 1, 10_000), ("WAIT", 2, 300))
        assert [client.read(), client.read(), client.read()] == [2, 1, 1]
        twins.go_on(2)
        twins.settle(acks=True)
        # In a transaction nothing can be waited for, and its own writes do not count.
        assert twins.transact(0, ("INCR", "n"), ("WAIT", 3, 0)) == [3, 2]
        twins.settle()


def test_promotion_and_repointing_keep_the_history() -> None:
    with Twins() as twins:
        star(twins)
        fence = ("EVAL", FENCE_SCRIPT, 1, "fence", 3)
        twins.transact(1, ("REPLICAOF", "NO", "ONE"), fence, ("CONFIG", "REWRITE"))
        twins.settle()
        twins.transact(2, ("REPLICAOF", HOST, twins.port(1)), ("CONFIG", "REWRITE"))
        twins.settle()
        # Nothing was written here meanwhile, so it may continue too.
        twins.follow(0, 1)
        pictures = twins.settle()
        assert [p["sync_full"] for p in pictures] == ["2", "0", "0"]
        twins.ask(1, "INCR", "n")
        twins.settle()


def test_a_primary_that_wrote_on_after_its_replica_was_promoted_syncs_in_full() -> None:
    with Twins() as twins:
        star(twins)
        twins.ask(1, "REPLICAOF", "NO", "ONE")
        twins.settle()
        twins.ask(0, "SET", "b", "lost")
        twins.ask(1, "SET", "b", "kept")
        twins.follow(0, 1)
        pictures = twins.settle()
        assert pictures[1]["sync_full"] == "1"
        assert pictures[0]["strings"] == pictures[1]["strings"]


def test_too_few_good_replicas() -> None:
    with Twins() as twins:
        star(twins)
        twins.ask(0, "CONFIG", "SET", "min-replicas-max-lag", 3, "min-replicas-to-write", 3)
        assert isinstance(twins.ask(0, "SET", "a", 2), ReplyError)
        assert isinstance(twins.transact(0, ("SET", "a", 2)), ReplyError)
        twins.ask(0, "EVAL", FENCE_SCRIPT, 1, "fence", 1)
        twins.ask(0, "CONFIG", "SET", "min-replicas-to-write", 2)
        twins.ask(0, "SET", "a", 3)
        twins.settle()
        twins.hang(2)
        assert twins.settle()[0]["min_slaves_good_slaves"] == "1"
        assert isinstance(twins.ask(0, "SET", "a", 4), ReplyError)
        twins.go_on(2)
        twins.settle()
        twins.ask(0, "SET", "a", 5)
        twins.kill(2)
        twins.settle()
        twins.ask(0, "SET", "a", 6)
        # A fresh primary asks for no replicas in order to write its fence, as long as that is not configured.
        twins.ask(1, "CONFIG", "SET", "min-replicas-to-write", 1)
        twins.transact(1, ("REPLICAOF", "NO", "ONE"), ("EVAL", FENCE_SCRIPT, 1, "fence", 2))
        twins.settle()


def test_paused_writes() -> None:
    with Twins() as twins:
        star(twins)
        writer, scripter = twins.client(0, "writer"), twins.client(0, "scripter")
        twins.ask(0, "CLIENT", "PAUSE", 60_000, "WRITE")
        writer.send("SET", "b", 1)
        writer.send("GET", "b")
        scripter.ask("MULTI")
        scripter.send("EVAL", FENCE_SCRIPT, 1, "fence", 1)
        twins.ask(0, "GET", "a")
        twins.ask(0, "CONFIG", "GET", "min-replicas-max-lag")
        assert writer.has_to_wait()
        assert scripter.has_to_wait()
        twins.settle()
        twins.ask(0, "CLIENT", "UNPAUSE")
        assert [writer.read(), writer.read(), scripter.read()] == [b"OK", b"1", b"QUEUED"]
        scripter.ask("EXEC")
        twins.ask(0, "CLIENT", "PAUSE", 100, "ALL")
        writer.send("GET", "b")
        writer.read()
        # Whom the pause holds is refused when it ends, if his server has become a replica.
        twins.ask(0, "CLIENT", "PAUSE", 60_000, "WRITE")
        writer.send("SET", "b", 2)
        twins.ask(1, "REPLICAOF", "NO", "ONE")
        twins.follow(0, 1)
        twins.settle()
        assert writer.has_to_wait()
        twins.ask(0, "CLIENT", "UNPAUSE")
        assert isinstance(writer.read(), ReplyError)


def test_handover() -> None:
    with Twins() as twins:
        star(twins)
        for words in (
            ("TO", HOST, 1), ("TO", HOST, "x"), ("FORCE",), ("TO", HOST, twins.port(1), "FORCE"), ("ABORT",),
        ):  # fmt: skip
            twins.ask(0, "FAILOVER", *words)
        target = ("FAILOVER", "TO", HOST, twins.port(1), "TIMEOUT", 10_000)
        twins.transact(0, ("EVAL", FENCE_SCRIPT, 1, "fence", 4), target)
        pictures = twins.settle()
        assert [p["role"] for p in pictures] == ["slave", "master", "slave"]
        assert pictures[2]["follows"] == 0
        twins.follow(2, 1)
        twins.settle(acks=True)
        twins.ask(1, "FAILOVER")
        twins.settle()


@pytest.mark.parametrize("how", ["times out", "aborted", "forced"])
def test_handover_to_a_replica_that_hangs(how: str) -> None:
    with Twins() as twins:
        star(twins)
        twins.hang(1)
        twins.ask(0, "INCR", "n")
        target = ("FAILOVER", "TO", HOST, twins.port(1))
        if how == "aborted":
            twins.ask(0, *target)
            twins.ask(0, "FAILOVER")
            twins.ask(0, "REPLICAOF", HOST, twins.port(2))
            writer = twins.client(0, "writer")
            writer.send("INCR", "n")
            twins.settle()
            assert writer.has_to_wait()
            twins.ask(0, "FAILOVER", "ABORT")
            writer.read()
        else:
            twins.ask(0, *target, "TIMEOUT", 300, *(["FORCE"] if how == "forced" else []))
        twins.settle()
        if how == "forced":
            twins.ask(0, "FAILOVER", "ABORT")
            twins.settle()
        twins.go_on(1)
        twins.settle()
        twins.ask(0, "INCR", "n")
        twins.settle()


def test_a_primary_that_restarts_empty_empties_its_replicas() -> None:
    with Twins() as twins:
        star(twins)
        twins.kill(0)
        twins.settle()
        twins.start(0)
        pictures = twins.settle()
        assert [p["strings"][0] for p in pictures] == [None] * 3


@pytest.mark.parametrize("wipe", [False, True])
def test_a_replica_that_restarts(wipe: bool) -> None:
    """What it received in a full sync is still on its disk."""
    with Twins() as twins:
        star(twins)
        twins.kill(1, wipe=wipe)
        twins.start(1)
        twins.settle()
        twins.follow(1, 0)
        twins.settle()


def test_what_is_rewritten_survives() -> None:
    with Twins(3, config_files=True) as twins:
        star(twins)
        twins.ask(1, "CONFIG", "SET", "min-replicas-to-write", 1)
        twins.ask(1, "CONFIG", "REWRITE")
        twins.kill(1)
        twins.ask(0, "INCR", "n")
        twins.start(1)
        twins.settle()
        twins.ask(1, "CONFIG", "GET", "min-replicas-to-write")
        twins.kill(0, wipe=True)
        twins.settle()
        twins.kill(1, wipe=True)
        twins.start(1)
        twins.start(0)
        twins.settle()


def test_a_chain() -> None:
    with Twins() as twins:
        twins.ask(0, "SET", "a", 1)
        twins.follow(1, 0)
        twins.settle()
        twins.follow(2, 1)
        twins.settle()
        twins.ask(0, "SET", "a", 2)
        twins.settle()
        # The middle one goes over to a history that is not its own, and takes its replica along.
        twins.ask(2, "REPLICAOF", "NO", "ONE")
        twins.ask(2, "SET", "b", 1)
        twins.settle()
        twins.follow(2, 1)
        twins.settle()
        twins.ask(1, "REPLICAOF", "NO", "ONE")
        twins.settle()
        twins.follow(0, 2)
        twins.settle()
        twins.kill(1)
        twins.settle()


def test_a_primary_that_is_told_to_end_waits_for_a_replica_that_hangs() -> None:
    with Twins() as twins:
        star(twins)
        writer, other = twins.client(0, "writer"), twins.client(0, "other")
        twins.hang(1)
        twins.ask(0, "INCR", "n")
        twins.terminate(0)
        wait_for(lambda: twins.waits_to_end(0), what="both to wait")
        writer.send("SET", "b", 1)
        other.ask("MULTI")
        other.send("SET", "b", 2)
        assert writer.has_to_wait() and other.has_to_wait()
        twins.transact(0, ("CLIENT", "PAUSE", 60_000, "WRITE"))
        twins.abort_shutdown(0)
        assert not twins.waits_to_end(0)
        assert writer.has_to_wait()
        twins.ask(0, "CLIENT", "UNPAUSE")
        assert [writer.read(), other.read()] == [b"OK", b"QUEUED"]
        twins.settle()
        twins.terminate(0)
        wait_for(lambda: twins.waits_to_end(0), what="both to wait")
        twins.go_on(1)
        wait_for(lambda: not twins.real[0].running, what="the end")
        twins.world.advance(twins.world.now + 2.0)
        assert not twins.model[0].running


def test_a_primary_that_hangs_is_given_up_after_the_timeout() -> None:
    with Twins(2, repl_timeout_s=2) as twins:
        twins.follow(1, 0)
        twins.world.advance(twins.world.now + 0.5)
        wait_for(lambda: twins.real[1].info()["master_link_status"] == "up", what="the first sync")
        twins.hang(0)
        assert twins.settle()[0]["master_link_status"] == "down"


def test_two_that_follow_each_other() -> None:
    with Twins(2) as twins:
        twins.follow(1, 0)
        twins.settle()
        twins.follow(0, 1)
        pictures = twins.settle()
        assert [p["master_link_status"] for p in pictures] == ["up", "up"]


def test_a_primary_that_restarts_from_its_snapshot_goes_on_with_its_replicas() -> None:
    with Twins(saves=True) as twins:
        star(twins)
        twins.ask(0, "SAVE")
        twins.kill(0)
        twins.start(0)
        pictures = twins.settle()
        assert [p["sync_full"] for p in pictures] == ["0"] * 3
        twins.ask(0, "INCR", "n")
        # What came after the snapshot is lost, and with it the common history.
        twins.kill(0)
        twins.start(0)
        twins.settle()


@pytest.mark.parametrize("seed", range(6))
def test_random_steps(seed: int) -> None:
    with Twins(saves=seed % 2 == 1) as twins:
        steps = RandomSteps(twins, random.Random(seed))
        try:
            for _ in range(25):
                steps.take()
            twins.settle()
        except BaseException as error:
            error.add_note("; ".join(steps.story))
            raise
