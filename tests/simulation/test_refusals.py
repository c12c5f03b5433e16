"""A change of primary while a node refuses: of all that can be refused, a part that is the same each time."""

from __future__ import annotations

import itertools

import pytest

from tests.simulation.model_redis.refusals import How
from tests.simulation.refusals.cases import ERRORS, EVERYWHERE, Case, all_cases
from tests.simulation.refusals.scenarios import BACK_AFTER_S, CAST, SCENARIOS, TARGET, Scenario
from tests.simulation.refusals.trial import Seen, run_case, run_undisturbed
from tests.simulation.refusals.verdict import FORBIDDEN, judge

EVERY = 103


def check(case: Case) -> Seen:
    seen = run_case(case)
    wrong = judge(case, seen)
    if wrong:
        story = "\n".join(seen.story[-60:])
        replay = f'python -m tests.simulation.refusals --story --only "{case}"'
        pytest.fail(f"{case}: {wrong}\n{story}\nreplay it: {replay}", pytrace=False)
    return seen


@pytest.mark.parametrize("case", list(all_cases())[::EVERY], ids=str)
def test_whatever_is_refused(case: Case) -> None:
    check(case)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_undisturbed_each_scenario_asks_what_can_be_refused(scenario: Scenario) -> None:
    asked = {name for names in run_undisturbed(scenario).values() for name in names}
    assert {"connect", "WATCH", "GET", "MULTI", "REPLICAOF", "ROLE", "EXEC", "INFO", "PING"} <= asked


def test_a_refusal_strikes_and_is_judged() -> None:
    """A case in which nothing could be done is not taken for one in which all is well."""
    case = Case(SCENARIOS[-1], TARGET, "WATCH", "NOPERM", How.ERROR, "NOPERM '{command}'")
    seen = check(case)
    assert seen.struck
    assert seen.stray == [TARGET]
    assert any("WATCH" in text and TARGET in text for _, _, text in seen.failures)


@pytest.mark.parametrize("label", ["OOM", "BUSY"])
def test_attempts_that_fail_everywhere_become_rarer_whoever_leads(label: str) -> None:
    """Three sentinels that each double their own waits make three times as many."""
    seen = check(Case(SCENARIOS[0], EVERYWHERE, "ROLE", label, How.ERROR, ERRORS[label]))
    alone = [at_s for at_s in seen.elections if at_s < BACK_AFTER_S]
    waits = [later - earlier for earlier, later in itertools.pairwise(alone)][len(CAST.sentinels) :]
    assert len(waits) > 3 and all(later > 1.5 * earlier for earlier, later in itertools.pairwise(waits))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
@pytest.mark.parametrize("label", FORBIDDEN)
def test_where_replicaof_is_forbidden_everywhere_its_older_name_does_it(
    scenario: Scenario, label: str
) -> None:
    check(Case(scenario, EVERYWHERE, "REPLICAOF", label, How.ERROR, ERRORS[label]))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
@pytest.mark.parametrize("label", FORBIDDEN)
def test_where_role_is_forbidden_everywhere_info_says_what_a_node_is(scenario: Scenario, label: str) -> None:
    check(Case(scenario, EVERYWHERE, "ROLE", label, How.ERROR, ERRORS[label]))
