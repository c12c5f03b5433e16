"""A real sentinel does what its own /openapi.json says, whatever schemathesis makes up from it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.cluster import CHECKOUT, GROUP, Cluster

pytestmark = pytest.mark.integration

HERE = Path(__file__).parent
EXAMPLES = 10
"""For each operation, beside those of the coverage phase."""


@pytest.mark.timeout(300)
def test_everything_described_is_true() -> None:
    with Cluster(replicas=1, sentinels=1, extra={"api": {"token": "t0ken"}}) as cluster:
        command = [
            *(sys.executable, "-m", "schemathesis.cli"),
            *("--config-file", str(HERE / "schemathesis.toml")),
            *("run", f"http://127.0.0.1:{cluster.sentinels[0].port}/openapi.json"),
            *("--header", "Authorization: Bearer t0ken"),
            *("--phases", "coverage,fuzzing", "--max-examples", str(EXAMPLES), "--seed", "1"),
            # Valid by its form is not yet about a group that exists, or possible now.
            *("--checks", "all", "--exclude-checks", "positive_data_acceptance"),
            # A stream does not end.
            *("--exclude-operation-id", "get_events"),
            *("--request-timeout", "10", "--generation-database", "none", "--no-color", "--no-shrink"),
        ]
        environment = os.environ | {
            "SCHEMATHESIS_HOOKS": "tests.integration.schemathesis_hooks",
            "PYTHONPATH": str(CHECKOUT),
            "REAL_GROUP": GROUP,
            "REAL_NODE": cluster.nodes[1].name,
        }
        done = subprocess.run(
            command,
            check=False,
            cwd=cluster.directory,
            env=environment,
            capture_output=True,
            text=True,
            timeout=200,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert cluster.sentinels[0].get("/healthz")[0] == 200
        assert '"exception"' not in cluster.sentinels[0].log(), "nothing failed inside"
