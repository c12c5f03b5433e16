"""A group that this sentinel is started without has no past here when it comes back."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pydantic import TypeAdapter

from quorum.cluster import CLUSTER
from quorum.membership import Membership
from quorum.messages import GENESIS, Entry, HardState, Topology
from sentinel.group.participation import Participation
from sentinel.group.view import Voting
from sentinel.state.file import StoreError
from sentinel.state.store import Store
from tests.unit.sentinel.store_cases import persist

ENTRY = Entry(7, 2, Topology("redis-a:6379", 7, None, "initial", "s1", 0, 0))
HELD = HardState(8, "s2", ENTRY, ENTRY, 300, Membership.of(["s1", "s2", "s3"]))


async def kept(state_dir: Path, **states: HardState) -> Store:
    store = Store.open(state_dir, "s1")
    for name, state in {CLUSTER: HELD, **states}.items():
        await persist(store, name, state)
    return store


async def test_what_was_agreed_on_is_set_aside_and_what_was_promised_is_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = await kept(tmp_path, gone=HELD, here=HELD)
    with caplog.at_level(logging.WARNING):
        store.retire({"here", CLUSTER})
    assert [record.getMessage()[:5] for record in caplog.records] == ["gone:"]
    await store.close()
    again = Store.open(tmp_path, "s1")
    gone = HardState(8, "s2", GENESIS, GENESIS, 300, HELD.membership, retired=True)
    assert again.hard_states() == {CLUSTER: HELD, "here": HELD, "gone": gone}
    await again.close()


async def test_it_is_told_once_and_a_group_that_is_back_stays_retired(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = await kept(tmp_path, gone=HELD)
    store.retire({CLUSTER})
    caplog.clear()
    for configured in ({CLUSTER}, {CLUSTER, "gone"}):
        store.retire(configured)
    assert not caplog.records and store.hard_states()["gone"].retired
    await store.close()


async def test_a_state_of_a_release_without_it_is_of_a_group_that_was_never_away(tmp_path: Path) -> None:
    store = await kept(tmp_path, g=HELD)
    await store.close()
    connection = sqlite3.connect(tmp_path / "state.db")
    ((body,),) = connection.execute("SELECT body FROM hard_state WHERE group_name = 'g'").fetchall()
    connection.close()
    older = body.replace(b',"retired":false', b"")
    assert older != body
    assert TypeAdapter(HardState).validate_json(older, strict=True) == HELD


async def test_where_it_cannot_be_written_the_sentinel_does_not_start(tmp_path: Path) -> None:
    store = await kept(tmp_path, gone=HELD)
    store.thread.read_blocking(lambda connection: connection.execute("PRAGMA query_only = ON"))
    with pytest.raises(StoreError, match="could not be written"):
        store.retire({CLUSTER})
    with pytest.raises(StoreError):
        await persist(store, "here", HELD)
    await store.close()


@pytest.mark.parametrize(("is_retired", "vouched"), [(True, True), (False, False)])
async def test_one_retired_group_casts_no_doubt_on_the_others(
    tmp_path: Path, is_retired: bool, vouched: bool
) -> None:
    store = Store.open(tmp_path, "s1")
    assert store.vouched
    writes: list[Coroutine[Any, Any, None]] = []
    groups = {"back": stand_in(True, is_retired), "here": stand_in(False, False)}
    participation = participating(groups, store, writes.append, foreign={})
    assert participation.look(1.0)[0] == 1
    for write in writes:
        await write
    assert store.vouched is vouched
    assert "back" in participation.why
    await store.close()


@pytest.mark.parametrize(
    ("foreign", "why"),
    [
        ({"s2": "two", "s3": "two"}, "is refused: s2 is of another cluster, two"),
        ({"s2": "two"}, "takes no part in elections of back: listens only"),
    ],
)
async def test_who_listens_and_is_refused_by_a_majority_says_that_it_is_refused(
    tmp_path: Path, foreign: dict[str, str], why: str
) -> None:
    """Waiting cannot end its listening."""
    store = Store.open(tmp_path, "s1")
    writes: list[Coroutine[Any, Any, None]] = []
    participation = participating({"back": stand_in(True, False)}, store, writes.append, foreign)
    participation.look(1.0)
    for write in writes:
        await write
    assert participation.why.startswith(why)
    await store.close()


async def test_members_that_are_being_changed_in_the_cluster_alone_are_told_too(tmp_path: Path) -> None:
    """A sentinel that makes the next change before that is over is refused at its next start."""
    store = Store.open(tmp_path, "s1")
    participation = participating({"here": stand_in(False, False)}, store, lambda _: None, foreign={})
    assert participation.former_members == []
    cluster = cast(Any, participation)._cluster
    moved = Membership.of(["s1", "s2", "s3"]).moved_to(["s1", "s2", "s3", "s4"])
    cluster.voting = replace(cluster.voting, membership=moved)
    assert participation.former_members == ["s1", "s2", "s3"]
    await store.close()


def participating(
    groups: dict[str, SimpleNamespace],
    store: Store,
    spawn: Callable[[Coroutine[Any, Any, None]], None],
    foreign: dict[str, str],
) -> Participation:
    links = SimpleNamespace(
        twins=SimpleNamespace(tellers=lambda _: (), twice=lambda _: frozenset()),
        clusters=SimpleNamespace(foreign=foreign, own="one"),
    )
    cluster = stand_in(False, False)
    membership = Membership.of(["s1", "s2", "s3"])
    return Participation(
        drivers=cast(Any, groups),
        cluster=cast(Any, cluster),
        store=store,
        spawn=spawn,
        links=cast(Any, links),
        membership=membership,
    )


def stand_in(listens: bool, is_retired: bool) -> SimpleNamespace:
    """A group's driver, as far as it is asked here."""
    voting = Voting(
        why_not="listens only" if listens else "",
        is_stuck=False,
        is_retired=is_retired,
        membership=Membership.of(["s1", "s2", "s3"]),
        apart={},
    )
    return SimpleNamespace(voting=voting, is_settled=True)
