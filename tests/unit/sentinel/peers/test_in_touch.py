"""Who is in touch elects if the membership says so: its voters, and those before them while both count."""

from __future__ import annotations

import pytest

from quorum.membership import Membership
from sentinel.peers.in_touch import InTouch

THREE = Membership.of(["s1", "s2", "s3"])
JOINT = THREE.moved_to(["s1", "s2", "s3", "s4"])


@pytest.mark.parametrize(
    ("membership", "peers", "elects"),
    [
        (THREE, [], False),
        (THREE, ["s2"], True),
        (THREE, ["s2", "s3"], True),
        (THREE, ["stranger"], False),
        (Membership.of(["s1"]), [], True),
        (Membership.of(["s1", "s2", "s3", "s4"]), ["s2"], False),
        (Membership.of(["s1", "s2", "s3", "s4"]), ["s2", "s4"], True),
        (JOINT, ["s2", "s4"], True),
        (JOINT, ["s4"], False),
    ],
)
def test_this_sentinel_and_those_in_touch_elect(
    membership: Membership, peers: list[str], elects: bool
) -> None:
    in_touch = InTouch("s1", membership, lambda: frozenset(peers))
    assert in_touch.elects() is elects
    assert in_touch.would_elect(frozenset(peers)) is elects


def test_only_members_are_named_this_one_included() -> None:
    in_touch = InTouch("s1", THREE, lambda: frozenset({"s3", "stranger"}))
    assert in_touch.members() == {"s1", "s3"}
