"""A leader waits for nodes longer by its own lateness, and as usual without it."""

from __future__ import annotations

import pytest

from sentinel.process import limits


def test_a_leader_that_is_late_waits_longer_for_what_it_may_not_have_read_yet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "late_s", lambda: 0.0)
    assert (limits.read_s(), limits.connect_s(), limits.answer_s()) == (0.5, 1.0, 2.0)
    monkeypatch.setattr(limits, "late_s", lambda: 0.5)
    assert (limits.read_s(), limits.connect_s(), limits.answer_s()) == (2.5, 3.0, 4.0)
