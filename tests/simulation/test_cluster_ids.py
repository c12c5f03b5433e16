"""A whole cluster gets its id while things go wrong."""

from __future__ import annotations

import pytest

from tests.simulation.cluster_ids import AGREED
from tests.simulation.replacing import DONE
from tests.simulation.trial import run_seed
from tests.simulation.world import draw_setup


@pytest.mark.parametrize("seed", [20, 360])
def test_a_sentinel_is_replaced_only_once_all_registers_have_the_members_of_before(seed: int) -> None:
    """Judged by the group alone it was too early, and the next one refused to start."""
    setup = draw_setup(seed)
    assert setup.ids and setup.replacement is not None
    outcome = run_seed(seed)
    assert outcome.broken is None, "\n".join(outcome.story[-60:])
    assert outcome.coverage[AGREED] and outcome.coverage[DONE]
