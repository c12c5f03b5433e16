"""``vedette webhooks test`` against real receivers, one of which takes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from tests.integration.receiver import SECRET, Receiver
from tests.processes import free_port
from tests.unit.config.config_cases import changed
from tests.unit.sentinel.cli.test_cli import vedette


def written(folder: Path, *hooks: dict[str, Any]) -> str:
    file = folder / "vedette.yml"
    file.write_text(yaml.safe_dump(changed(("webhooks", list(hooks)))))
    return str(file)


def test_each_receiver_is_sent_a_signed_event_and_what_came_back_is_said(tmp_path: Path) -> None:
    with Receiver() as receiver:
        down = f"http://127.0.0.1:{free_port()}"
        only_ends = {"url": receiver.url, "secret": SECRET, "events": ["primary.up"]}
        file = written(tmp_path, only_ends, {"url": f"{down}/T00/t0ken", "format": "slack"})
        done = vedette("webhooks", "test", "-c", file)
        assert done.exit_code == 1, "one was not delivered"
        taken, refused = done.stdout.splitlines()
        assert "(standard): delivered in" in taken and refused.startswith(f"{down} (slack): failed: ")
        assert "t0ken" not in done.stdout
        (event,) = receiver.events
        assert event["type"] == "webhook.test" and "test" in event["data"]["summary"]
        one = vedette("webhooks", "test", "-c", file, "--url", receiver.url, "--json")
        assert one.exit_code == 0
        assert [each["delivered"] for each in json.loads(one.stdout)["receivers"]] == [True]


def test_a_receiver_that_is_not_configured_is_named(tmp_path: Path) -> None:
    file = written(tmp_path, {"url": "http://u:pw@h/x", "secret": "s"})
    done = vedette("webhooks", "test", "-c", file, "--url", "http://other")
    assert done.exit_code == 2 and "http://h" in done.stderr and "pw" not in done.stderr


def test_a_live_check_tries_the_receivers_if_it_is_told_to(tmp_path: Path) -> None:
    """No sentinel runs here, so the check fails in any case; the receiver is tried all the same."""
    with Receiver() as receiver:
        file = written(tmp_path, {"url": receiver.url, "secret": SECRET})
        quiet = json.loads(vedette("check", "-c", file, "--live", "--json").stdout)
        assert receiver.events == [] and "webhooks" not in quiet
        told = json.loads(vedette("check", "-c", file, "--live", "--webhooks", "--json").stdout)
        assert [each["delivered"] for each in told["webhooks"]] == [True] and len(receiver.events) == 1
        assert told["ok"] is False
        assert vedette("check", "-c", file, "--webhooks").exit_code == 2, (
            "it sends, so it has to be asked for"
        )
