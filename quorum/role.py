"""The roles of a sentinel in a group's agreement (Raft section 5.1, and PreVote's)."""

from __future__ import annotations

import enum


class Role(enum.StrEnum):
    FOLLOWER = "follower"
    PRE_CANDIDATE = "pre-candidate"
    CANDIDATE = "candidate"
    LEADER = "leader"
