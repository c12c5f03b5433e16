"""Certificates are renewed under a running sentinel: of the authority, the nodes and the sentinel itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.certificates import Authority
from tests.integration.cluster import GROUP, SECRET, Sentinel
from tests.processes import free_port
from tests.redis_server import RedisServer
from tests.waiting import wait_for


class Installation:
    """One server that asks for certificates, and one sentinel that watches it over TLS."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tls_port = free_port()
        self.old, self.new = Authority(folder, "old"), Authority(folder, "new")
        self.own = folder / "own"
        self.own.mkdir()
        self.trust(self.old)
        self.show(*self.old.issue("sentinel-before"))
        self.server = RedisServer(*self._server_arguments(self.old, "server-before"))
        port = free_port()
        self.sentinel = Sentinel(
            "s1",
            port,
            {
                "sentinel": {
                    "id": "s1",
                    "state_dir": "./state",
                    "http": f"127.0.0.1:{port}",
                    "log_format": "json",
                },
                "cluster": {"members": {"s1": f"127.0.0.1:{port}"}, "secret": SECRET},
                "groups": {
                    GROUP: {
                        "nodes": [f"127.0.0.1:{self.tls_port}"],
                        "primary": f"127.0.0.1:{self.tls_port}",
                        "preflight_interval": "10s",
                        "tls": {
                            "ca_file": str(self.own / "ca.pem"),
                            "cert_file": str(self.own / "cert.pem"),
                            "key_file": str(self.own / "key.pem"),
                        },
                    }
                },
            },
            folder,
        )
        self.sentinel.start()

    def _server_arguments(self, authority: Authority, name: str) -> list[str]:
        certificate, key = authority.issue(name)
        return [
            *("--tls-port", str(self.tls_port), "--tls-auth-clients", "yes"),
            *("--tls-cert-file", str(certificate), "--tls-key-file", str(key)),
            *("--tls-ca-cert-file", str(authority.certificate)),
        ]

    def trust(self, authority: Authority) -> None:
        self._put("ca.pem", authority.certificate)

    def show(self, certificate: Path, key: Path) -> None:
        self._put("cert.pem", certificate)
        self._put("key.pem", key)

    def show_half(self, certificate: Path) -> None:
        self._put("cert.pem", certificate)

    def _put(self, name: str, source: Path) -> None:
        fresh = self.own / f"{name}.new"
        fresh.write_bytes(source.read_bytes())
        fresh.replace(self.own / name)

    def server_changes_authority(self) -> None:
        self.server.restart(arguments=tuple(self._server_arguments(self.new, "server-after")))

    def state(self) -> str:
        nodes = self.sentinel.group().get("nodes") or [{"state": "none"}]
        return str(nodes[0]["state"])

    def problems(self) -> set[str]:
        _, body = self.sentinel.get(f"/v1/groups/{GROUP}/preflight")
        return {problem["code"] for problem in body.get("problems", [])}

    def close(self) -> None:
        self.sentinel.kill()
        self.server.stop()


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    try:
        made = Installation(tmp_path)
    except RuntimeError as error:
        pytest.skip(f"this redis-server has no TLS: {error}")
    try:
        yield made
    finally:
        made.close()


def test_renewed_files_are_used_without_a_restart(installation: Installation) -> None:
    made = installation
    wait_for(lambda: made.state() == "up", what="the node to be up")
    made.server_changes_authority()
    wait_for(lambda: made.state() in ("misconfigured", "down"), what="the old certificates to be refused")
    made.trust(made.new)
    certificate, key = made.new.issue("sentinel-after")
    made.show_half(certificate)
    wait_for(lambda: "cannot be used" in made.sentinel.log(), what="the half to be told")
    assert made.state() != "up"
    made.show(certificate, key)
    wait_for(lambda: made.state() == "up", what="the node to be up again")
    assert made.sentinel.running


def test_what_ends_soon_is_told_and_counted(installation: Installation) -> None:
    made = installation
    wait_for(lambda: "certificate" in made.problems(), 60, "the preflight")
    metrics = made.sentinel.text("/metrics")
    for certificate in ("own", "ca", f"127.0.0.1:{made.tls_port}"):
        name = "vedette_certificate_expires_timestamp_seconds"
        assert f'{name}{{certificate="{certificate}",group="{GROUP}"}}' in metrics
