"""The rules of what comes from elsewhere and of what may leak, as functions from a text to what is wrong.

A tag can be moved to another commit by whoever steals an account; a commit's digest can not. The version
beside it is for people, and for what keeps it fresh.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+){1,2}")
LOCAL_ACTION = "./"
THIS_MACHINE = "127.0.0.1:"
HARDENED: Mapping[str, Any] = {"read_only": True, "cap_drop": ["ALL"]}
NO_WAY_UP = "no-new-privileges:true"
RIGHTS = ("cap_add", "devices", "ipc", "pid", "privileged", "userns_mode")
"""What would give a container back what was taken, or a part of its host."""
SCRATCH = "/tmp"  # noqa: S108 - a container's own
ROOT = ("0", "root")
SECRET_NAME = re.compile(r"SECRET|TOKEN|PASSWORD")

KEYS = (
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
    re.compile(r"\b(gh[oprsu]_|github_pat_)\w{30}"),
    re.compile(r"\bpypi-\w{40}"),
)
"""What is a secret wherever it stands."""
SIGNING_SECRET = re.compile(r"\bwhsec_[A-Za-z0-9+/]{16}")
SETTING = re.compile(
    r"""^\s*(?:-\s*|\{\s*)?["']?[\w-]*(?:secret|token|password)["']?\s*:[ \t]*["']?"""
    r"""(?P<value>\$\{[^}\n]*\}|[^\s"'#}]+)""",
    re.IGNORECASE | re.MULTILINE,
)
"""In YAML: a secret, or what leads to one."""
NO_SECRET = re.compile(r"\$\{[A-Z_]+(:-)?\}|\$\{\{.*|[\[{&*|>].*|true|false|null|none|read|write")
"""A reference without a default, what is no text (a list, an anchor), and the rights of a workflow's job."""


def actions_are_pinned(workflow: str) -> Iterator[str]:
    for line in workflow.splitlines():
        used = re.match(r"\s*(?:- )?uses:\s*(.*)", line)
        if used and not used[1].startswith(LOCAL_ACTION) and not PINNED.fullmatch(used[1].strip()):
            yield f"not pinned by a commit's digest with its version beside it: {used[1]}"


def jobs_name_their_rights(workflow: Mapping[str, Any]) -> Iterator[str]:
    if workflow.get("permissions") != {}:
        yield "the workflow gives rights to every job"
    for name, job in workflow["jobs"].items():
        if "permissions" not in job:
            yield f"{name} does not say which rights it needs"


def service_is_hardened(service: Mapping[str, Any]) -> Iterator[str]:
    for key, wanted in HARDENED.items():
        if service.get(key) != wanted:
            yield f"{key} is {service.get(key)!r}"
    if NO_WAY_UP not in service.get("security_opt", ()):
        yield f"no {NO_WAY_UP}"
    if not any(str(each).split(":")[0] == SCRATCH for each in service.get("tmpfs", ())):
        yield f"no {SCRATCH} of its own"
    yield from (f"has {right}" for right in RIGHTS if right in service)
    if str(service.get("user", "")).partition(":")[0] in ROOT:
        yield "runs as root"


def service_listens_here_only(service: Mapping[str, Any]) -> Iterator[str]:
    if service.get("network_mode") == "host":
        yield "is in the host's network"
    for port in service.get("ports", ()):
        if not str(port).startswith(THIS_MACHINE):
            yield f"port {port} is open to other machines"


def environment_has_no_secret(service: Mapping[str, Any]) -> Iterator[str]:
    for name, value in service.get("environment", {}).items():
        is_secret = SECRET_NAME.search(name) and not name.endswith("_FILE")
        if is_secret and not re.fullmatch(r"\$\{[A-Z_]+:-\}", str(value)):
            yield f"{name} has a value that everybody can read"


def image_is_not_root_s(dockerfile: str) -> Iterator[str]:
    last = re.findall(r"^FROM .*?(?=^FROM |\Z)", dockerfile, re.MULTILINE | re.DOTALL)[-1]
    users = re.findall(r"^USER (\S+)", last, re.MULTILINE)
    if not users or users[-1].partition(":")[0] in ROOT:
        yield "its process runs as root"


def images_are_named_in_full(dockerfile: str) -> Iterator[str]:
    """What renews images reads no variables, and `latest` is renewed without anybody's knowing."""
    stages: set[str] = set()
    for image, stage in re.findall(r"^FROM (\S+)(?: AS (\S+))?", dockerfile, re.MULTILINE):
        if image not in stages and not re.fullmatch(
            r"[\w./-]+:(?!latest)[\w.-]+(@sha256:[0-9a-f]{64})?", image
        ):
            yield f"{image} is no name with a tag"
        stages.add(stage)


def keeps_keys_to_itself(text: str) -> Iterator[str]:
    yield from (f"looks like a key: {found[0][:20]}..." for key in KEYS for found in key.finditer(text))


def has_no_signing_secret(text: str) -> Iterator[str]:
    yield from (f"a secret of webhooks: {found[0][:12]}..." for found in SIGNING_SECRET.finditer(text))


def settings_name_no_secret(text: str) -> Iterator[str]:
    for found in SETTING.finditer(text):
        if not NO_SECRET.fullmatch(found["value"]):
            yield f"a secret in place: {found[0].strip()}"


def pins(lock: str) -> dict[str, set[str]]:
    """Which versions a lock file names of each package: several where they depend on the machine."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==([^\s;\\]+)", lock, re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return found
