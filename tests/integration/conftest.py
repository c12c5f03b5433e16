"""A failed test tells the story that the sentinels logged."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.integration.cluster import Cluster


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        for story in [*Cluster.stories, *(cluster.story() for cluster in Cluster.live)]:
            report.sections.append(("the sentinels' story", story))
    Cluster.stories.clear()
    return report
