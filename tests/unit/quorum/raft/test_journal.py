"""What a sentinel writes down only ever grows, and whatever would not is refused before it is written."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from quorum.effects import Emit, Persist, Send, SteppedDown
from quorum.errors import InvariantError
from quorum.messages import Entry, HardState, Resign
from quorum.raft.journal import Journal

STATE = HardState(term=5, voted_for="s2", entry=Entry(4, 2, None), committed=Entry(4, 1, None))


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("an older term", lambda journal: journal.new_term(4)),
        ("a second vote in a term", lambda journal: journal.vote("s3", 0)),
        ("taking a vote back", lambda journal: journal.new_term(5)),
        ("an older entry", lambda journal: journal.store(Entry(4, 1, None))),
        ("an entry below the commit", lambda journal: journal.store(Entry(3, 9, None))),
        ("an entry of a term to come", lambda journal: journal.store(Entry(6, 1, None))),
    ],
)
def test_it_refuses(what: str, change: Callable[[Journal], None]) -> None:
    journal = Journal(STATE)
    with pytest.raises(InvariantError):
        change(journal)
    assert journal.state == STATE and journal.take() == [], what


def test_effects_leave_in_the_order_in_which_they_were_made_and_once() -> None:
    journal = Journal(STATE)
    journal.new_term(6)
    journal.send("s2", Resign(6))
    journal.emit(SteppedDown(6, "x"))
    journal.vote("s3", 0)
    assert journal.take() == [
        Persist(HardState(6, None, STATE.entry, STATE.committed)),
        Send("s2", Resign(6)),
        Emit(SteppedDown(6, "x")),
        Persist(HardState(6, "s3", STATE.entry, STATE.committed)),
    ]
    assert journal.take() == []


def test_what_is_written_already_is_not_written_again() -> None:
    journal = Journal(STATE)
    journal.vote("s2", 0)
    journal.store(STATE.entry)
    journal.note_committed(Entry(4, 1, None))
    assert journal.take() == []
