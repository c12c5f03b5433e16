"""Every situation, in the order of the table. Importing a room of stories registers what is in it."""

from __future__ import annotations

from tests.wild import (
    busy,
    crashes,
    full_nodes,
    identity,
    network,
    planned,
    refusals,
    restarts,
    strangers,
    syncing,
    watchers,
)
from tests.wild.situation import REGISTERED

ROOMS = (
    crashes,
    syncing,
    restarts,
    network,
    identity,
    strangers,
    refusals,
    full_nodes,
    busy,
    watchers,
    planned,
)

SITUATIONS = {
    name: situation
    for room in ROOMS
    for name, situation in REGISTERED.items()
    if situation.run.__module__ == room.__name__
}
