"""Counts in Redis through failovers, one line for each number that the primary acknowledged.

    python counter.py [--asyncio] mymaster http://host-1:8700 http://host-2:8700 http://host-3:8700
    # 17 1767225600123.4        the number, and when: milliseconds since the epoch

Each number is a field of the hash $COUNTER (``counter`` unless set), so that none can hide another's loss.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import sys
import time

import follow_primary
import follow_primary_asyncio
import redis
import redis.asyncio

PAUSE_S = 0.005
KEY = os.environ.get("COUNTER", "counter")


def tell(number: int) -> None:
    print(number, f"{time.time() * 1000:.1f}", flush=True)


def failed(number: int, error: Exception) -> None:
    """The number may be there nevertheless; the next one goes to the primary of that moment."""
    print(f"{number} failed: {error}", file=sys.stderr, flush=True)


def count(sentinels: list[str], group: str) -> None:
    client = redis.Redis(connection_pool=follow_primary.PrimaryPool(sentinels, group))
    for number in itertools.count(1):
        try:
            client.hset(KEY, str(number), "1")
        except redis.RedisError as error:
            failed(number, error)
        else:
            tell(number)
        time.sleep(PAUSE_S)


async def count_asyncio(sentinels: list[str], group: str) -> None:
    client = redis.asyncio.Redis.from_pool(follow_primary_asyncio.PrimaryPool(sentinels, group))
    for number in itertools.count(1):
        try:
            await client.hset(KEY, str(number), "1")
        except redis.RedisError as error:
            failed(number, error)
        else:
            tell(number)
        await asyncio.sleep(PAUSE_S)


def main() -> None:
    parser = argparse.ArgumentParser(description="Count in Redis, following the primary.")
    parser.add_argument("--asyncio", action="store_true", help="with redis-py's asyncio client")
    parser.add_argument("group")
    parser.add_argument("sentinels", nargs="+", metavar="URL")
    options = parser.parse_args()
    if options.asyncio:
        asyncio.run(count_asyncio(options.sentinels, options.group))
    else:
        count(options.sentinels, options.group)


if __name__ == "__main__":
    main()
