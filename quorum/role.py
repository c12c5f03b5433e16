"""What a sentinel is in a group's agreement at the moment (Raft section 5.1, with PreVote's role besides)."""

from __future__ import annotations

import enum


class Role(enum.StrEnum):
    FOLLOWER = "follower"
    PRE_CANDIDATE = "pre-candidate"
    CANDIDATE = "candidate"
    LEADER = "leader"
