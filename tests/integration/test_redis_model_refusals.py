"""What Redis refuses in which state: the model against real servers, command by command."""

from __future__ import annotations

import pytest

from promotion.conversation import ReplyError
from tests.simulation.model_redis.commands import COMMANDS, FENCE_SCRIPT
from tests.simulation.model_redis.twins import HOST, Twins, Word
from tests.waiting import wait_for

pytestmark = pytest.mark.integration

EVAL: tuple[Word, ...] = ("EVAL", FENCE_SCRIPT, 1, "fence", 3)
PROMOTE: tuple[Word, ...] = ("REPLICAOF", "NO", "ONE")
EVERYTHING = """
PING; GET a; SET a 1; INCR n; SADD s x; RPUSH l 1; LRANGE l 0 -1; SMEMBERS s; DEL b; DBSIZE; ROLE; WATCH a
UNWATCH; WAIT 0 1
CONFIG GET min-replicas-to-write; CONFIG SET min-replicas-to-write 0; CONFIG REWRITE; CLIENT UNPAUSE
CLIENT PAUSE 1 WRITE; CLIENT UNPAUSE; CLIENT SETNAME x; CLIENT KILL TYPE pubsub SKIPME yes; FAILOVER ABORT
"""


def ask_everything(twins: Twins, node: int) -> list[bool]:
    """Each command alone, and in a transaction of its own: whether it was refused."""
    refused = []
    for line in EVERYTHING.splitlines():
        for command in filter(None, line.split("; ")):
            words = command.split()
            refused.append(isinstance(twins.ask(node, *words), ReplyError))
            if words[0] not in ("WATCH", "WAIT"):
                refused.append(isinstance(twins.transact(node, words), ReplyError))
    refused.append(isinstance(twins.ask(node, *EVAL), ReplyError))
    refused.append(isinstance(twins.transact(node, EVAL), ReplyError))
    return refused


def pair(twins: Twins) -> None:
    twins.ask(0, "SET", "a", "1")
    twins.follow(1, 0)
    twins.settle()


def test_the_model_classes_commands_as_redis_does() -> None:
    with Twins(1) as twins:
        client = twins.real[0].client()
        for name, command in COMMANDS.items():
            known = client.execute_command("COMMAND", "INFO", name)
            info = next(iter(known.values())) if isinstance(known, dict) else known[0]
            flags, subcommands = set(info["flags"]), info.get("subcommands", [])
            if name in ("CONFIG", "CLIENT", "ACL"):
                assert subcommands
                continue
            modelled = {
                flag
                for flag, is_on in (
                    ("write", command.writes),
                    ("denyoom", command.deny_oom),
                    ("loading", command.while_loading),
                    ("stale", command.while_stale),
                )
                if is_on
            }
            assert modelled == flags & {"write", "denyoom", "loading", "stale"}, name


def test_a_full_primary_takes_nothing_into_a_transaction() -> None:
    with Twins(2) as twins:
        pair(twins)
        twins.ask(0, "CONFIG", "SET", "maxmemory", 1)
        assert any(ask_everything(twins, 0))
        assert isinstance(twins.transact(0, ("CLIENT", "PAUSE", 1000, "WRITE")), ReplyError)
        assert isinstance(twins.transact(0, ("REPLICAOF", HOST, twins.port(1))), ReplyError)
        twins.ask(0, "MULTI")
        twins.ask(0, "DISCARD")
        twins.transact(0)
        # What is paused must not change, so that nobody looks at the memory.
        twins.ask(0, "CLIENT", "PAUSE", 60_000, "WRITE")
        twins.transact(0, ("CLIENT", "UNPAUSE"), ("ROLE",))
        twins.ask(0, "CONFIG", "SET", "maxmemory", 0)
        twins.transact(0, ("SET", "a", 2))
        twins.settle()


def test_a_full_replica_is_not_full_until_it_is_promoted() -> None:
    with Twins(2) as twins:
        pair(twins)
        twins.ask(1, "CONFIG", "SET", "maxmemory", 1)
        ask_everything(twins, 1)
        twins.ask(0, "SET", "a", 2)
        twins.settle()
        twins.transact(1, PROMOTE, ("ROLE",), EVAL, ("SET", "a", 3))
        twins.settle()
        assert any(ask_everything(twins, 1))
        twins.ask(1, *EVAL)
        twins.settle()


def test_a_primary_that_cannot_save_takes_no_writes() -> None:
    with Twins(2, saves=True) as twins:
        pair(twins)
        twins.break_disk(0)
        assert any(ask_everything(twins, 0))
        twins.ask(0, "SAVE")
        twins.ask(0, "CONFIG", "SET", "stop-writes-on-bgsave-error", "no")
        ask_everything(twins, 0)
        twins.ask(0, "CONFIG", "SET", "stop-writes-on-bgsave-error", "yes")
        twins.mend_disk(0)
        ask_everything(twins, 0)
        twins.settle()


def test_a_replica_that_cannot_save_is_promoted_and_takes_no_fence() -> None:
    with Twins(2, saves=True) as twins:
        pair(twins)
        twins.break_disk(1)
        assert any(ask_everything(twins, 1))
        replies = twins.transact(1, PROMOTE, ("ROLE",), EVAL)
        assert [type(reply) for reply in replies] == [bytes, list, ReplyError]
        twins.settle()
        assert isinstance(twins.ask(1, "PING"), ReplyError)


def test_a_replica_that_cannot_save_ends_when_its_primary_is_written_to() -> None:
    with Twins(2, saves=True) as twins:
        pair(twins)
        twins.break_disk(1)
        twins.ask(0, "SET", "a", 2)
        wait_for(lambda: not twins.real[1].running, what="the replica to end")
        twins.world.advance(twins.world.now + 1)
        assert not twins.model[1].running


def test_a_replica_without_a_link_that_serves_no_stale_data() -> None:
    with Twins(2) as twins:
        pair(twins)
        twins.ask(1, "CONFIG", "SET", "replica-serve-stale-data", "no")
        ask_everything(twins, 1)
        twins.kill(0)
        twins.settle()
        refused = ask_everything(twins, 1)
        assert any(refused)
        assert not all(refused)
        twins.transact(1, ("GET", "a"), PROMOTE)
        twins.transact(1, PROMOTE, ("ROLE",), EVAL)
        assert twins.ask(1, "GET", "fence") == b"3"


def test_commands_that_were_taken_away() -> None:
    with Twins(1, renamed=["EVAL", "CONFIG", "WATCH"]) as twins:
        ask_everything(twins, 0)
        assert isinstance(twins.transact(0, PROMOTE, EVAL), ReplyError)


def test_a_transaction_without_multi_runs_one_by_one() -> None:
    with Twins(2, renamed=["MULTI"]) as twins:
        pair(twins)
        assert isinstance(twins.transact(1, PROMOTE, EVAL), ReplyError)
        assert twins.ask(1, "GET", "fence") == b"3"


def test_a_transaction_that_cannot_be_ended() -> None:
    with Twins(1, renamed=["EXEC"]) as twins:
        twins.transact(0, ("SET", "a", 1))
        twins.ask(0, "GET", "a")
        twins.ask(0, "DISCARD")
        assert twins.ask(0, "GET", "a") is None


def test_what_the_user_may_not_run() -> None:
    with Twins(1) as twins:
        for rule in ("-eval", "-watch", "-config|rewrite", "-client", "-failover", "-multi"):
            twins.ask(0, "ACL", "SETUSER", "default", rule)
            ask_everything(twins, 0)
            twins.ask(0, "ACL", "SETUSER", "default", f"+{rule[1:]}")
        twins.ask(0, "MULTI")
        twins.ask(0, "ACL", "SETUSER", "default", "-eval")
        twins.ask(0, *EVAL)


def test_no_more_clients() -> None:
    with Twins(2) as twins:
        pair(twins)
        for node in (0, 1):
            twins.ask(node, "PING")
            # The first client, and on each node the link to the other.
            twins.ask(node, "CONFIG", "SET", "maxclients", 2)
            late = twins.client(node, "late")
            assert late.read() == ReplyError("ERR max number of clients reached")
            assert late.was_closed()
            twins.ask(node, "CONFIG", "SET", "maxclients", 3)
            assert twins.client(node, "in time").ask("PING") == b"PONG"
            twins.ask(node, "CONFIG", "SET", "maxclients", 10_000)
        twins.settle()
