"""Faults that stayed and broke a rule: see ``found``."""

from __future__ import annotations

from promotion.sealing import WriteRules
from promotion.step_types import WriteSafety
from tests.simulation.faults import Cast
from tests.simulation.finding import CLIENTS, HOSTS, NODES, Found
from tests.simulation.lasting import Lasting, Loss
from tests.simulation.node import Settings
from tests.simulation.world import Setup

LASTING = (
    Found(
        "denied-first",
        "The first in line could read no replica, won each election and gave up, and put off all others.",
        Setup(
            11,
            "lasting",
            Cast(HOSTS, NODES, CLIENTS),
            WriteRules(),
            Settings(),
            (),
            lasting=(Lasting("is denied at the replicas", ("h1",)),),
            loss=Loss(7.0, hangs=True),
        ),
    ),
    Found(
        "may-not-promote",
        "The same where its user may look at the replicas, and not promote one.",
        Setup(
            11,
            "lasting",
            Cast(HOSTS, NODES, CLIENTS),
            WriteRules(),
            Settings(),
            (),
            lasting=(Lasting("may not REPLICAOF", ("h1",)),),
            loss=Loss(0.3, hangs=False),
        ),
    ),
    Found(
        "ended-too-late",
        "Messages were lost and leaderships short: none learned which replica did not answer its steps.",
        Setup(
            9_200_390,
            "lasting",
            Cast(HOSTS, ("n1:6379", "n2:6379", "n3:6379"), CLIENTS),
            WriteRules(),
            Settings(),
            (),
            lasting=(
                Lasting("node refuses", ("h1",), "n3:6379", "CLIENT/silence", 0.97),
                Lasting("a third is lost", ("h1",), "n3:6379", "", 0.51),
            ),
            loss=Loss(2.0, hangs=True),
        ),
    ),
    Found(
        "waited-anew",
        "Each leader waited for all of the window of `fence_wait`, and none led for so long.",
        Setup(
            0,
            "lasting",
            Cast(HOSTS, ("n1:6379", "n2:6379", "n3:6379"), CLIENTS),
            WriteRules(safety=WriteSafety(1, 2), fence_wait=True),
            Settings(),
            (),
            lasting=(Lasting("a third is lost"),),
            loss=Loss(2.0, hangs=True),
        ),
    ),
    Found(
        "sealed-anew",
        "Each leader began at the same replica, which answered no step: to cut it off, later to re-point it.",
        Setup(
            0,
            "lasting",
            Cast(HOSTS, ("n1:6379", "n2:6379", "n3:6379", "n4:6379"), CLIENTS),
            WriteRules(safety=WriteSafety(1, 2), fence_wait=True),
            Settings(),
            (),
            lasting=(
                Lasting("node refuses", ("h1",), "n3:6379", "MULTI/silence", 0.97),
                Lasting("a third is lost", ("h1",), "n3:6379", "", 0.51),
            ),
            loss=Loss(2.0, hangs=True),
        ),
    ),
)
