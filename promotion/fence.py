"""The fence: which of its contents are a leader's term, and how it is raised.

It is a key in the data set, so any client may write to it. What is no term at all may be somebody's data,
and is left alone: the step goes without a fence. A term that no leader can have come to counts as missing,
and is written over: to go above it would leave no terms to go on with.
"""

from __future__ import annotations

import re

from promotion.conversation import ReplyError

MAX_TERM = 2**62
"""No sentinel comes to it: it could not be told to another."""
MAX_JUMP = 2**32
"""No leader is further above another, however long that was away."""
SET_FENCE = """\
local found = redis.call('GET', KEYS[1])
local newer = found and (#found > #ARGV[1] or (#found == #ARGV[1] and found > ARGV[1]))
local absurd = newer and found:match('^%d+$') and tonumber(found) > tonumber(ARGV[1]) + 2^32
if newer and not absurd then return found end
redis.call('SET', KEYS[1], ARGV[1])
if absurd then return found end"""
"""Returns a newer term, and leaves it, unless no leader can have written it. Terms have no leading zeros, so
that the longer is the greater."""
_TERM = re.compile(rb"0|[1-9][0-9]*")


def is_term(found: bytes) -> bool:
    return _TERM.fullmatch(found) is not None


def is_absurd(found: bytes, ours: int) -> bool:
    """Whether no leader can have written this term, this cluster having come to ``ours``."""
    return len(found) > len(str(MAX_TERM)) or int(found) > ours + MAX_JUMP


def left_alone(key: str, found: bytes | ReplyError) -> str:
    """What is told of a key that holds no term."""
    held = "another type of value" if isinstance(found, ReplyError) else repr(found[:40])
    return f"a fence: the key {key} holds {held}, which is not a term, and is left alone"
