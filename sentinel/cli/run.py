"""``vedette run``: loads the configuration, runs the daemon, and turns its errors into exit codes."""

from __future__ import annotations

import asyncio
import errno
import logging
import signal
import socket
import ssl
import sys
from collections.abc import Iterable
from pathlib import Path

import config
from quorum.errors import MembershipError
from sentinel.notices import story
from sentinel.process import lean_redis
from sentinel.process.event_loop import OneClockLoop
from sentinel.terminal.exits import CliError, ExitCode

logger = logging.getLogger(__name__)

SWITCH_INTERVAL_S = 0.0005

_CANNOT_LISTEN = frozenset(
    {errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES, errno.EPERM, errno.EAFNOSUPPORT}
)


def load(path: Path) -> config.Loaded:
    """Raises CliError with every problem, one on each line."""
    try:
        return config.load(path)
    except config.ConfigError as error:
        body = {"file": str(path), "ok": False, "problems": _listed(error.problems), "warnings": []}
        raise CliError(ExitCode.USAGE, str(error), body=body) from error


def report(loaded: config.Loaded) -> dict[str, object]:
    """The output of ``vedette check --json`` for a valid configuration."""
    return {"file": str(loaded.file), "ok": True, "problems": [], "warnings": _listed(loaded.warnings)}


def run(path: Path) -> None:
    """Runs until SIGTERM or SIGINT. Raises CliError if it cannot start, or must stop."""
    for number in (signal.SIGTERM, signal.SIGINT):
        # Until the daemon sets its own handlers: process 1 of a container would ignore the signal.
        signal.signal(number, _leave)
    loaded = load(path)
    settings = loaded.settings
    story.set_up_logging(settings.sentinel.log_format, settings.sentinel.log_level)
    for warning in loaded.warnings:
        logger.warning("%s", warning.at(path))
    # The thread that writes the state needs the interpreter again after its fsync. Under load it would wait
    # for 5 ms, and an election takes several writes, one after the other.
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    try:
        with asyncio.Runner(loop_factory=OneClockLoop) as runner:
            runner.run(_serve(path, settings))
    except OSError as error:
        if not _is_about_listening(error):
            raise
        # asyncio's text repeats the address; the system's reason is behind its last colon.
        reason = str(error.strerror or error).rpartition(": ")[2]
        raise CliError(
            ExitCode.LISTEN,
            f"{path}: sentinel.http: cannot listen on {settings.sentinel.http}: {reason}",
            "Stop what listens there, or give this sentinel another address, here and in cluster.members.",
        ) from error


async def _serve(path: Path, settings: config.Settings) -> None:
    # Imported here, so that a faulty configuration is reported without loading all of it.
    lean_redis.prepare()
    from sentinel.daemon import Daemon
    from sentinel.group.participation import members_advice
    from sentinel.process.loopback_secret import LoopbackSecretError
    from sentinel.state.file import StoreError
    from sentinel.state.store import Store

    try:
        store = Store.open(settings.sentinel.state_dir, settings.sentinel.id)
        try:
            daemon = Daemon(settings, store)
        except ssl.SSLError as error:
            await store.close()
            reason = error.reason or str(error)
            raise CliError(ExitCode.USAGE, f"a group's TLS files cannot be used: {reason}") from error
        except LoopbackSecretError as error:
            await store.close()
            raise CliError(ExitCode.USAGE, f"{path}: cluster.secret: {error}") from error
        except MembershipError as error:
            await store.close()
            raise CliError(
                ExitCode.USAGE,
                f"{path}: cluster.members: {error}",
                members_advice(settings.sentinel.state_dir),
            ) from error
        except BaseException:
            await store.close()
            raise
        await daemon.run()
    except StoreError as error:
        raise CliError(ExitCode.STATE, str(error)) from error


def _leave(*_: object) -> None:
    """Exits at once: nothing has begun yet that would have to be stopped in order."""
    raise SystemExit(ExitCode.OK)


def _is_about_listening(error: OSError) -> bool:
    return isinstance(error, socket.gaierror) or error.errno in _CANNOT_LISTEN


def _listed(problems: Iterable[config.Problem]) -> list[dict[str, object]]:
    return [{"path": p.path, "line": p.line, "message": p.message} for p in problems]
