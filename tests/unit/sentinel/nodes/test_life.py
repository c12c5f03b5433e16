"""The evidence of a PONG from a node that used to answer INFO too."""

from __future__ import annotations

import pytest
from redis.exceptions import NoPermissionError, ResponseError

from quorum.evidence import Evidence, EvidenceKind
from sentinel.nodes.life import Life

ALIVE = Evidence(EvidenceKind.ALIVE)


def known() -> Life:
    """Of a node that has answered, to which a new connection was made."""
    life = Life()
    life.connected()
    life.answered()
    life.connected()
    return life


def test_a_pong_is_life_from_whoever_was_never_known_to_do_more() -> None:
    life = Life()
    life.connected()
    assert life.refused(ResponseError("unknown command 'INFO'")).kind is EvidenceKind.ALIVE
    assert life.pong() == ALIVE


def test_on_a_new_connection_it_shows_nothing_before_info_is_answered() -> None:
    life = known()
    assert life.pong() is None
    life.answered()
    assert life.pong() == ALIVE


def test_nor_where_info_is_not_known_there() -> None:
    life = known()
    assert life.refused(ResponseError("unsupported command")).kind is EvidenceKind.UNREACHABLE
    shown = life.pong()
    assert shown is not None and shown.kind is EvidenceKind.UNREACHABLE
    assert "answers PING, and not INFO as the node did: unsupported command" in shown.detail
    life.answered()
    assert life.pong() == ALIVE


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ResponseError("BUSY Redis is busy running a script"), EvidenceKind.ALIVE),
        (NoPermissionError("no permissions to run the 'info' command"), EvidenceKind.MISCONFIGURED),
    ],
)
def test_a_refusal_that_redis_has_a_reason_for_is_life(error: ResponseError, kind: EvidenceKind) -> None:
    life = known()
    assert life.refused(error).kind is kind
    assert life.pong() == ALIVE
