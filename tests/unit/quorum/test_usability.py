"""Since when, and why, a node refuses its clients, and when another should take its place for that."""

from __future__ import annotations

from quorum.usability import ENDS_AFTER_S, Refusal, Refusing, Source, Usability

NODE, OTHER = "redis-a:6379", "redis-b:6379"
AFTER_S = 5.0
MISCONF = Refusing(Refusal.MISCONF, "its disk is full")
OOM = Refusing(Refusal.OOM, "no memory")
FULL = Refusing(Refusal.MAXCLIENTS, "40 of 40")
ENDING = Refusing(Refusal.SHUTDOWN, "it was told to end")
TOO_FEW = Refusing(Refusal.NOREPLICAS, "0 of 1")


def usability(after_s: float | None = AFTER_S) -> Usability:
    return Usability(after_s)


def test_the_gravest_of_what_is_seen_is_shown_and_each_way_takes_back_its_own_word_only() -> None:
    seen = usability()
    assert seen.refusing(NODE) is None
    assert seen.saw(NODE, Source.DOOR, FULL, 1.0)
    assert seen.saw(NODE, Source.PING, MISCONF, 2.0)
    assert not seen.saw(NODE, Source.PING, MISCONF, 3.0), "that is no news"
    assert seen.refusing(NODE) == MISCONF and seen.since(NODE) == 1.0
    assert seen.saw(NODE, Source.PING, None, 4.0)
    assert seen.refusing(NODE) == FULL
    assert seen.saw(NODE, Source.DOOR, None, 5.0)
    assert seen.is_quiet and seen.since(NODE) is None


def test_what_lasts_and_another_might_not_refuse_is_unwritable() -> None:
    for refusing in (MISCONF, OOM):
        seen = usability()
        seen.saw(NODE, Source.PING, refusing, 10.0)
        assert seen.next_deadline(10.0) == 10.0 + AFTER_S
        assert not seen.is_unwritable(NODE, 10.0 + AFTER_S - 0.01)
        assert seen.is_unwritable(NODE, 10.0 + AFTER_S)
        assert not seen.is_unwritable(OTHER, 10.0 + AFTER_S)
        assert seen.next_deadline(10.0 + AFTER_S) is None


def test_one_that_was_told_to_end_has_a_moment_for_it() -> None:
    """While its replicas are well it ends sooner than anybody could take its place."""
    seen = usability()
    seen.saw(NODE, Source.INFO, ENDING, 10.0)
    assert seen.next_deadline(10.0) == 10.0 + ENDS_AFTER_S
    assert not seen.is_unwritable(NODE, 10.0 + ENDS_AFTER_S - 0.01)
    assert seen.is_unwritable(NODE, 10.0 + ENDS_AFTER_S)
    seen.saw(NODE, Source.INFO, None, 12.0)
    assert not seen.is_unwritable(NODE, 12.0), "SHUTDOWN ABORT"


def test_what_another_primary_would_have_as_well_never_is() -> None:
    seen = usability()
    for source, refusing in ((Source.INFO, TOO_FEW), (Source.DOOR, FULL)):
        seen.saw(NODE, source, refusing, 0.0)
    assert seen.next_deadline(0.0) is None
    assert not seen.is_unwritable(NODE, 1000.0)


def test_nor_is_anything_where_that_is_switched_off() -> None:
    seen = usability(None)
    seen.saw(NODE, Source.PING, MISCONF, 0.0)
    assert seen.next_deadline(0.0) is None
    assert not seen.is_unwritable(NODE, 1000.0)


def test_patience_starts_anew_after_a_recovery_and_after_a_stall() -> None:
    seen = usability()
    seen.saw(NODE, Source.PING, MISCONF, 0.0)
    seen.saw(NODE, Source.PING, None, 4.0)
    seen.saw(NODE, Source.PING, MISCONF, 4.5)
    assert not seen.is_unwritable(NODE, AFTER_S + 1)
    seen.distrust(9.0)
    assert not seen.is_unwritable(NODE, 9.0 + AFTER_S - 0.01)
    assert seen.is_unwritable(NODE, 9.0 + AFTER_S)


def test_a_node_that_is_gone_or_no_longer_watched_refuses_nothing() -> None:
    seen = usability()
    for node in (NODE, OTHER):
        seen.saw(node, Source.PING, MISCONF, 0.0)
    seen.gone(NODE)
    assert seen.refusing(NODE) is None and seen.refusing(OTHER) == MISCONF
    seen.keep([NODE])
    assert seen.is_quiet
