"""Who is of another cluster is refused; who has no id yet, or is of a release without, is taken in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sentinel.peers.auth import Handshake
from sentinel.peers.cluster import Clusters, ForeignClusterError, is_foreign
from sentinel.peers.wire import PeerProtocolError

SHAKE = Handshake("s1", "s2", b"a" * 32, b"b" * 32, ("one", "one"))


@pytest.mark.parametrize(
    ("own", "theirs", "foreign"),
    [
        ("one", "two", True),
        ("one", "one", False),
        ("one", "", False),
        ("one", None, False),
        ("", "two", False),
        ("", "", False),
    ],
)
def test_two_ids_that_differ_are_two_clusters(own: str, theirs: str | None, foreign: bool) -> None:
    assert is_foreign(own, theirs) is foreign


def test_a_foreign_peer_is_refused_with_both_ids_until_it_names_another() -> None:
    clusters = Clusters()
    clusters.adopt("one")
    with pytest.raises(ForeignClusterError, match="is of the cluster two, and this is one"):
        clusters.said("s2", "two")
    assert clusters.foreign == {"s2": "two"} and clusters.is_foreign("s2")
    clusters.said("s2", "")
    assert clusters.foreign == {} and not clusters.is_foreign("s2")


def test_who_was_let_in_before_there_was_an_id_is_found_out_once_there_is_one() -> None:
    clusters = Clusters()
    clusters.said("s2", "two")
    clusters.adopt("one")
    assert clusters.foreign == {"s2": "two"}


@pytest.mark.parametrize("forged", [("two", "one"), ("one", "two"), ("on", "eone"), None])
def test_what_is_named_is_part_of_the_proof(forged: tuple[str, str] | None) -> None:
    """So nobody on the way can have it said of a peer, or have it left out."""
    with pytest.raises(PeerProtocolError, match="wrong proof"):
        SHAKE.check(b"secret", "dialer", replace(SHAKE, clusters=forged).proof(b"secret", "dialer"))
