"""A crowd of clients takes no file that nodes and peers need, and keeps no later client out."""

from __future__ import annotations

import gc
import weakref
from types import SimpleNamespace

import pytest

from sentinel.process.client_room import MAX_CLIENTS, MIN_CLIENTS, ClientRoom, Files, Place, kept


class House:
    def __init__(self, most: int) -> None:
        self.room = ClientRoom(most)
        self.sent_away: list[str] = []

    def enter(self, name: str, kind: str = "http") -> Place | None:
        return self.room.enter(kind, lambda: self.sent_away.append(name))

    def must_enter(self, name: str, kind: str = "http") -> Place:
        place = self.enter(name, kind)
        assert place is not None
        return place


def test_the_one_that_did_nothing_for_longest_makes_room() -> None:
    house = House(8)
    first, *_ = [house.must_enter(str(number)) for number in range(6)]
    first.refresh()
    house.must_enter("more")
    assert house.sent_away == ["1"]
    assert house.room.inside["http"] == 6 and house.room.made_way["http"] == 1


def test_who_is_kept_makes_no_room_until_it_is_released() -> None:
    house = House(8)
    places = [house.must_enter(str(number)) for number in range(6)]
    for place in places:
        house.room.keep(place)
        place.refresh()
    assert house.enter("more") is None and house.room.refused["http"] == 1
    house.room.release(places[3])
    assert house.enter("more") is not None and house.sent_away == ["3"]


def test_no_kind_fills_the_house() -> None:
    house = House(8)
    for number in range(20):
        house.room.keep(house.must_enter(str(number), "resp")) if number < 6 else house.enter("x", "resp")
    assert house.room.inside["resp"] == 6
    assert house.enter("operator") is not None and house.enter("peer") is not None
    assert house.enter("one too many") is not None and house.sent_away == ["operator"]


def test_a_full_house_sends_away_idle_ones_of_another_kind() -> None:
    house = House(8)
    for number in range(6):
        house.must_enter(f"h{number}")
    for number in range(2):
        house.must_enter(f"r{number}", "resp")
    house.must_enter("r2", "resp")
    assert house.sent_away == ["h0"] and house.room.inside == {"http": 5, "resp": 3}


def test_whoever_left_is_not_counted_twice() -> None:
    house = House(8)
    place = house.must_enter("a")
    place.left()
    place.left()
    house.room.release(place)
    place.refresh()
    assert house.room.inside["http"] == 0
    for number in range(8):
        house.enter(str(number))
    assert "a" not in house.sent_away


def test_a_connection_is_kept_while_it_waits_and_one_in_no_room_is_let_be() -> None:
    house = House(8)
    place = house.must_enter("waits")
    with kept(SimpleNamespace(place=place)), kept(SimpleNamespace()), kept(None):
        for number in range(20):
            house.enter(str(number))
        assert "waits" not in house.sent_away
    for number in range(20):
        house.enter(str(number))
    assert "waits" in house.sent_away


def test_those_that_are_kept_by_right_leave_room_for_others() -> None:
    room = ClientRoom(1000)
    waiting, listening, subscribed = room.share(3), room.share(1), room.share(3)
    assert waiting + listening + subscribed < room.most
    assert waiting + listening < room.share(6) and subscribed < room.share(6)


@pytest.mark.parametrize(("limit", "clients"), [(1024, 860), (None, MAX_CLIENTS), (10**6, MAX_CLIENTS)])
def test_what_nodes_and_peers_need_is_kept_back(limit: int | None, clients: int) -> None:
    files = Files.needed(limit, peers=2, groups=1, nodes=3)
    assert files.clients == clients and files.too_few is None


def test_where_files_are_too_few_for_the_nodes_it_is_told() -> None:
    files = Files.needed(1024, peers=2, groups=100, nodes=300)
    assert files.clients == MIN_CLIENTS
    assert files.too_few is not None and "1024 files" in files.too_few and "LimitNOFILE" in files.too_few


class _Connection:
    """The connection knows its place, and the place can end the connection."""

    def __init__(self, room: ClientRoom) -> None:
        self.place = room.enter("http", self.leave)

    def leave(self) -> None:
        assert self.place is not None
        self.place.left()


@pytest.mark.parametrize("most", [8, 1])
def test_who_has_left_is_not_kept_in_memory_by_its_place(most: int) -> None:
    """Each client used to stay until the collector came by: 18 kB of each, and it comes rarely."""
    room = ClientRoom(most)
    connection = _Connection(room)
    seen = weakref.ref(connection)
    gc.disable()
    try:
        if most == 1:
            another = _Connection(room)
            assert another.place is not None and room.made_way["http"] == 1
        else:
            connection.leave()
        del connection
        assert seen() is None
    finally:
        gc.enable()
