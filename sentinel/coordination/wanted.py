"""What the leader's side wants. It returns that, and the coordinator does it in the order in which it comes.

So neither calls the other back: what the agreement core makes of a proposal, which may be committed at once,
is handled once the leader's side has said all that it wanted.
"""

from __future__ import annotations

from typing import TypeAlias

from quorum.inputs import Propose, StopLeading, YieldTo
from sentinel.coordination.inputs import GroupEffect

Wanted: TypeAlias = Propose | YieldTo | StopLeading | GroupEffect
"""A step of the agreement core, or an effect."""
