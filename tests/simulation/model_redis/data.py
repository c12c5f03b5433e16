"""A server's data set: what the commands that touch keys do to it, and who is watching them."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Protocol, TypeAlias

from promotion.conversation import Reply, ReplyError

Value: TypeAlias = str | list[str] | dict[str, None]
"""A string, a list, or a set (which keeps its order here, so that runs repeat)."""
Values: TypeAlias = dict[str, Value]

WRONG_TYPE = ReplyError("WRONGTYPE Operation against a key holding the wrong kind of value")
NOT_AN_INTEGER = ReplyError("ERR value is not an integer or out of range")
OUT_OF_RANGE = ReplyError("ERR increment or decrement would overflow")
SYNTAX = ReplyError("ERR syntax error")


class Watcher(Protocol):
    watch_broken: bool


class DataSet:
    """``run`` returns the reply and whether anything changed, which is what makes a command replicate."""

    def __init__(self, values: Values | None = None) -> None:
        self.values: Values = {} if values is None else values
        self._watchers: dict[str, list[Watcher]] = {}
        self._commands: dict[str, Callable[[tuple[str, ...]], tuple[Reply, bool]]] = {
            "GET": self._get,
            "SET": self._set,
            "INCR": self._incr,
            "SADD": self._sadd,
            "SMEMBERS": self._smembers,
            "DEL": self._del,
            "RPUSH": self._rpush,
            "LRANGE": self._lrange,
            "DBSIZE": self._dbsize,
            "FLUSHALL": self._flushall,
        }

    def run(self, words: tuple[str, ...]) -> tuple[Reply, bool]:
        return self._commands[words[0]](words[1:])

    def snapshot(self) -> Values:
        return deepcopy(self.values)

    def clear(self) -> None:
        """Breaks the watch of the keys that were there, and of no others."""
        for key in self.values:
            self._touch(key)
        self.values.clear()

    def load(self, values: Values) -> None:
        """Breaks no watch: what a snapshot brings does not count as a change of its keys."""
        self.values = deepcopy(values)

    def watch(self, watcher: Watcher, key: str) -> None:
        watchers = self._watchers.setdefault(key, [])
        if watcher not in watchers:
            watchers.append(watcher)

    def unwatch(self, watcher: Watcher) -> None:
        for key in [key for key, watchers in self._watchers.items() if watcher in watchers]:
            self._watchers[key].remove(watcher)
            if not self._watchers[key]:
                del self._watchers[key]

    def _touch(self, key: str) -> None:
        for watcher in self._watchers.get(key, ()):
            watcher.watch_broken = True

    def _get(self, words: tuple[str, ...]) -> tuple[Reply, bool]:
        value = self.values.get(words[0])
        if value is None:
            return None, False
        return (value.encode() if isinstance(value, str) else WRONG_TYPE), False

    def _set(self, words: tuple[str, ...]) -> tuple[Reply, bool]:
        if len(words) != 2:
            return SYNTAX, False
        self.values[words[0]] = words[1]
        self._touch(words[0])
        return b"OK", True

    def _incr(self, words: tuple[str, ...]) -> tuple[Reply, bool]:
        value = self.values.get(words[0], "0")
        if not isinstance(value, str):
            return WRONG_TYPE, False
        if not value.removeprefix("-").isdigit() or str(int(value)) != value or abs(int(value)) >= 2**63:
            return NOT_AN_INTEGER, False
        if int(value) == 2**63 - 1:
            return OUT_OF_RANGE, False
        self.values[words[0]] = str(int(value) + 1)
        self._touch(words[0])
        return int(value) + 1, True

    def _sadd(self, words: tuple[str, ...]) -> tuple[Reply, bool]:
        members = self.values.get(words[0], {})
        if not isinstance(members, dict):
            return WRONG_TYPE, False
        new = dict.fromkeys(word for word in words[1:] if word not in members)
        if new:
            self.values[words[0]] = members | new
            self._touch(words[0])
        return len(new), bool(new)

    def _smembers(self, words: tuple[str, ...]) -> tuple[Reply, bool]:
        members = self.values.get(words[0], {})
        if not isinstance(members, dict):
            return WRONG_TYPE, False
        return [member.encode() for member in members], False

    def _del(self, words: tuple[str, ...]) -> tuple[Reply, bool]:
        gone = [key for key in dict.fromkeys(words) if key in self.values]
        for key in gone:
            del self.values[key]
            self._touch(key)
        return len(gone), bool(gone)

    def _rpush(self, words: tuple[str, ...]) -> tuple[Reply, bool]:
        items = self.values.setdefault(words[0], [])
        if not isinstance(items, list):
            return WRONG_TYPE, False
        items.extend(words[1:])
        self._touch(words[0])
        return len(items), True

    def _lrange(self, words: tuple[str, ...]) -> tuple[Reply, bool]:
        items = self.values.get(words[0], [])
        if not isinstance(items, list):
            return WRONG_TYPE, False
        if not all(word.removeprefix("-").isdigit() for word in words[1:]):
            return NOT_AN_INTEGER, False
        first, last = (n + len(items) if n < 0 else n for n in map(int, words[1:]))
        return [item.encode() for item in items[max(first, 0) : max(last + 1, 0)]], False

    def _dbsize(self, words: tuple[str, ...]) -> tuple[Reply, bool]:
        return len(self.values), False

    def _flushall(self, words: tuple[str, ...]) -> tuple[Reply, bool]:
        """Replicated even if there was nothing to flush."""
        self.clear()
        return b"OK", True
