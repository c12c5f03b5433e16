"""A message that goes to several peers is encoded once, and each as it stands."""

from __future__ import annotations

from unittest.mock import Mock

import pytest

from quorum.messages import PreVoteReply
from sentinel.peers import encoder
from sentinel.peers.encoder import MAX_REMEMBERED, Encoder
from sentinel.peers.wire import encode_item


def test_what_goes_to_several_peers_is_encoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Mock(wraps=encode_item)
    monkeypatch.setattr(encoder, "encode_item", counted)
    encoding, message = Encoder(), PreVoteReply(3, granted=True)
    assert {encoding.item("g", message) for _ in range(3)} == {encode_item("g", message)}
    assert counted.call_count == 1


def test_each_group_and_each_message_has_its_own() -> None:
    encoding, message = Encoder(), PreVoteReply(3, granted=True)
    assert encoding.item("g", message) == encode_item("g", message)
    assert encoding.item("h", message) == encode_item("h", message)
    for term in range(MAX_REMEMBERED * 3):
        assert encoding.item("g", PreVoteReply(term, granted=False)) == encode_item(
            "g", PreVoteReply(term, granted=False)
        )
