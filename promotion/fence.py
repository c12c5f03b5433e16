"""Rules for the fence key: which contents are a leader's term, and the script that raises it.

It is a key in the data set, so any client may write to it. A value that is no term may be somebody's data: it
is left alone, and the step goes without a fence. A term that no leader can have reached counts as missing and
is overwritten: a leader that went above it would have no terms left.
"""

from __future__ import annotations

import re

from promotion.conversation import ReplyError

MAX_TERM = 2**62
"""No sentinel reaches it: the peers' protocol cannot carry it."""
MAX_JUMP = 2**32
"""The largest distance between the terms of two leaders, however long one was away."""
SET_FENCE = """\
local found = redis.call('GET', KEYS[1])
local newer = found and (#found > #ARGV[1] or (#found == #ARGV[1] and found > ARGV[1]))
local absurd = newer and found:match('^%d+$') and tonumber(found) > tonumber(ARGV[1]) + 2^32
if newer and not absurd then return found end
redis.call('SET', KEYS[1], ARGV[1])
if absurd then return found end"""
"""Returns a newer term and leaves it, unless no leader can have written it. Terms have no leading zeros, so
the longer one is the greater."""
_TERM = re.compile(rb"0|[1-9][0-9]*")


def is_term(found: bytes) -> bool:
    return _TERM.fullmatch(found) is not None


def is_absurd(found: bytes, ours: int) -> bool:
    """Whether no leader can have written this term while this cluster is at ``ours``."""
    return len(found) > len(str(MAX_TERM)) or int(found) > ours + MAX_JUMP


def left_alone(key: str, found: bytes | ReplyError) -> str:
    """The message about a fence key that holds no term."""
    held = "another type of value" if isinstance(found, ReplyError) else repr(found[:40])
    return f"a fence: the key {key} holds {held}, which is not a term, and is left alone"
