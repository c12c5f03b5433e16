"""Which reported replicas are watched, where our password may go, and when one is let go again."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from ipaddress import ip_network

import pytest

from quorum.messages import Intent
from sentinel.coordination.neighbours import Neighbours
from sentinel.coordination.newcomers import (
    MAX_DISCOVERED,
    DiscoveryRules,
    Dropped,
    Foreign,
    Found,
    Newcomers,
    News,
    NotWatched,
)
from sentinel.coordination.node_info import Attached, NodeInfo
from sentinel.coordination.node_spec import NodeSpec
from sentinel.coordination.nodebook import NodeBook
from tests.unit.sentinel.coordinator_cases import COMMITTED, A, B, info

IP_B = "10.0.0.2"
D, HOST = "10.0.0.9:6379", "10.0.0.9"
RANGE = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


def attached(*places: tuple[str, int], lag_s: int | None = 0) -> tuple[Attached, ...]:
    return tuple(Attached(ip, port, "online", 0, lag_s) for ip, port in ((IP_B, 6379), *places))


@dataclass
class Group:
    """A, the primary, and B."""

    rules: DiscoveryRules = field(default_factory=DiscoveryRules)
    discover: bool = True
    neighbours: Neighbours = field(default_factory=lambda: Neighbours({}))
    now: float = 100.0

    def __post_init__(self) -> None:
        self.book = NodeBook([NodeSpec(A, "redis-a", 6379), NodeSpec(B, "redis-b", 6379)], self.discover)
        self.newcomers = Newcomers(
            self.book, self.rules, lambda host, port, id_: self.neighbours.elsewhere("g", host, port, id_)
        )
        self.says(A, info(A, "master", attached=()))
        self.says(B, info(B), IP_B)

    def says(self, name: str, said: NodeInfo, peer_ip: str | None = None) -> list[News]:
        self.book.update(name, said, peer_ip or "10.0.0.1", self.now)
        return self.newcomers.seen(name, A, [COMMITTED], self.now)

    def reports(self, *places: tuple[str, int], lag_s: int | None = 0) -> list[News]:
        return self.says(A, info(A, "master", attached=attached(*places, lag_s=lag_s)))


def test_a_replica_that_is_none_of_ours_is_watched() -> None:
    group = Group()
    assert group.reports((HOST, 6379)) == [Found(D)]
    assert group.book[D].spec.discovered and group.reports((HOST, 6379)) == []


def test_an_address_that_a_name_not_reached_yet_may_stand_for_is_not_new() -> None:
    book = NodeBook([NodeSpec(A, "redis-a", 6379), NodeSpec(B, "redis-b", 6379)], discover=True)
    book.update(A, info(A, "master", attached=attached()), "10.0.0.1", 0.0)
    newcomers = Newcomers(book, DiscoveryRules(), lambda *_: None)
    assert newcomers.seen(A, A, [COMMITTED], 0.0) == []


def test_it_can_be_off() -> None:
    group = Group(discover=False)
    assert group.reports((HOST, 6379)) == [] and D not in group.book


def test_it_has_a_limit_which_is_told() -> None:
    group = Group()
    many = [(HOST, 7000 + n) for n in range(MAX_DISCOVERED + 1)]
    news = group.reports(*many)
    assert news[:-1] == [Found(f"{HOST}:{port}") for _, port in many[:-1]]
    last = news[-1]
    assert isinstance(last, NotWatched) and "64 replicas" in last.why
    assert group.newcomers.unwatched == {f"{HOST}:{7000 + MAX_DISCOVERED}": last.why}
    assert group.reports(*many) == [], "told once"


@pytest.mark.parametrize(
    ("host", "rules", "why"),
    [
        (HOST, DiscoveryRules(secret=True), "outside of discover_range"),
        (HOST, DiscoveryRules(secret=True, ranges=RANGE), ""),
        ("fd00::7", DiscoveryRules(secret=True, ranges=RANGE), ""),
        ("::ffff:10.0.0.9", DiscoveryRules(secret=True, ranges=RANGE), ""),
        ("::ffff:11.0.0.9", DiscoveryRules(secret=True, ranges=RANGE), "outside of discover_range"),
        ("11.0.0.9", DiscoveryRules(secret=True, ranges=RANGE), "outside of discover_range"),
        ("11.0.0.9", DiscoveryRules(ranges=RANGE), "outside of discover_range"),
        ("a.name", DiscoveryRules(secret=True, ranges=RANGE), "outside of discover_range: a.name is a name"),
        ("a.name", DiscoveryRules(), ""),
    ],
)
def test_a_password_goes_nowhere_else_than_it_may(host: str, rules: DiscoveryRules, why: str) -> None:
    group = Group(rules)
    (news,) = group.reports((host, 6379))
    name = group.book.name_of(host, 6379)
    assert news == (NotWatched(name, why) if why else Found(name))
    assert (name in group.book) == (not why)
    assert group.newcomers.unwatched == ({name: why} if why else {})
    assert group.reports((host, 6379)) == [], "told once"
    group.reports()
    assert group.newcomers.unwatched == {}


def test_a_node_of_another_group_is_not_taken_in() -> None:
    others = Neighbours({"g": [NodeSpec(A, "redis-a", 6379)], "other": [NodeSpec(D, "Redis-D.", 6379)]})
    group = Group(neighbours=others)
    assert group.reports(("redis-d", 6379)) == [NotWatched("redis-d:6379", "it is a node of group other")]
    others.saw("other", NodeSpec(D, "redis-d", 6379), "run-d", HOST)
    assert group.reports((HOST, 6379)) == [NotWatched(D, "it is a node of group other")]


def test_nor_is_it_kept_once_its_run_id_tells() -> None:
    others = Neighbours({"g": [], "other": [NodeSpec("redis-d:6379", "redis-d", 6379)]})
    group = Group(neighbours=others)
    assert group.reports((HOST, 6379)) == [Found(D)]
    assert group.says(D, info(D)) == []
    others.saw("other", NodeSpec("redis-d:6379", "redis-d", 6379), f"run-{D}", "192.168.0.9")
    assert group.says(D, info(D)) == [Dropped(D, "no longer ours: it is a node of group other")]
    others.saw("other", NodeSpec("redis-d:6379", "redis-d", 6379), "restarted", "192.168.0.9")
    assert others.elsewhere("g", HOST, 6379, f"run-{D}") is None
    assert others.elsewhere("other", HOST, 6379, "restarted") is None


def foreign(**changes: object) -> NodeInfo:
    said = info(D, "master", attached=(), replid="f1", run_id="other")
    return replace(said, **changes)  # type: ignore[arg-type]


def test_another_server_at_its_address_is_dropped_and_told_once() -> None:
    group = Group()
    group.reports((HOST, 6379))
    group.says(D, info(D))
    (news,) = group.says(D, foreign())
    assert news == Dropped(D, "no longer ours: its replication history (f1...) is none of the group's")
    assert D not in group.book


def test_what_the_primary_reported_before_is_no_news_of_it() -> None:
    group = Group()
    group.reports((HOST, 6379))
    group.says(D, foreign())
    group.now += 30
    assert group.reports((HOST, 6379), lag_s=30) == []
    assert group.reports((HOST, 6379), lag_s=None) == []
    assert group.reports((HOST, 6379), lag_s=1) == [Found(D, quiet=True)], "it is a replica again, it says"


def test_a_server_that_only_claims_to_be_a_replica_is_not_told_again_and_again() -> None:
    group = Group()
    group.reports((HOST, 6379))
    group.says(D, foreign())
    group.now += 5
    assert group.reports((HOST, 6379)) == [], "nor looked at"
    group.now += 10
    assert group.reports((HOST, 6379)) == [Found(D, quiet=True)]
    (news,) = group.says(D, foreign())
    assert isinstance(news, Dropped) and news.quiet
    group.now += 15
    group.reports((HOST, 6379))
    (news,) = group.says(D, foreign(run_id="yet another"))
    assert isinstance(news, Dropped) and not news.quiet


def test_one_that_is_the_groups_again_is_told() -> None:
    group = Group()
    group.reports((HOST, 6379))
    group.says(D, foreign())
    group.now += 15
    group.reports((HOST, 6379))
    assert group.says(D, info(D)) == [Found(D)]
    assert group.says(D, info(D)) == []


def test_what_the_sentinels_have_agreed_on_is_kept() -> None:
    group = Group()
    group.reports((HOST, 6379))
    group.book.update(D, foreign(), None, group.now)
    begun = replace(COMMITTED, intent=Intent(D, "refused", "s1", 0))
    assert group.newcomers.seen(D, A, [begun, COMMITTED], group.now) == [] and D in group.book


def test_who_neither_answers_nor_is_reported_is_forgotten() -> None:
    group = Group(DiscoveryRules(forget_s=20.0))
    group.reports((HOST, 6379))
    group.says(D, info(D))
    news: list[News] = []
    for _ in range(9):
        group.now += 5
        news += group.reports()
    assert [type(each) for each in news] == [Dropped] and D not in group.book
    assert isinstance(news[0], Dropped) and news[0].why.startswith("forgotten: ")
    assert group.reports((HOST, 6379)) == [Found(D)]


@pytest.mark.parametrize("sign", ["reported", "answers"])
def test_not_so_while_it_does_either(sign: str) -> None:
    group = Group(DiscoveryRules(forget_s=20.0))
    group.reports((HOST, 6379))
    for _ in range(9):
        group.now += 5
        assert group.reports(*([(HOST, 6379)] if sign == "reported" else [])) == []
        if sign == "answers":
            assert group.says(D, info(D)) == []


def test_nor_for_what_a_primary_did_not_say_while_it_was_down() -> None:
    group = Group(DiscoveryRules(forget_s=20.0))
    group.reports((HOST, 6379))
    group.now += 3600
    assert group.reports() == [] and D in group.book


def test_a_configured_node_that_is_somebody_elses_is_told_until_it_is_not() -> None:
    group = Group()
    theirs = info(
        B, "master", replid="f1", run_id="other", attached=(Attached("10.9.9.9", 1, "online", 0, 0),)
    )
    why = "it has replicas that are none of the group's: 10.9.9.9:1"
    assert group.says(B, theirs) == [Foreign(B, why)]
    assert group.says(B, theirs) == []
    assert group.says(B, info(B)) == [] and group.says(B, theirs) == [Foreign(B, why)]
