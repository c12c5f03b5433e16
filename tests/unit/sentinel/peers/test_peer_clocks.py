"""Wall clocks that are apart are told once, and not where it is only the answer that took long."""

from __future__ import annotations

import pytest

from sentinel.peers.clocks import MAX_APART_MS, PeerClocks


def test_an_offset_is_what_is_left_of_the_way() -> None:
    clocks = PeerClocks()
    assert clocks.told("s2", 1_000_050, 1_000_100, rtt_s=0.1) is None
    offset = clocks.offsets["s2"]
    assert (offset.ahead_ms, offset.blur_ms, offset.is_apart) == (0.0, 50.0, False)


@pytest.mark.parametrize(("ahead_ms", "said"), [(5_000, "5.0 s ahead of"), (-5_000, "5.0 s behind")])
def test_clocks_apart_are_told_once_and_so_is_the_end_of_it(ahead_ms: int, said: str) -> None:
    clocks = PeerClocks()
    first = clocks.told("s2", 1_000_000 + ahead_ms, 1_000_000, rtt_s=0.0)
    assert first is not None and first.is_apart and said in str(first)
    assert clocks.told("s2", 1_001_000 + ahead_ms, 1_001_000, rtt_s=0.0) is None
    assert list(clocks.apart) == ["s2"]
    last = clocks.told("s2", 1_002_000, 1_002_000, rtt_s=0.0)
    assert last is not None and not last.is_apart and not clocks.apart


def test_what_took_long_tells_nothing_of_a_clock() -> None:
    clocks = PeerClocks()
    clocks.told("s2", 1_000_000, 1_000_000, rtt_s=0.001)
    assert clocks.told("s2", 1_000_000, 1_000_000 + 3 * MAX_APART_MS, rtt_s=0.5) is None
    assert not clocks.apart
