"""Loads the configuration: YAML to frozen, validated settings, with all problems reported at once.

``load`` is the entry point. The rest of the product reads ``Settings`` and its parts.
"""

from config.address import Address
from config.client_part import ClientPart, load_client_part
from config.duration import format_duration, parse_duration
from config.errors import ConfigError, InvalidValueError, Problem
from config.load import Loaded, load
from config.model import ApiSettings, ClusterSettings, SentinelSettings, Settings
from config.model_group import GroupSettings, NodeSettings, TlsSettings
from config.model_webhook import EVENT_TYPES, EventType, WebhookFormat, WebhookSettings

__all__ = [
    "EVENT_TYPES",
    "Address",
    "ApiSettings",
    "ClientPart",
    "ClusterSettings",
    "ConfigError",
    "EventType",
    "GroupSettings",
    "InvalidValueError",
    "Loaded",
    "NodeSettings",
    "Problem",
    "SentinelSettings",
    "Settings",
    "TlsSettings",
    "WebhookFormat",
    "WebhookSettings",
    "format_duration",
    "load",
    "load_client_part",
    "parse_duration",
]
