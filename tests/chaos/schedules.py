"""The schedules of faults, as data. What runs them is ``stage``; the same steps run against each system.

The installation always begins with the primary at ``h1``; ``ca`` and ``cb`` are the hosts of clients. Three
names are found while a schedule runs: ``primary`` is who is primary now, ``leader`` is who was elected
last, ``target`` is the replica that a switchover means to promote. ``rest`` is everybody else.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Literal, TypeAlias

LATE_S = 0.2
"""After a replica was chosen: a switchover has begun at the primary, and waits for the replica's answer."""

Part: TypeAlias = Literal["redis", "sentinel"]


class Moment(enum.Enum):
    """What a step may wait for, besides its time."""

    ELECTED = "a leader is elected"
    CHOSEN = "a replica is chosen"
    WHOLE = "all is in order again"


@dataclass(frozen=True, slots=True)
class Cut:
    """Nothing passes between the two sides; ``one_way``: nothing passes from ``side`` to ``other``."""

    side: tuple[str, ...]
    other: tuple[str, ...] = ("rest",)
    one_way: bool = False


@dataclass(frozen=True, slots=True)
class CutIn:
    """Nothing reaches ``side`` any more; what it sends arrives."""

    side: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Heal:
    """Every packet passes again."""


@dataclass(frozen=True, slots=True)
class Kill:
    part: Part
    host: str


@dataclass(frozen=True, slots=True)
class Freeze:
    """SIGSTOP."""

    part: Part
    host: str


@dataclass(frozen=True, slots=True)
class Thaw:
    part: Part
    host: str


@dataclass(frozen=True, slots=True)
class Start:
    """Whatever of this kind does not run, is started."""

    part: Part


@dataclass(frozen=True, slots=True)
class Restart:
    """SIGTERM, and start again."""

    part: Part
    host: str


@dataclass(frozen=True, slots=True)
class WipedRestart:
    """SIGKILL, and a start at once without any data."""

    host: str


@dataclass(frozen=True, slots=True)
class FillDisk:
    """Nothing more fits where the sentinel of ``host`` keeps its state."""

    host: str


@dataclass(frozen=True, slots=True)
class FreeDisk:
    host: str


@dataclass(frozen=True, slots=True)
class Switchover:
    """What an operator asks for: Vedette's ``switchover``, redis-sentinel's ``SENTINEL FAILOVER``."""


Action: TypeAlias = (
    Cut
    | CutIn
    | Heal
    | Kill
    | Freeze
    | Thaw
    | Start
    | Restart
    | WipedRestart
    | FillDisk
    | FreeDisk
    | Switchover
)


@dataclass(frozen=True, slots=True)
class Step:
    """``at_s`` is counted from the beginning; ``once`` is then waited for, which delays what follows.

    ``plus_s``: how long after that moment.
    """

    at_s: float
    do: Action
    once: Moment | None = None
    plus_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Schedule:
    """Clients write from before the first step until ``length_s``, and until all is in order again."""

    name: str
    proves: str
    steps: tuple[Step, ...]
    length_s: float
    hosts: int = 3

    @property
    def host_names(self) -> list[str]:
        return [f"h{number}" for number in range(1, self.hosts + 1)]


def _rolling(*hosts: str) -> tuple[Step, ...]:
    parts: tuple[Part, ...] = ("sentinel", "redis")
    return tuple(Step(1, Restart(part, host), Moment.WHOLE) for host in hosts for part in parts)


SCHEDULES: tuple[Schedule, ...] = (
    Schedule(
        "kill-primary",
        "A crash of the primary costs little time, and it comes back as a replica.",
        (Step(1, Kill("redis", "primary")), Step(6, Start("redis"))),
        length_s=8,
    ),
    Schedule(
        "hang-primary",
        "A primary that stops for 6 s and goes on (SIGSTOP, SIGCONT) does not stay a second one.",
        (Step(1, Freeze("redis", "h1")), Step(7, Thaw("redis", "h1"))),
        length_s=10,
    ),
    Schedule(
        "wiped-primary",
        "A primary that restarts at once without its data does not empty its replicas.",
        (Step(1, WipedRestart("h1")),),
        length_s=10,
    ),
    Schedule(
        "cut-primary",
        "A primary that nobody reaches is replaced, and demoted when it is back.",
        (Step(1, Cut(("h1",))), Step(9, Heal())),
        length_s=12,
    ),
    Schedule(
        "cut-primary-and-clients",
        "What is acknowledged on the wrong side: of the primary, its sentinel and half of the clients.",
        (Step(1, Cut(("h1", "ca"))), Step(9, Heal())),
        length_s=12,
    ),
    Schedule(
        "one-way-out",
        "The primary and its clients hear all the others, who hear nothing of them.",
        (Step(1, Cut(("h1", "ca"), one_way=True)), Step(9, Heal())),
        length_s=12,
    ),
    Schedule(
        "one-way-in",
        "The primary and its clients hear nothing of the others, who hear all of them.",
        (Step(1, CutIn(("h1", "ca"))), Step(9, Heal())),
        length_s=12,
    ),
    Schedule(
        "leader-cut",
        "A leader that is cut off in mid-failover is succeeded, and does no harm when it is back.",
        (
            Step(1, Kill("redis", "h1")),
            Step(1, Cut(("leader",)), Moment.ELECTED),
            Step(7, Heal()),
            Step(8, Start("redis")),
        ),
        length_s=11,
    ),
    Schedule(
        "leader-killed",
        "A leader's sentinel that dies in mid-failover is succeeded.",
        (
            Step(1, Kill("redis", "h1")),
            Step(1, Kill("sentinel", "leader"), Moment.ELECTED),
            Step(7, Start("sentinel")),
            Step(8, Start("redis")),
        ),
        length_s=11,
    ),
    Schedule(
        "flip-flop",
        "The first primary's side is a minority, then the majority, then a minority again.",
        (
            Step(1, Cut(("h1", "h2", "ca"))),
            Step(5, Heal()),
            Step(5, Cut(("h1", "h2", "h3", "ca"))),
            Step(9, Heal()),
            Step(9, Cut(("h1", "h2", "ca"))),
            Step(13, Heal()),
        ),
        length_s=16,
        hosts=5,
    ),
    Schedule(
        "cascade",
        "Three primaries in a row die, each earlier one being started again.",
        (
            Step(1, Kill("redis", "primary")),
            Step(5, Start("redis")),
            Step(6, Kill("redis", "primary"), Moment.WHOLE),
            Step(10, Start("redis")),
            Step(11, Kill("redis", "primary"), Moment.WHOLE),
            Step(15, Start("redis")),
        ),
        length_s=17,
    ),
    Schedule(
        "rolling-restart",
        "Everything is restarted under load, one process after the other, the first primary last.",
        _rolling("h2", "h3", "h1"),
        length_s=10,
    ),
    Schedule(
        "full-disk",
        "A sentinel whose state cannot be written does not keep the others from a failover.",
        (
            Step(1, FillDisk("h2")),
            Step(2, Kill("redis", "h1")),
            Step(8, FreeDisk("h2")),
            Step(8, Start("sentinel")),
            Step(9, Start("redis")),
        ),
        length_s=11,
    ),
    Schedule(
        "switchover",
        "A planned change of primary loses nothing.",
        (Step(1, Switchover()),),
        length_s=6,
    ),
    Schedule(
        "switchover-old-killed",
        "A switchover whose old primary dies in the middle.",
        (
            Step(1, Switchover()),
            Step(1, Kill("redis", "h1"), Moment.ELECTED),
            Step(7, Start("redis")),
        ),
        length_s=10,
    ),
    Schedule(
        "switchover-target-killed",
        "A switchover whose target dies in the middle.",
        (
            Step(1, Switchover()),
            Step(1, Kill("redis", "target"), Moment.CHOSEN),
            Step(7, Start("redis")),
        ),
        length_s=10,
    ),
    Schedule(
        "switchover-old-killed-late",
        "The same, when the old primary has been told to hand over.",
        (
            Step(1, Switchover()),
            Step(1, Kill("redis", "h1"), Moment.CHOSEN, plus_s=LATE_S),
            Step(7, Start("redis")),
        ),
        length_s=10,
    ),
    Schedule(
        "switchover-target-killed-late",
        "A switchover whose target dies when the old primary has been told to hand over to it.",
        (
            Step(1, Switchover()),
            Step(1, Kill("redis", "target"), Moment.CHOSEN, plus_s=LATE_S),
            Step(7, Start("redis")),
        ),
        length_s=10,
    ),
    Schedule(
        "switchover-leader-killed-late",
        "A switchover whose leader dies when the old primary has been told to hand over.",
        (
            Step(1, Switchover()),
            Step(1, Kill("sentinel", "leader"), Moment.CHOSEN, plus_s=LATE_S),
            Step(7, Start("sentinel")),
        ),
        length_s=10,
    ),
    Schedule(
        "switchover-hung",
        "A switchover for which no replica can get ready, since both hang, leaves the old primary writable.",
        (
            Step(1, Freeze("redis", "h2")),
            Step(1, Freeze("redis", "h3")),
            Step(1, Switchover()),
            Step(7, Thaw("redis", "h2")),
            Step(7, Thaw("redis", "h3")),
        ),
        length_s=10,
    ),
    Schedule(
        "switchover-leader-killed",
        "A switchover whose leader dies in the middle.",
        (
            Step(1, Switchover()),
            Step(1, Kill("sentinel", "leader"), Moment.ELECTED),
            Step(7, Start("sentinel")),
        ),
        length_s=10,
    ),
)


def by_name(name: str) -> Schedule:
    """Raises KeyError with the names that there are."""
    for schedule in SCHEDULES:
        if schedule.name == name:
            return schedule
    raise KeyError(f"no schedule {name!r}; there are: {', '.join(s.name for s in SCHEDULES)}")
