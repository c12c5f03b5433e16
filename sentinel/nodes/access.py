"""Turns a group's settings into access to its nodes: their names, credentials and TLS."""

from __future__ import annotations

from config import GroupSettings, NodeSettings
from sentinel.coordination.newcomers import FORGET_S, DiscoveryRules
from sentinel.coordination.node_spec import NodeSpec
from sentinel.nodes.link import Credentials, RedisLink
from sentinel.process.resolver import Resolver
from sentinel.process.tls_files import TlsFiles, TlsPaths


def node_spec(node: NodeSettings) -> NodeSpec:
    return NodeSpec(
        name=str(node.address),
        host=node.address.host,
        port=node.address.port,
        announce_host=node.announce.host if node.announce else None,
        announce_port=node.announce.port if node.announce else None,
        priority=node.priority,
        zone=node.zone,
    )


def redis_link(group: GroupSettings, resolver: Resolver, sentinel_id: str) -> RedisLink:
    """``sentinel_id`` is in the form of ``client_id``. Raises ssl.SSLError or OSError for bad TLS files."""
    tls = group.tls
    password = group.password
    credentials = Credentials(
        group.username,
        password.get_secret_value() if password else None,
        _tls_files(group),
        tls.server_name if tls else None,
    )
    return RedisLink(credentials, resolver, sentinel_id, group.connect_timeout)


def discovery_rules(group: GroupSettings) -> DiscoveryRules:
    certificate = group.tls is not None and group.tls.cert_file is not None
    return DiscoveryRules(
        secret=group.password is not None or certificate,
        ranges=group.discover_range,
        forget_s=max(FORGET_S, 10 * group.effective_info_interval),
    )


def _tls_files(group: GroupSettings) -> TlsFiles | None:
    tls = group.tls
    return (
        TlsFiles(TlsPaths(tls.ca_file, tls.cert_file, tls.key_file, tls.verify)) if tls is not None else None
    )
