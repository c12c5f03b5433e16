"""Whether a failover would go ahead, with every reason why not: in the API, the candidates and the metric."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from promotion.candidates import Ranking
from promotion.sealing import WriteRules
from quorum.directives import Pause
from quorum.evidence import Evidence, EvidenceKind
from quorum.inputs import Observed
from quorum.membership import Membership
from sentinel.coordination.inputs import Ordered
from sentinel.coordination.orders import PauseOrder
from sentinel.peers.in_touch import InTouch
from sentinel.preflight.facts import Problem
from sentinel.preflight.report import Report
from sentinel.status.can_fail_over import KEPT_S, FailoverChances
from tests.unit.sentinel.http_cases import GROUP, A, B, C, World, eventually, running

PATH = f"/v1/groups/{GROUP}"


def in_touch() -> InTouch:
    return InTouch("s1", Membership.of({"s1"}), frozenset)


THREE = frozenset({"s1", "s2", "s3"})


async def chance(world: World) -> tuple[bool, list[str]]:
    """As the group's answer, the list of groups and the metric all have it."""
    answer: dict[str, Any] = (await world.get(PATH))[1]["can_fail_over"]
    _, listed, _ = await world.get("/v1/groups")
    assert listed["groups"][0]["can_fail_over"] == answer
    labels = {"group": GROUP}
    gauge = world.metrics.registry.get_sample_value("vedette_group_can_fail_over", labels)
    assert gauge == (1.0 if answer["ok"] else 0.0)
    assert answer["ok"] == (not answer["reasons"])
    return answer["ok"], answer["reasons"]


async def test_a_healthy_group(tmp_path: Path) -> None:
    async with running(tmp_path) as world:
        world.redis[GROUP].look()
        assert await chance(world) == (True, [])


async def test_without_a_majority(tmp_path: Path) -> None:
    async with running(tmp_path, members=THREE, in_touch=frozenset({"s2"})) as world:
        world.redis[GROUP].look()
        assert await chance(world) == (True, [])
        world.in_touch.clear()
        assert await chance(world) == (False, ["1 of 3 sentinels in touch, 2 needed"])
        _, body, _ = await world.get(f"{PATH}/candidates")
        assert body["chosen"] is None and body["candidates"][0]["eligible"]
        assert body["refusal"] == "no failover possible: 1 of 3 sentinels in touch, 2 needed"


async def test_before_a_primary_is_known(tmp_path: Path) -> None:
    async with running(tmp_path, topology=None) as world:
        ok, [reason] = await chance(world)
        assert not ok and reason.startswith("no primary is known")


async def test_nobody_is_eligible(tmp_path: Path) -> None:
    async with running(tmp_path) as world:
        world.redis[GROUP].look()
        for node in (B, C):
            world.driver.feed(Observed(node, Evidence(EvidenceKind.REFUSED, "connection refused")))
        ok, [reason] = await chance(world)
        assert not ok and reason.startswith("no replica is eligible")
        assert f"{B}: subjectively down" in reason


async def test_durability(tmp_path: Path) -> None:
    async with running(tmp_path, rules=WriteRules(acknowledged_by=1)) as world:
        world.redis[GROUP].look()
        world.driver.feed(Observed(C, Evidence(EvidenceKind.REFUSED, "connection refused")))
        ok, [reason] = await chance(world)
        assert not ok and reason.startswith("durability: ")


async def test_a_pause(tmp_path: Path) -> None:
    async with running(tmp_path) as world:
        world.redis[GROUP].look()
        world.driver.feed(Ordered(PauseOrder("o", Pause(1, "s1", None))))
        await eventually(lambda: world.driver.directives.pause is not None, "the pause")
        assert await chance(world) == (False, ["the group is paused"])


async def test_errors_of_a_preflight_about_the_next_primary_or_the_whole_group(tmp_path: Path) -> None:
    def error(node: str | None) -> Problem:
        return Problem(node, "error", "x", f"is wrong with {node}", "Mend it.")

    warning = Problem(B, "warning", "y", "is odd", "Look.")
    problems = (error(None), error(A), error(B), error(C), warning)
    async with running(tmp_path, problems=problems) as world:
        world.redis[GROUP].look()
        assert await chance(world) == (False, ["is wrong with None", f"{B}: is wrong with {B}"])


async def test_whoever_asks_about_all_groups_gets_an_answer_worked_out_lately(tmp_path: Path) -> None:
    async with running(tmp_path, rules=WriteRules(acknowledged_by=1)) as world:
        world.redis[GROUP].look()
        chances, rankings = FailoverChances(in_touch=in_touch(), preflight=lambda _: Report()), 0
        ranking = world.driver.queries.ranking

        def counted() -> Ranking | None:
            nonlocal rankings
            rankings += 1
            return ranking()

        world.driver.queries.ranking = counted  # type: ignore[assignment]
        assert chances.why_not_lately(world.driver, 0.0) == ()
        assert chances.why_not_lately(world.driver, 1.0) == ()
        assert rankings == 1
        chances.why_not_lately(world.driver, 2 * KEPT_S)
        assert rankings == 2
        world.driver.feed(Observed(C, Evidence(EvidenceKind.REFUSED, "connection refused")))
        assert chances.why_not_lately(world.driver, 2 * KEPT_S) != ()
