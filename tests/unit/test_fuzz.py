"""Every input of the fuzzer's corpus keeps its kind's rules; and the fuzzer finds what breaks them."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzz import corpus, fuzzing, playing
from tests.fuzz.changing import MAX_BYTES, Changing
from tests.fuzz.kind import BrokenRuleError, Check, Kind, must
from tests.fuzz.kinds import KINDS
from tests.fuzz.loop_failures import Failed
from tests.fuzz.pieces import cuts
from tests.fuzz.playing import why_broken

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("name", KINDS)
def test_the_whole_corpus_keeps_the_rules(name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL + 1)
    files = corpus.files(name)
    assert files
    with KINDS[name](name).opened() as check:
        broken = {file.name: why for file in files if (why := played(check, file)) is not None}
    assert not broken


def played(check: Check, file: Path) -> BaseException | None:
    try:
        check(file.read_bytes())
    except Exception as error:  # noqa: BLE001  # of all files is told
        return error
    return None


def test_the_same_seed_makes_the_same_inputs() -> None:
    pool = [file.read_bytes() for file in corpus.files("info")]
    one, other = (Changing(random.Random(5), (b"role:",)) for _ in range(2))
    made = [one.next(pool) for _ in range(300)]
    assert made == [other.next(pool) for _ in range(300)]
    assert len(set(made)) > 250 and max(map(len, made)) <= MAX_BYTES


def test_bytes_are_cut_everywhere_and_none_is_lost() -> None:
    ways = list(cuts(b"0123456789"))
    assert [len(one) for one, *_ in ways[:9]] == list(range(1, 10))
    assert {b"".join(pieces) for pieces in ways} == {b"0123456789"}


def test_what_breaks_a_rule_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playing, "_peak_bytes", lambda: 0)

    def check(data: bytes) -> str:
        must(data != b"rule", "the rule")
        if data == b"other":
            raise KeyError("other")
        if data == b"big":
            monkeypatch.setattr(playing, "_peak_bytes", lambda: 1 << 30)
        return "fine"

    assert why_broken(check, b"good") == ("fine", None)
    assert why_broken(check, b"rule") == ("broken", "the rule")
    assert "KeyError comes out" in str(why_broken(check, b"other")[1])
    assert "MiB for 3 bytes" in str(why_broken(check, b"big")[1])


def test_what_nobody_waits_for_counts_as_well() -> None:
    failed = Failed()

    def check(_data: bytes) -> str:
        failed.note(None, {"message": "a task failed", "exception": ValueError("why")})  # type: ignore[arg-type]
        return "fine"

    with pytest.raises(BrokenRuleError, match="a task failed"):
        failed.told(check)(b"")


def test_what_is_found_goes_into_the_corpus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "good").write_bytes(b"count:1")
    monkeypatch.setattr(corpus, "CORPUS", tmp_path)
    monkeypatch.setattr(fuzzing, "KINDS", {"toy": lambda _name: Kind("toy", opened, ())})
    monkeypatch.setattr(fuzzing, "limit_addresses", lambda: None)
    assert fuzzing.fuzz("toy", 60.0, 1) == fuzzing.MAX_BROKEN
    found = [file for file in corpus.files("toy") if file.name.startswith("found-")]
    assert found and all(b"count" not in file.read_bytes() for file in found)
    assert "BROKEN toy" in capsys.readouterr().out


def _has_count(data: bytes) -> str:
    must(b"count" in data, "no count")
    return "fine"


class _Opened:
    def __enter__(self) -> Check:
        return _has_count

    def __exit__(self, *_: object) -> None:
        pass


def opened() -> _Opened:
    return _Opened()


@pytest.fixture(autouse=True)
def _log_stays_on() -> Iterator[None]:
    yield
    logging.disable(logging.NOTSET)
