"""The settings of one group: its nodes, and the timeouts and rules of its failover."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from config import address, duration
from config.errors import InvalidValueError
from config.fields import (
    ConnectAddress,
    FilePath,
    Name,
    Number,
    PageUrl,
    Seconds,
    SecondsOrZero,
    Secret,
    StrictModel,
    Text,
)
from config.model_safety import DurabilitySettings, WriteSafetySettings, as_durability, as_write_safety

MAX_GROUPS = 1000
MIN_PING_INTERVAL_S = 0.05
MAX_PING_INTERVAL_S = 1.0
MIN_INFO_INTERVAL_S = 1.0
MAX_INFO_INTERVAL_S = 10.0
MIN_PREFLIGHT_S = 10.0
DEFAULT_FENCE_KEY = "vedette:{group}:term"


def _node(value: object) -> object:
    return {"address": value} if isinstance(value, str) else value


def _tls(value: object) -> object:
    if value is True or (isinstance(value, str) and value.lower() == "true"):
        return TlsSettings()
    if value is False or (isinstance(value, str) and value.lower() == "false"):
        return None
    if value is None or isinstance(value, (dict, TlsSettings)):
        return value
    raise InvalidValueError(value, "is neither true, false nor a mapping (ca_file: ...)")


def _unwritable_after(value: object) -> float | None:
    if value is None or value is False or (isinstance(value, str) and value.lower() in ("off", "false")):
        return None
    return duration.parse_positive_duration(value)


def _preflight_interval(value: object) -> float | None:
    if value is None or value is False or (isinstance(value, str) and value.lower() == "false"):
        return None
    seconds = duration.parse_duration(value)
    if seconds < MIN_PREFLIGHT_S:
        raise InvalidValueError(value, f"must be at least {MIN_PREFLIGHT_S:g}s, or false")
    return seconds


def _discover(value: object) -> object:
    text = value.lower() if isinstance(value, str) else value
    if isinstance(text, bool) or text == "promote":
        return text
    if text in ("true", "false"):
        return text == "true"
    raise InvalidValueError(value, "is neither true, false nor promote")


def _networks(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _network(value: object) -> IPv4Network | IPv6Network:
    if isinstance(value, (IPv4Network, IPv6Network)):
        return value
    try:
        return ip_network(value if isinstance(value, str) else "")
    except ValueError as error:
        why = "has host bits set" if "host bits" in str(error) else "is not a range of addresses"
        raise InvalidValueError(value, f"{why} (such as 10.0.0.0/8)") from None


def _fence_key(value: object) -> object:
    if value is True:
        raise InvalidValueError(value, "is neither the name of a key nor false")
    return None if value is False else value


Network: TypeAlias = Annotated[
    IPv4Network | IPv6Network,
    PlainValidator(_network),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["10.0.0.0/8", "fd00::/8"]}),
]


def _shown_or_false(value: float | None) -> str | bool:
    return False if value is None else duration.format_duration(value)


class NodeSettings(StrictModel):
    """One Redis server. In the file it is the address alone, or a mapping."""

    address: ConnectAddress = Field(description="Where the sentinels reach the node. This is also its name.")
    announce: ConnectAddress | None = Field(
        default=None,
        description="The address told to clients and replicas instead, as behind NAT. Default: `address`.",
    )
    priority: Annotated[Number, Field(ge=0, le=1_000_000)] | None = Field(
        default=None,
        description="Promotion order: lower is preferred, 0 is never promoted. "
        "It counts among replicas that are within 1 MiB of the newest. "
        "Default: the node's own `replica-priority`.",
    )
    zone: Text | None = Field(
        default=None,
        description="Failure domain, such as a rack. Of replicas that are equal otherwise, one in the old "
        "primary's zone is promoted.",
    )

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        mapping = handler.resolve_ref_schema(handler(core))
        return {"anyOf": [{"type": "string", "pattern": address.PATTERN}, mapping]}


class TlsSettings(StrictModel):
    """TLS towards the nodes of a group. In the file also ``true`` (these defaults) or ``false``."""

    ca_file: FilePath | None = Field(
        default=None, description="Certificates (PEM) to trust. Default: those of the operating system."
    )
    cert_file: FilePath | None = Field(
        default=None, description="Own certificate (PEM), where the nodes ask for one. Needs `key_file`."
    )
    key_file: FilePath | None = Field(default=None, description="Key (PEM) of the own certificate.")
    verify: bool = Field(
        default=True, description="Check the node's certificate and name. Turn off for tests only."
    )
    server_name: Text | None = Field(
        default=None,
        description="The name that certificates are checked for. Default: the host of the address.",
    )

    @model_validator(mode="after")
    def _whole_pair(self) -> TlsSettings:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("needs both of cert_file and key_file, or neither")
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"type": "boolean"}, handler.resolve_ref_schema(handler(core))]}


class GroupDefaults(StrictModel):
    """Every setting that groups may share; ``defaults:`` in the file."""

    quorum: Annotated[Number, Field(ge=1)] | None = Field(
        default=None,
        description="How many sentinels must agree that the primary is down. Default: a majority of the "
        "members. Electing the leader of a failover takes a majority in any case.",
    )
    down_after: Seconds = Field(
        default=1.0, description="A node without a valid reply for this long is down."
    )
    refused_after: SecondsOrZero = Field(
        default=0.03,
        description="A node whose connection closed, and which refuses new ones for this long, is down. A "
        "primary is not while a replica says that its link to it is up.",
    )
    loading_timeout: Seconds = Field(
        default=30.0,
        description="A node that answers, but is still loading its data after this long, is down.",
    )
    unwritable_after: Annotated[
        float | None,
        PlainValidator(_unwritable_after),
        PlainSerializer(_shown_or_false, return_type=str | bool, when_used="json"),
        WithJsonSchema(
            {"anyOf": [{"type": "string", "pattern": duration.PATTERN}, {"enum": ["off", False]}]}
        ),
    ] = Field(
        default=8.0,
        description="A primary that lives, but has refused writes for this long because its disk fails "
        "(MISCONF) or its memory is full (OOM), hands over to a replica that would take them, if there is "
        "one: nothing is lost by it. So does one that was told to end and waits for a replica that lags, "
        "after 1.2 s. `off` for never.",
    )
    failover_timeout: Seconds = Field(
        default=10.0,
        description="A failover that is not done after this long is given up, and later tried again.",
    )
    parallel_syncs: Annotated[Number, Field(ge=1, le=1000)] = Field(
        default=1, description="How many replicas are pointed at the new primary at the same time."
    )
    ping_interval: Seconds | None = Field(
        default=None,
        description="Time between two PINGs. Default: a quarter of `down_after`, within 50ms to 1s.",
    )
    info_interval: Seconds | None = Field(
        default=None,
        description="Time between two INFOs; more often while something changes. Default: twice "
        "`down_after`, within 1s to 10s.",
    )
    connect_timeout: Seconds = Field(
        default=1.0, description="Limit for opening a connection to a node, TLS included."
    )
    dns_timeout: Seconds = Field(default=1.0, description="Limit for resolving a node's name.")
    max_lag_bytes: Annotated[Number, Field(ge=0, le=2**62)] | None = Field(
        default=None, description="A replica further behind than this is not promoted. Default: no limit."
    )
    max_link_down: Seconds | None = Field(
        default=None,
        description="A replica cut off from the primary for longer than this before the primary went down is "
        "not promoted. Default: ten times `down_after`.",
    )
    username: Text | None = Field(
        default=None, description="ACL user at the nodes. Default: Redis's `default` user."
    )
    password: Secret | None = Field(default=None, description="Password at the nodes.")
    password_file: FilePath | None = Field(
        default=None, description="File holding `password`, instead of it."
    )
    tls: Annotated[TlsSettings | None, BeforeValidator(_tls)] = Field(
        default=None,
        description="TLS to the nodes: `true`, or a mapping. Default: `false`. Changed files are read anew.",
    )
    discover_replicas: Annotated[bool | Literal["promote"], BeforeValidator(_discover)] = Field(
        default=True,
        description="Watch replicas that the primary reports but `nodes` does not list, and re-point them. "
        "With `promote` they may be promoted too.",
    )
    discover_range: (
        Annotated[tuple[Network, ...], BeforeValidator(_networks), Field(min_length=1, max_length=64)] | None
    ) = Field(
        default=None,
        description="Where such replicas may be, such as `[10.0.0.0/8]`; no other is connected to. "
        "Default: anywhere, or nowhere if the group has a password or a client certificate.",
    )
    fence_key: Annotated[Text | None, BeforeValidator(_fence_key)] = Field(
        default=DEFAULT_FENCE_KEY,
        description="Key in the data set that holds the term, so that Redis refuses a stale leader. "
        "`{group}` becomes the group's name. `false` turns the fence off.",
        json_schema_extra={"anyOf": [{"type": "string", "minLength": 1}, {"const": False}]},
    )

    write_safety: Annotated[WriteSafetySettings | None, BeforeValidator(as_write_safety)] = Field(
        default=None,
        description="Keep this demand on whoever is primary, so that one that is cut off stops accepting "
        "writes: `{min_replicas: 1, max_lag: 2s}`. Recommended. Default: `false`.",
    )
    fence_wait: bool = Field(
        default=False,
        description="Promote only after a primary that may live on beyond a partition refuses writes by "
        "`write_safety`: its `max_lag` and two seconds later. Not where its process is gone.",
    )
    self_fence: bool = Field(
        default=False,
        description="A sentinel that is out of touch with the majority pauses the writes of the primary that "
        "it can still reach (`CLIENT PAUSE`), until a majority agrees that it is still the primary.",
    )
    durability: Annotated[DurabilitySettings | None, BeforeValidator(as_durability)] = Field(
        default=None,
        description="`wait`: promote only where no write can be lost that `WAIT 1` acknowledged, and refuse "
        "otherwise. For `WAIT 2`: `{wait: 2}`. Default: `false`.",
    )

    owner: Text | None = Field(
        default=None, description="Who is responsible, for people: shown with the group, and in its webhooks."
    )
    runbook: PageUrl | None = Field(
        default=None,
        description="Where people read what to do (http or https): shown with the group and in its webhooks.",
    )
    preflight_interval: Annotated[
        float | None,
        PlainValidator(_preflight_interval),
        PlainSerializer(_shown_or_false, return_type=str | bool, when_used="json"),
        WithJsonSchema({"anyOf": [{"type": "string", "pattern": duration.PATTERN}, {"const": False}]}),
    ] = Field(
        default=600.0,
        description="Time between two looks for what would bite during a failover (`vedette check --live` "
        "looks too). `false` for never.",
    )

    @property
    def effective_ping_interval(self) -> float:
        """Seconds."""
        if self.ping_interval is not None:
            return self.ping_interval
        return min(max(self.down_after / 4, MIN_PING_INTERVAL_S), MAX_PING_INTERVAL_S)

    @property
    def effective_info_interval(self) -> float:
        """Seconds. Redis Sentinel's is 10, whatever the patience."""
        if self.info_interval is not None:
            return self.info_interval
        return min(max(2 * self.down_after, MIN_INFO_INTERVAL_S), MAX_INFO_INTERVAL_S)

    @property
    def effective_max_link_down(self) -> float:
        """Seconds. The factor of ten is Redis Sentinel's (``sentinelSelectSlave``)."""
        return self.max_link_down if self.max_link_down is not None else self.down_after * 10

    def effective_quorum(self, member_count: int) -> int:
        """How many of ``member_count`` sentinels make a node objectively down."""
        return self.quorum if self.quorum is not None else member_count // 2 + 1


class GroupSettings(GroupDefaults):
    """A group as loaded: ``defaults`` are merged in, and ``fence_key`` names the group's own key."""

    nodes: tuple[Annotated[NodeSettings, BeforeValidator(_node)], ...] = Field(
        min_length=1, max_length=64, description="The primary and its replicas, in any order."
    )
    primary: ConnectAddress | None = Field(
        default=None,
        description="Which node is primary, for the very first start only, where it cannot be discovered. "
        "Must be one of `nodes`.",
    )


Groups: TypeAlias = Annotated[Mapping[Name, GroupSettings], Field(min_length=1, max_length=MAX_GROUPS)]


def with_defaults(group: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The shared settings, overridden by the group's own. A mapping (``tls``) is replaced, not merged.

    ``password`` and ``password_file`` are one setting: either replaces both.
    """
    either = {"password", "password_file"}
    hidden = either if either & group.keys() else set()
    return {**{key: value for key, value in defaults.items() if key not in hidden}, **group}
