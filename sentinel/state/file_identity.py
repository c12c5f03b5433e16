"""The identity of a file behind a name: a copy, or a file restored from a backup, is another file.

An inode number is used again after a deletion, so the inode's generation counts too, where the file system
reports it (ext4, xfs, btrfs and others do). Writing *into* a file leaves it the same file.
"""

from __future__ import annotations

import fcntl
import os
import struct
from contextlib import suppress
from pathlib import Path

_FS_IOC_GETVERSION = 0x80087601 if struct.calcsize("P") == 8 else 0x80047601


def file_identity(path: Path) -> str:
    """The identity of ``path``, which is created if there is none. Raises OSError.

    Call it before the file is locked: closing the file here ends all locks that this process has on it
    (fcntl(2)), those of SQLite included.
    """
    fd = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        generation = bytes(8)
        with suppress(OSError):
            generation = fcntl.ioctl(fd, _FS_IOC_GETVERSION, generation)
        return f"{os.fstat(fd).st_ino}.{int.from_bytes(generation[:4], 'little')}"
    finally:
        os.close(fd)
