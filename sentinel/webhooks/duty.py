"""Runs a sentinel's webhooks: stores alerts, sends what is due, takes over what another left, and sweeps."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Iterable

from config import WebhookSettings
from quorum.messages import Topology
from sentinel.notices.notice import Notice
from sentinel.process import clock
from sentinel.webhooks.alerts import Alerts
from sentinel.webhooks.briefing import About
from sentinel.webhooks.delivery import Webhooks
from sentinel.webhooks.event import Endpoint, WebhookEvent
from sentinel.webhooks.outbox import Outbox


class WebhookDuty:
    """``start`` runs writes in the background; ``on_event`` gets the event of every alert, webhook or not;
    ``on_counts`` gets how many are pending and dead.
    """

    def __init__(
        self,
        alerts: Alerts,
        outbox: Outbox,
        *,
        start: Callable[[Coroutine[None, None, None]], None],
        on_event: Callable[[WebhookEvent], None],
        on_counts: Callable[[int, int], None],
    ) -> None:
        self._alerts = alerts
        self._outbox = outbox
        self._start = start
        self._on_event = on_event
        self._on_counts = on_counts

    def begin(self, group: str, topology: Topology | None, about: About) -> None:
        """The group opens, with what is in force in it."""
        self._alerts.begin(group, topology, about)

    def on_notice(self, notice: Notice) -> None:
        """Pass on each alert's event; an alert that becomes a webhook is stored."""
        for alert in self._alerts.on_notice(notice, clock.wall_ms()):
            if alert.kept:
                self._start(self._outbox.add(alert.event, alert.owner))
            self._on_event(alert.event)

    def is_over(self, incident: str) -> bool:
        return self._alerts.incidents.is_over(incident)

    def on_delivered_elsewhere(self, ids: tuple[str, ...]) -> None:
        self._start(self._outbox.mark_delivered(ids))

    async def look(self, webhooks: Webhooks) -> None:
        """Call it every second: for retries, and for events whose owner is gone."""
        await webhooks.run_due(time.time())
        standby = await self._outbox.standby_ids()
        if claims := self._alerts.to_claim(standby, clock.monotonic()):
            await self._outbox.claim(claims)
        self._on_counts(*await self._outbox.counts())

    async def sweep(self) -> None:
        await self._outbox.sweep(time.time())


def endpoints(webhooks: Iterable[WebhookSettings]) -> list[Endpoint]:
    return [
        Endpoint(
            hook.url, hook.signing_key, frozenset(hook.events), hook.timeout, hook.max_attempts, hook.format
        )
        for hook in webhooks
    ]
