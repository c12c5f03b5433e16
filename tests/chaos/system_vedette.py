"""Vedette as installed on several hosts: a configuration each, its HTTP API, and the events in its log."""

from __future__ import annotations

import http.client
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from tests.chaos.schedules import Moment
from tests.chaos.systems import FAILOVER_TIMEOUT_MS, GROUP, REDIS_PORT, Site

HTTP_PORT = 8700
TOKEN = "chaos-token-of-the-tests"
TIMEOUT_S = 1.0


def request(
    address: str, path: str, *, post: bool = False, timeout_s: float = TIMEOUT_S
) -> tuple[int, dict[str, Any]]:
    """Status and body; status 0 while nobody answers."""
    connection = http.client.HTTPConnection(address, HTTP_PORT, timeout=timeout_s)
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"} if post else {}
    try:
        connection.request("POST" if post else "GET", path, "{}" if post else None, headers)
        answer = connection.getresponse()
        body = json.loads(answer.read() or b"{}")
    except (OSError, http.client.HTTPException, ValueError):
        return 0, {}
    finally:
        connection.close()
    return answer.status, body if isinstance(body, dict) else {}


def primary_and_term(address: str, timeout_s: float = TIMEOUT_S) -> tuple[str, int] | None:
    """None too if that sentinel is not in touch with a majority: it says so instead of guessing."""
    status, body = request(address, f"/v1/groups/{GROUP}/primary", timeout_s=timeout_s)
    return (str(body["host"]), int(body["term"])) if status == 200 else None


class Vedette:
    server = "redis-server"

    def __init__(self, addresses: Sequence[str], down_after_ms: int, options: Mapping[str, Any]) -> None:
        self._addresses = list(addresses)
        self._down_after_ms = down_after_ms
        self._options = dict(options)
        self._operation = ""

    def command(self, site: Site) -> list[str]:
        file = site.directory / "vedette.yml"
        members = {f"s{number}": f"{a}:{HTTP_PORT}" for number, a in enumerate(self._addresses, 1)}
        own = next(name for name, member in members.items() if member == f"{site.address}:{HTTP_PORT}")
        config = {
            "sentinel": {
                "id": own,
                "state_dir": str(site.state / "vedette"),
                "http": f"{site.address}:{HTTP_PORT}",
                "log_format": "json",
            },
            "cluster": {"members": members, "secret": "chaos-secret-of-the-tests"},
            "api": {"token": TOKEN},
            "groups": {
                GROUP: {
                    "nodes": [f"{address}:{REDIS_PORT}" for address in self._addresses],
                    "down_after": f"{self._down_after_ms}ms",
                    "failover_timeout": f"{FAILOVER_TIMEOUT_MS}ms",
                    **self._options,
                }
            },
        }
        file.write_text(yaml.safe_dump(config))
        return [sys.executable, "-m", "sentinel.cli", "run", "-c", str(file)]

    def primary(self, address: str) -> str | None:
        found = primary_and_term(address)
        return found[0] if found else None

    def content(self, address: str) -> bool:
        status, group = request(address, f"/v1/groups/{GROUP}")
        return (
            status == 200
            and bool(group["has_majority"])
            and group["takes_no_part"] is None
            and group["leader"] is None
            and len(group["nodes"]) == len(self._addresses)
            and all(node["state"] == "up" for node in group["nodes"])
        )

    def switchover(self, address: str) -> str | None:
        status, body = request(address, f"/v1/groups/{GROUP}/switchover", post=True)
        if status != 202:
            return f"switchover refused: {status} {body.get('detail', '')}".strip()
        self._operation = str(body["operation"])
        return None

    def aftermath(self, address: str) -> str | None:
        status, body = request(address, f"/v1/operations/{self._operation}")
        if status != 200:
            return "the sentinel that was asked knows nothing of the switchover any more"
        if body["state"] == "completed":
            return None
        return f"switchover {body['state']}" + (f": {body['reason']}" if body["reason"] else "")

    def foretell(self, address: str) -> str | None:
        _, body = request(address, f"/v1/groups/{GROUP}/candidates")
        chosen = body.get("chosen")
        return str(chosen).rpartition(":")[0] if chosen else None

    def tells(self, moment: Moment) -> str:
        names = {Moment.ELECTED: "elected", Moment.CHOSEN: "candidate_chosen"}
        return f'"event": "{names[moment]}"'

    def chosen(self, line: str) -> str | None:
        node = json.loads(line).get("node")
        return str(node).rpartition(":")[0] if node else None
