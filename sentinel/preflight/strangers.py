"""Finds addresses that the nodes report of each other, but that are no nodes of the group and unreachable."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

from sentinel.coordination.node_info import NodeInfo
from sentinel.nodes.evidence import classify
from sentinel.nodes.link import RedisLink
from sentinel.preflight.facts import Address, GroupFacts, Stranger
from sentinel.preflight.talk import NODE_TIMEOUT_S

MAX_STRANGERS = 16


async def find_strangers(link: RedisLink, turn: asyncio.Semaphore, facts: GroupFacts) -> tuple[Stranger, ...]:
    """The strangers, at most MAX_STRANGERS. A reachable address may be an unconfigured replica: no fault."""
    named: dict[tuple[Address, bool], Stranger] = {}
    for node in facts.seen:
        # If others report the address too, the node that announces it is the one to correct.
        if node.announced is not None:
            own = Stranger(node.name, node.announced, False, "", as_itself=True)
            named.setdefault((own.address, False), own)
    for node in facts.seen:
        assert node.info is not None
        for address, as_primary in _named(node.info):
            named.setdefault((address, as_primary), Stranger(node.name, address, as_primary, ""))
    unknown = [stranger for stranger in named.values() if facts.at(stranger.address) is None]
    asked = unknown[:MAX_STRANGERS]
    reasons = await asyncio.gather(*(_why_lost(link, turn, facts, stranger.address) for stranger in asked))
    return tuple(
        replace(each, detail=why) for each, why in zip(asked, reasons, strict=True) if why is not None
    )


def _named(info: NodeInfo) -> Iterator[tuple[Address, bool]]:
    """The addresses in ``info``, each with whether it is named as the primary."""
    if info.master_host is not None and info.master_port is not None:
        yield (info.master_host, info.master_port), True
    if info.role == "master":
        yield from (((replica.ip, replica.port), False) for replica in info.attached)


async def _why_lost(
    link: RedisLink, turn: asyncio.Semaphore, facts: GroupFacts, address: Address
) -> str | None:
    """Why the address cannot be reached; None if any server is there, or if it is a node's after all."""
    host, port = address
    try:
        async with turn, asyncio.timeout(NODE_TIMEOUT_S):
            if any(facts.at((ip, port)) for ip in await link.addresses(host)):
                return None
            # No password is sent: a client that may replicate from a node can make it report any address.
            await link.knock(host, port)
            return None
    except TimeoutError as error:
        return str(error) or "no answer"
    except OSError as error:
        return classify(error).detail
