"""The systemd unit and the Kubernetes manifests: valid, consistent, and configured as Vedette takes it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import config
from tests.checkout import CHECKOUT
from tests.programs import program

pytestmark = pytest.mark.unit

SYSTEMD = CHECKOUT / "examples" / "systemd"
KUBERNETES = CHECKOUT / "examples" / "kubernetes"
MOST_EXPOSED = 20
"""In tenths, as systemd-analyze counts: 2.0 of 10."""


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_systemd_takes_the_unit_and_finds_little_exposed(tmp_path: Path) -> None:
    analyze = program("systemd-analyze", "Debian's package systemd has it")
    unit = tmp_path / "vedette.service"
    installed = str(Path(sys.executable).parent / "vedette")
    unit.write_text((SYSTEMD / "vedette.service").read_text().replace("/opt/vedette/bin/vedette", installed))
    verified = run(analyze, "verify", str(unit))
    assert verified.returncode == 0 and not verified.stderr, verified.stderr
    exposure = run(analyze, "security", "--offline=true", f"--threshold={MOST_EXPOSED}", str(unit))
    assert exposure.returncode == 0, exposure.stdout[-2000:] + exposure.stderr


def test_the_unit_s_configuration_finds_its_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = re.findall(r"^LoadCredential=(\S+?):", (SYSTEMD / "vedette.service").read_text(), re.MULTILINE)
    for name in loaded:
        (tmp_path / name).write_text(f"this is {name}, and long enough\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    settings = config.load(SYSTEMD / "vedette.yml").settings
    assert settings.api.token is not None and "api.token" in settings.api.token.get_secret_value()
    assert set(re.findall(r"CREDENTIALS_DIRECTORY\}/(\S+)", (SYSTEMD / "vedette.yml").read_text())) == set(
        loaded
    )


@pytest.fixture
def manifests() -> dict[tuple[str, str], dict[str, Any]]:
    documents = yaml.safe_load_all((KUBERNETES / "vedette.yaml").read_text())
    return {(each["kind"], each["metadata"]["name"]): each for each in documents}


def test_the_manifests_refer_to_each_other(manifests: dict[tuple[str, str], dict[str, Any]]) -> None:
    spec = manifests["StatefulSet", "vedette"]["spec"]
    labels = spec["template"]["metadata"]["labels"]
    assert spec["selector"]["matchLabels"] == labels
    assert manifests["PodDisruptionBudget", "vedette"]["spec"]["selector"]["matchLabels"] == labels
    peers = manifests["Service", spec["serviceName"]]["spec"]
    assert peers["clusterIP"] == "None" and peers["publishNotReadyAddresses"] is True
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    for name in ("vedette", "vedette-peers"):
        service = manifests["Service", name]["spec"]
        assert service["selector"] == labels
        assert all(port["port"] == ports[port["targetPort"]] for port in service["ports"])
    volumes = {volume["name"] for volume in pod["volumes"]}
    volumes |= {claim["metadata"]["name"] for claim in spec["volumeClaimTemplates"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == volumes
    assert ("ConfigMap", pod["volumes"][0]["configMap"]["name"]) in manifests
    assert {container[probe]["httpGet"]["path"] for probe in ("readinessProbe", "livenessProbe")} == {
        "/readyz",
        "/healthz",
    }


def test_the_configuration_names_the_pods_that_there_will_be(
    manifests: dict[tuple[str, str], dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = manifests["StatefulSet", "vedette"]["spec"]
    pods = [f"vedette-{number}" for number in range(spec["replicas"])]
    (container,) = spec["template"]["spec"]["containers"]
    for variable in container["env"]:
        monkeypatch.setenv(variable["name"], "a secret that is long enough")
    file = tmp_path / "vedette.yml"
    file.write_text(manifests["ConfigMap", "vedette"]["data"]["vedette.yml"])
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    for pod in pods:
        monkeypatch.setenv("SENTINEL_ID", pod)
        settings = config.load(file).settings
        assert settings.sentinel.id == pod
        assert {name: str(address) for name, address in settings.cluster.members.items()} == {
            name: f"{name}.{spec['serviceName']}:8700" for name in pods
        }
        assert mounts["state"] == str(settings.sentinel.state_dir)
    assert container["args"][-1] == f"{mounts['config']}/vedette.yml"


def test_the_image_is_of_this_version_and_runs_as_its_user(
    manifests: dict[tuple[str, str], dict[str, Any]],
) -> None:
    pod = manifests["StatefulSet", "vedette"]["spec"]["template"]["spec"]
    version = re.search(r'^version = "(.+)"', (CHECKOUT / "pyproject.toml").read_text(), re.MULTILINE)
    uid = re.search(r"--uid (\d+)", (CHECKOUT / "Dockerfile").read_text())
    assert version is not None and uid is not None
    assert pod["containers"][0]["image"] == f"vedette:{version[1]}"
    assert pod["securityContext"]["runAsUser"] == int(uid[1])
