"""Separate hosts on one machine: a network namespace each, on a bridge that nobody else can see.

The whole run happens in network, mount and process namespaces of its own (``unshare``). So the addresses
collide with nothing, no rule of this machine's firewall applies, and however the run ends, even by
SIGKILL, the kernel takes the hosts, the bridge, the mounts and every process with it. Only a scratch
directory can be left; its name carries the process that it belongs to, and ``remove_leftovers`` finds it.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import ClassVar

SCRATCH = "VEDETTE_CHAOS_SCRATCH"
"""Set within the namespaces: the run's directory."""
PREFIX = "vedette-chaos-"
TOOLS = {
    "unshare": "util-linux",
    "setpriv": "util-linux",
    "ip": "iproute2",
    "nft": "nftables",
    "redis-server": "redis-server",
}
NETWORK = "10.77.0"
OBSERVER_NUMBER = 254
MAX_HOSTS = 200
PATIENCE_S = 10.0
INTERRUPTED = 130
_UNSHARE = (
    "setpriv",
    "--pdeathsig",
    "KILL",
    "unshare",
    "--net",
    "--mount",
    "--pid",
    "--fork",
    "--kill-child",
    "--mount-proc",
)


def missing() -> str | None:
    """What keeps this machine from having hosts; None if nothing does."""
    if sys.platform != "linux":
        return "network namespaces need Linux"
    if os.geteuid() != 0:
        return "network namespaces and nftables need root"
    absent = [f"{tool} (Debian: {package})" for tool, package in TOOLS.items() if shutil.which(tool) is None]
    if absent:
        return f"not on PATH: {', '.join(absent)}"
    tried = subprocess.run(
        [*_UNSHARE, "nft", "add table bridge chaos"], check=False, capture_output=True, text=True, timeout=20
    )
    if tried.returncode:
        return f"namespaces or nftables are not allowed here: {tried.stderr.strip()}"
    return None


def run_apart(command: Sequence[str]) -> int:
    """Run ``command`` in namespaces of its own, with a scratch directory; returns its exit code."""
    with scratch() as directory:
        apart = subprocess.Popen([*_UNSHARE, *command], env={**os.environ, SCRATCH: str(directory)})
        try:
            return apart.wait()
        except KeyboardInterrupt:
            # A terminal has told the runner too, which ends the trial and reports what it has.
            with contextlib.suppress(subprocess.TimeoutExpired):
                return apart.wait(PATIENCE_S)
            return INTERRUPTED
        finally:
            apart.kill()
            apart.wait()


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def remove_leftovers() -> list[Path]:
    """Removes the scratch directories of runs that are over; returns them."""
    found = []
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        owner = re.fullmatch(rf"{PREFIX}(\d+)-\w+", path.name)
        if owner and not Path(f"/proc/{owner[1]}").exists():
            shutil.rmtree(path, ignore_errors=True)
            found.append(path)
    return found


def prepare() -> None:
    """Once, within the new namespaces: a place for the names of hosts, and loopback."""
    names = Path("/run/netns")
    names.mkdir(exist_ok=True)
    run("mount", "-t", "tmpfs", "chaos", str(names))
    run("ip", "link", "set", "lo", "up")


class Network:
    """One namespace for each name, with an address of its own; the caller's stands at the bridge itself.

    Namespaces end a little after they were deleted, so each network has names of its own.
    """

    _count: ClassVar[Iterator[int]] = itertools.count(1)

    def __init__(self, names: Sequence[str]) -> None:
        if len(names) > MAX_HOSTS:
            raise ValueError(f"{len(names)} hosts are more than {MAX_HOSTS}")
        self.addresses = {name: f"{NETWORK}.{number}" for number, name in enumerate(names, 1)}
        self._turn = next(self._count)
        self._bridge = f"chaos{self._turn}"
        self._undo: list[tuple[str, ...]] = []
        try:
            run("ip", "link", "add", self._bridge, "type", "bridge")
            self._undo.append(("ip", "link", "delete", self._bridge))
            run("ip", "address", "add", f"{NETWORK}.{OBSERVER_NUMBER}/24", "dev", self._bridge)
            run("ip", "link", "set", self._bridge, "up")
            for name, address in self.addresses.items():
                self._add(self._namespace(name), address)
        except BaseException:
            self.close()
            raise

    def _add(self, namespace: str, address: str) -> None:
        run("ip", "netns", "add", namespace)
        self._undo.append(("ip", "netns", "delete", namespace))
        link = f"to-{namespace}"
        run("ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", namespace)
        self._undo.append(("ip", "link", "delete", link))
        run("ip", "link", "set", link, "master", self._bridge, "up")
        run("ip", "-n", namespace, "address", "add", f"{address}/24", "dev", "eth0")
        run("ip", "-n", namespace, "link", "set", "eth0", "up")
        run("ip", "-n", namespace, "link", "set", "lo", "up")

    def _namespace(self, name: str) -> str:
        return f"{name}-{self._turn}"

    def at(self, name: str, *command: str) -> list[str]:
        """``command`` as it is run on the host ``name``. It keeps the process id that it is started with."""
        return ["ip", "netns", "exec", self._namespace(name), *command]

    def unplug(self, name: str) -> None:
        """Its address is gone: what is sent to it gets no answer, and nothing that it says arrives."""
        undo = ("ip", "link", "delete", f"to-{self._namespace(name)}")
        self._undo.remove(undo)
        run(*undo)

    def close(self) -> None:
        while self._undo:
            run(*self._undo.pop())

    def __enter__(self) -> Network:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def run(*command: str, given: str | None = None) -> None:
    """Raises RuntimeError with what the tool said."""
    done = subprocess.run(command, check=False, input=given, capture_output=True, text=True, timeout=20)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
