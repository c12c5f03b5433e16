"""Partitions between any sets of hosts, one-way too: packets dropped at the bridge between them.

All directions that are cut stand in one nftables set, so that a partition comes and goes as one change.
Only what the bridge forwards is dropped: the observer at the bridge itself is never cut off.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tests.chaos.hosts import run

_TABLE = """
table bridge chaos
delete table bridge chaos
table bridge chaos {
    set cut { type ipv4_addr . ipv4_addr; }
    chain forward {
        type filter hook forward priority 0; policy accept;
        ip saddr . ip daddr @cut drop
    }
}
"""


class Partitions:
    def __init__(self, addresses: Mapping[str, str]) -> None:
        self._addresses = dict(addresses)
        run("nft", "-f", "-", given=_TABLE)

    def cut(self, senders: Iterable[str], receivers: Iterable[str], *, one_way: bool = False) -> None:
        """Nothing from ``senders`` reaches ``receivers`` any more; nor the other way, unless ``one_way``."""
        pairs = {(a, b) for a in senders for b in receivers if a != b}
        if not one_way:
            pairs |= {(b, a) for a, b in pairs}
        listed = ", ".join(f"{self._addresses[a]} . {self._addresses[b]}" for a, b in sorted(pairs))
        if listed:
            run("nft", "-f", "-", given=f"add element bridge chaos cut {{ {listed} }}\n")

    def heal(self) -> None:
        run("nft", "flush set bridge chaos cut")
