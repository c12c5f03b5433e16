"""What is watched of the nodes refutes a preflight's problem, where it agreed with it before."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sentinel.preflight.facts import Problem
from sentinel.preflight.refuted import Watched, is_refuted

UP = Watched(reached=True, linked=True)
DOWN = Watched(reached=False)
PRIMARY = Watched(reached=True, is_primary=True)


def problem(code: str, node: str | None = "a") -> Problem:
    return Problem(node, "error", code, "is so", "Do something.")


@pytest.mark.parametrize("code", ["unreachable", "credentials", "protected-mode", "tls", "not-usable"])
def test_a_node_that_is_reached_again(code: str) -> None:
    assert is_refuted(problem(code), {"a": DOWN}, {"a": UP})
    assert not is_refuted(problem(code), {"a": DOWN}, {"a": DOWN})


def test_what_the_probe_never_agreed_with_stays() -> None:
    """A preflight's new connections may be refused while the probe's old one lives."""
    assert not is_refuted(problem("unreachable"), {"a": UP}, {"a": PRIMARY})


@pytest.mark.parametrize(
    ("code", "before"),
    [
        ("link-down", replace(UP, linked=False)),
        ("loading", replace(UP, loading=True)),
        ("syncing", replace(UP, syncing=True)),
    ],
)
def test_a_link_that_recovered_and_a_copy_that_ended(code: str, before: Watched) -> None:
    assert is_refuted(problem(code), {"a": before}, {"a": UP})
    assert is_refuted(problem(code), {"a": before}, {"a": PRIMARY})
    assert not is_refuted(problem(code), {"a": before}, {"a": DOWN})


@pytest.mark.parametrize("code", ["two-primaries", "no-primary"])
@pytest.mark.parametrize("before", [{"a": PRIMARY, "b": PRIMARY}, {"a": UP, "b": UP}])
def test_one_primary_again(code: str, before: dict[str, Watched]) -> None:
    assert is_refuted(problem(code, None), before, {"a": PRIMARY, "b": UP})
    assert not is_refuted(problem(code, None), before, {"a": PRIMARY, "b": PRIMARY})


def test_what_cannot_be_watched_stays() -> None:
    assert not is_refuted(problem("permission"), {"a": DOWN}, {"a": UP})
    assert not is_refuted(problem("takes-no-part", None), {"a": DOWN}, {"a": PRIMARY})
    assert not is_refuted(problem("unreachable", "b"), {"a": DOWN}, {"a": UP})
