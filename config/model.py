"""The whole configuration as validated, frozen models: the rest of the product reads these.

Attributes are named as in the file. Durations are floats in seconds, addresses are ``Address``,
secrets are ``SecretStr``, paths are absolute. Instances come from ``config.load``, which also makes
the checks that span several settings; a model alone checks only each value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from config.fields import (
    BasePageUrl,
    BindAddress,
    ConnectAddress,
    FilePath,
    HostName,
    Name,
    Seconds,
    Secret,
    StrictModel,
)
from config.model_group import GroupDefaults, Groups
from config.model_webhook import MAX_WEBHOOKS, WebhookSettings

LINK_PING_S = 0.25
"""Seconds between two pings of an idle peer link; ``peer_timeout`` must be longer."""


class SentinelSettings(StrictModel):
    """What is this sentinel's own."""

    id: Name = Field(description="This sentinel's name: one of `cluster.members`.")
    state_dir: FilePath = Field(
        description="Directory for votes, topologies and undelivered webhooks. Must outlive a restart."
    )
    http: BindAddress = Field(description="Where to listen for the API, dashboard, metrics and peer links.")
    resp: BindAddress | None = Field(
        default=None,
        description="Where to listen for clients of the Redis Sentinel protocol. Default: nowhere.",
    )
    resp_password: Secret | None = Field(
        default=None,
        description="Password that clients of that protocol must send (`AUTH`, user `default`). "
        "Default: none is asked for.",
    )
    resp_password_file: FilePath | None = Field(
        default=None, description="File holding `resp_password`, instead of it."
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="Log lines for people, or for machines."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least that is logged."
    )


class ClusterSettings(StrictModel):
    """What all sentinels must have in common."""

    members: Annotated[Mapping[Name, ConnectAddress], Field(min_length=1, max_length=31)] = Field(
        description="Every sentinel's id and HTTP address, this one too. Best an odd number, three or more."
    )
    secret: Secret | None = Field(
        default=None,
        description="Shared secret of the peer links. Needed unless every address is loopback: then the "
        "sentinels of one user share a file that the first makes (`~/.local/state/vedette/loopback.secret`).",
    )
    secret_file: FilePath | None = Field(default=None, description="File holding `secret`, instead of it.")
    heartbeat: Seconds = Field(default=0.1, description="Time between two messages of a leader at work.")
    election_timeout_min: Seconds = Field(
        default=0.3, description="A leader that is silent for a random time from here up is replaced."
    )
    election_timeout_max: Seconds = Field(default=0.5, description="Upper end of that random time.")
    lease: Seconds = Field(
        default=0.25,
        description="A leader acts for this long after a majority acknowledged it: over two `heartbeat`s, "
        "and under `election_timeout_min` by the clock drift to be tolerated.",
    )
    gossip_interval: Seconds = Field(default=1.0, description="Time between two full exchanges of opinions.")
    peer_timeout: Seconds = Field(
        default=1.0,
        description="A peer that this sentinel does not reach, or that does not reach it, for this long is "
        "out of touch; and what a majority did not confirm for this long is not told to clients.",
    )


class ApiSettings(StrictModel):
    """Who may change things over HTTP."""

    token: Secret | None = Field(
        default=None,
        description="Bearer token for every change. Without one, changes work on a loopback address only.",
    )
    token_file: FilePath | None = Field(default=None, description="File holding `token`, instead of it.")
    public_url: BasePageUrl | None = Field(
        default=None,
        description="Where people reach this sentinel's dashboard, such as `https://vedette-1.example.com`: "
        "webhooks link to it.",
    )
    hosts: Annotated[tuple[HostName, ...], Field(max_length=64)] = Field(
        default=(),
        description="More names by which a sentinel on a loopback address may be asked, as behind a proxy.",
    )


class Settings(StrictModel):
    """A configuration file. ``defaults`` is already merged into ``groups``."""

    sentinel: SentinelSettings = Field(description="This sentinel.")
    cluster: ClusterSettings = Field(description="The sentinels; the same in every sentinel's file.")
    defaults: GroupDefaults = Field(
        GroupDefaults(), description="Settings for every group that has not its own."
    )
    groups: Groups = Field(description="The groups to watch, by name.")
    webhooks: Annotated[tuple[WebhookSettings, ...], Field(max_length=MAX_WEBHOOKS)] = Field(
        default=(), description="Receivers of events."
    )
    api: ApiSettings = Field(default=ApiSettings(), description="Access to the HTTP API.")
