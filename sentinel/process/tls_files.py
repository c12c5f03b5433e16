"""A group's TLS files, reloaded when they change: certificates are renewed while a sentinel runs.

A renewal replaces several files, one after the other, so for a moment a certificate does not fit its key.
Until the files fit each other again, new connections use the former ones; open connections are not touched. A
context is replaced and never changed: a connection attempt keeps the context that it began with.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from sentinel.process import clock
from sentinel.process.certificates import last_expires_at, own_expires_at

logger = logging.getLogger(__name__)

LOOK_S = 1.0
"""The shortest time between two looks at the files, however many connections are made."""

_Stamp: TypeAlias = tuple[tuple[int, int, int, int] | None, ...]


@dataclass(frozen=True, slots=True)
class TlsPaths:
    """The configured paths. ``verify`` False trusts any certificate."""

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    verify: bool = True

    @property
    def all(self) -> tuple[Path, ...]:
        return tuple(path for path in (self.ca_file, self.cert_file, self.key_file) if path is not None)


@dataclass(frozen=True, slots=True)
class Expiry:
    """The expiry of each certificate in Unix time; None if there is no file, or it cannot be read."""

    own: float | None
    ca: float | None


class TlsFiles:
    """Call ``context`` for each new connection. The constructor raises ssl.SSLError or OSError for bad files.

    ``trouble`` says why a change of the files was not taken over; empty when all is well.
    """

    def __init__(self, paths: TlsPaths, monotonic: Callable[[], float] = clock.monotonic) -> None:
        self.trouble = ""
        self._paths = paths
        self._monotonic = monotonic
        self._stamp = _stamp(paths)
        self._context = make_context(paths)
        self._expiry = _read_expiry(paths)
        self._looked_at = monotonic()

    @property
    def expiry(self) -> Expiry:
        """The expiry of the certificates in use."""
        return self._expiry

    def context(self) -> ssl.SSLContext:
        self.look()
        return self._context

    def look(self) -> None:
        """Reload the files if they have changed; at most once in LOOK_S, since that reads the disk."""
        now = self._monotonic()
        if now - self._looked_at < LOOK_S:
            return
        self._looked_at = now
        stamp = _stamp(self._paths)
        if stamp == self._stamp:
            return
        try:
            context, expiry = make_context(self._paths), _read_expiry(self._paths)
        except (ssl.SSLError, OSError, ValueError) as error:
            self._refused(error)
            return
        if _stamp(self._paths) != stamp:
            return  # The files are still being replaced, so this was perhaps a mixture. Look again later.
        self._stamp, self._context, self._expiry, self.trouble = stamp, context, expiry, ""
        logger.info("the TLS files %s have changed, and are used from now on", self._names)

    def _refused(self, error: Exception) -> None:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)
        trouble = f"the TLS files {self._names} have changed, and cannot be used: {reason}"
        if trouble != self.trouble:
            self.trouble = trouble
            logger.error("%s; new connections use what was read before", trouble)

    @property
    def _names(self) -> str:
        return ", ".join(str(path) for path in self._paths.all)


def make_context(paths: TlsPaths) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=paths.ca_file)
    if not paths.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if paths.cert_file is not None:
        context.load_cert_chain(paths.cert_file, paths.key_file)
    return context


def _stamp(paths: TlsPaths) -> _Stamp:
    """A value that changes with the files, also if they are links (as in Kubernetes' mounts of secrets)."""
    return tuple(_of(path) for path in paths.all)


def _of(path: Path) -> tuple[int, int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size)


def _read_expiry(paths: TlsPaths) -> Expiry:
    own = own_expires_at(paths.cert_file.read_text("ascii", "replace")) if paths.cert_file else None
    ca = last_expires_at(paths.ca_file.read_text("ascii", "replace")) if paths.ca_file else None
    return Expiry(own, ca)
