"""The default secret of the peer links, used if the configuration has none and all members are on loopback.

Any user of this machine, and even a web page in a browser, can connect there. So the sentinels of one user
authenticate by a file that only this user can read; the first of them creates it. There is one file for all
clusters of a user: a name made of the members would change with them, and separate the sentinels that know
the new members from those that do not.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

SECRET_BYTES = 32
MAX_FILE_BYTES = 4096
ADVICE = "or set cluster.secret_file"
_WHY = "sentinels on loopback addresses without cluster.secret keep their common secret there"


class LoopbackSecretError(Exception):
    """The file is missing and cannot be created, or it is not safe. The text says which and why."""


def loopback_secret(env: Mapping[str, str] = os.environ) -> bytes:
    """Reads or creates the file. Blocks; for the start of the process. Raises LoopbackSecretError."""
    path = secret_path(env)
    try:
        if not path.exists():
            _make(path)
        return _read(path)
    except OSError as error:
        raise LoopbackSecretError(
            f"{path}: {error.strerror}: {_WHY}; make that possible, {ADVICE}"
        ) from error


def secret_path(env: Mapping[str, str]) -> Path:
    """The path in the user's state directory (XDG Base Directory). Raises LoopbackSecretError."""
    state = Path(env.get("XDG_STATE_HOME", ""))
    if state.is_absolute():
        return state / "vedette" / "loopback.secret"
    try:
        return Path.home() / ".local" / "state" / "vedette" / "loopback.secret"
    except RuntimeError as error:
        raise LoopbackSecretError(
            f"no secret is configured, and this user has no home directory for one: set HOME, {ADVICE}"
        ) from error


def _make(path: Path) -> None:
    """Creates the whole file at once, unless another sentinel was faster."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    own = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    fd = os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(secrets.token_hex(SECRET_BYTES).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(own, path)
    finally:
        own.unlink()


def _read(path: Path) -> bytes:
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(fd, "rb") as file:
        is_like = os.fstat(fd)
        if not stat.S_ISREG(is_like.st_mode):
            raise LoopbackSecretError(f"{path}: is no file: move it away, {ADVICE}")
        if is_like.st_uid != os.geteuid():
            raise LoopbackSecretError(f"{path}: is another user's: move it away, {ADVICE}")
        if is_like.st_mode & 0o077:
            mode = stat.S_IMODE(is_like.st_mode)
            raise LoopbackSecretError(
                f"{path}: others may read or write it (mode {mode:04o}): delete it and restart all sentinels "
                f"that use it, {ADVICE}"
            )
        secret = file.read(MAX_FILE_BYTES + 1).strip()
    if not 2 * SECRET_BYTES <= len(secret) <= MAX_FILE_BYTES:
        raise LoopbackSecretError(f"{path}: holds no secret: delete it and restart all sentinels, {ADVICE}")
    return secret
