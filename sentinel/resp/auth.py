"""Checks whether a client of the Sentinel protocol may ask: AUTH, and HELLO with it, as Redis answers them.
Pure.

There is one user, ``default``, as at a Redis Sentinel without ACLs. Without a password every client is that
user: then ``AUTH default anything`` succeeds, and ``AUTH anything`` gets the error that no password is set.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence

from sentinel.resp.codec import Failure

USER = "default"
WITHOUT_LOGIN = frozenset({"AUTH", "HELLO", "QUIT", "RESET"})
NOAUTH = Failure("NOAUTH Authentication required.")
_NO_PASSWORD = Failure(
    "ERR AUTH <password> called without any password configured for the default user. "
    "Are you sure your configuration is correct?"
)
_WRONG = Failure("WRONGPASS invalid username-password pair or user is disabled.")
_ARGUMENTS = Failure("ERR wrong number of arguments for 'auth' command")


def login(password: str | None, args: Sequence[str]) -> Failure | None:
    """The error for ``AUTH`` with these arguments; None if they log the client in."""
    match args:
        case [given]:
            if password is None:
                return _NO_PASSWORD
            return None if _same(given, password) else _WRONG
        case [user, given]:
            right = password is None or _same(given, password)
            return None if user == USER and right else _WRONG
        case _:
            return _ARGUMENTS


def hello_options(args: Sequence[str]) -> tuple[Sequence[str], str | None] | Failure:
    """The options after the version in ``HELLO``: the arguments of AUTH, if any, and the client's name."""
    auth: Sequence[str] = ()
    name = None
    rest = list(args)
    while rest:
        match [rest[0].upper(), *rest[1:]]:
            case ["AUTH", user, given, *more]:
                auth, rest = (user, given), more
            case ["SETNAME", named, *more]:
                name, rest = named, more
            case _:
                return Failure(f"ERR Syntax error in HELLO option '{rest[0][:64]}'")
    return auth, name


def _same(given: str, password: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), password.encode())
