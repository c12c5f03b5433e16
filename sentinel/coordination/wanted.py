"""The requests of the leader's side. It returns them, and the coordinator carries them out in order.

So neither calls the other back: the consequences of a proposal, which may be committed at once, are handled
after the leader's side has returned all its requests.
"""

from __future__ import annotations

from typing import TypeAlias

from quorum.inputs import Propose, StopLeading, YieldTo
from sentinel.coordination.inputs import GroupEffect

Wanted: TypeAlias = Propose | YieldTo | StopLeading | GroupEffect
"""A step of the agreement core, or an effect."""
