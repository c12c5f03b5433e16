"""The notes of sentinels to each other beside the agreement: a lost one does not harm safety."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from sentinel.notices.change import Change


@dataclass(frozen=True, slots=True)
class ChangeNote:
    """The leader's full record of a change, so that every sentinel's history has the timeline."""

    change: Change
    kind: Literal["change_note"] = "change_note"


@dataclass(frozen=True, slots=True)
class DeliveredNote:
    """These webhook events are settled: nobody else needs to deliver them."""

    ids: tuple[str, ...]
    kind: Literal["delivered_note"] = "delivered_note"


Note: TypeAlias = ChangeNote | DeliveredNote
