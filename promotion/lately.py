"""What failed a moment ago, in whichever leadership: no leader begins with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Lately:
    """Names of nodes, and reasons.

    ``not_disarmed``: where nobody could be cut off; ``not_sealed``: who could not be cut off from the
    primary, and why; ``not_repointed``: who could not be told whom to follow.
    """

    not_disarmed: frozenset[str] = frozenset()
    not_sealed: Mapping[str, str] = field(default_factory=dict)
    not_repointed: frozenset[str] = frozenset()


NOTHING = Lately()
