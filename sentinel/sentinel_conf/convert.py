"""Converts a Redis Sentinel's configuration to Vedette's, as YAML with comments for what was not carried
over. Pure.

The text contains secrets only if asked for; otherwise a setting refers to the environment, or to a file.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import yaml

from config import Address, InvalidValueError, format_duration
from config.fields import NAME_RULE, is_name
from promotion.places import is_ip
from sentinel.notices.story import clean
from sentinel.sentinel_conf.directives import SentinelConfError
from sentinel.sentinel_conf.model import Master, SentinelConf

HTTP_PORT = 8700
USUAL_MEMBERS = 3
PLACEHOLDER = "replace-me"
MAX_MEMBERS = 31
_PLAIN = re.compile(r"[A-Za-z0-9/][A-Za-z0-9._/-]*(:[0-9]+)?", re.ASCII)
RESP_PASSWORD = "VEDETTE_RESP_PASSWORD"  # noqa: S105 (the name of a variable)
CLUSTER_SECRET = "VEDETTE_CLUSTER_SECRET"  # noqa: S105 (the name of a variable)


class Secrets(enum.Enum):
    """Where the text gets its secrets from."""

    ENVIRONMENT = "environment"
    FILES = "files"
    IN_PLACE = "in place"


@dataclass(frozen=True, slots=True)
class Options:
    """``members`` by id replaces the guessed members. ``secrets_dir`` is for Secrets.FILES."""

    own_id: str | None = None
    members: Mapping[str, Address] = field(default_factory=dict)
    state_dir: str = "/var/lib/vedette"
    secrets: Secrets = Secrets.ENVIRONMENT
    secrets_dir: str = ""
    stands_for: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The addresses of the nodes' names, as far as they could be resolved."""


@dataclass(frozen=True, slots=True)
class Imported:
    """``text`` is the YAML. It needs the environment's ``variables``, or the ``files`` (name to content).

    Content None is a secret that does not exist yet. ``placeholders`` are members to be named by hand.
    """

    text: str
    variables: tuple[str, ...]
    files: Mapping[str, str | None]
    placeholders: tuple[str, ...]


def convert(conf: SentinelConf, source: str, options: Options) -> Imported:
    """The converted configuration. Raises SentinelConfError if it is not possible in Vedette."""
    for name in conf.masters:
        if not is_name(name):
            raise SentinelConfError(None, f"master {name!r:.80} cannot be a group: it takes {NAME_RULE}")
    own_id, members = _members(conf, options)
    return _Writer(conf, source, options, own_id, members).write()


class _Writer:
    def __init__(
        self, conf: SentinelConf, source: str, options: Options, own_id: str, members: Mapping[str, Address]
    ) -> None:
        self._conf = conf
        self._source = source
        self._options = options
        self._own_id = own_id
        self._members = members
        self._variables: list[str] = []
        self._files: dict[str, str | None] = {}

    def write(self) -> Imported:
        lines = [
            f"# Imported from {clean(self._source)} by vedette import-sentinel-conf.",
            *self._notes(),
            "",
            *self._sentinel(),
            "",
            *self._cluster(),
            "",
            "groups:",
        ]
        for master in self._conf.masters.values():
            lines += self._group(master)
        if any("script" in note.what for note in self._conf.notes):
            lines += [
                "",
                "# Instead of scripts:",
                "# webhooks:",
                "#   - url: https://ops.example.com/hooks/redis",
                "#     secret: ${WEBHOOK_SECRET}",
            ]
        placeholders = tuple(id_ for id_, at in self._members.items() if at.host.startswith(PLACEHOLDER))
        return Imported("\n".join(lines) + "\n", tuple(self._variables), self._files, placeholders)

    def _notes(self) -> Iterator[str]:
        if self._conf.notes:
            yield "# Not carried over:"
        for note in self._conf.notes:
            yield f"#   line {note.line}, {clean(note.what)}: {note.why}."

    def _sentinel(self) -> Iterator[str]:
        own = self._members[self._own_id]
        local = own.is_loopback
        yield "sentinel:"
        yield f"  id: {_text(self._own_id)}   # its own in each sentinel's file"
        yield f"  state_dir: {_text(self._options.state_dir)}   # must outlive a restart"
        yield f"  http: {_text(str(own if local else Address('0.0.0.0', own.port)))}"  # noqa: S104
        if self._conf.port:
            host = self._conf.bind or ("127.0.0.1" if local else "0.0.0.0")  # noqa: S104
            host = "0.0.0.0" if host == "*" else host  # noqa: S104
            yield "  # The old port, where clients ask already: stop the old sentinel first."
            yield f"  resp: {_text(str(Address(host, self._conf.port)))}"
            if self._conf.password is not None:
                password = self._conf.password
                yield from self._secret("  ", "resp_password", RESP_PASSWORD, "resp.password", password)

    def _cluster(self) -> Iterator[str]:
        yield "cluster:"
        if not all(address.is_loopback for address in self._members.values()):
            yield from self._secret("  ", "secret", CLUSTER_SECRET, "cluster.secret", None)
        yield "  members:   # the same in every file; HTTP addresses, not those of the old sentinels"
        for id_, address in self._members.items():
            mark = "   # a placeholder: name it" if address.host.startswith(PLACEHOLDER) else ""
            yield f"    {_text(id_)}: {_text(str(address))}{mark}"

    def _group(self, master: Master) -> Iterator[str]:
        nodes, doubles, mixed = _distinct(
            (master.primary, *sorted(master.replicas)), self._options.stands_for
        )
        yield f"  {_text(master.name)}:"
        for address, name in doubles.items():
            yield f"    # {clean(str(address))} is left out: it is {clean(str(name))}, by another name."
        if mixed:
            yield "    # Names and addresses are mixed: if two of them are one server, keep one."
        yield f"    nodes: [{', '.join(_text(str(node)) for node in nodes)}]"
        yield f"    quorum: {master.quorum}"
        if master.down_after_ms is not None:
            yield f"    down_after: {format_duration(master.down_after_ms / 1000)}"
        else:
            yield "    # down_after: 30s   # Sentinel's default; Vedette's is 1s"
        if master.failover_timeout_ms is not None:
            yield f"    failover_timeout: {format_duration(master.failover_timeout_ms / 1000)}"
        if master.parallel_syncs is not None:
            yield f"    parallel_syncs: {min(master.parallel_syncs, 1000)}"
        if master.username is not None:
            yield f"    username: {_text(master.username)}"
        if master.password is not None:
            variable = f"VEDETTE_{_upper(master.name)}_PASSWORD"
            yield from self._secret(
                "    ", "password", variable, f"{master.name}.redis.password", master.password
            )
        yield from self._tls()

    def _tls(self) -> Iterator[str]:
        if not self._conf.tls_to_nodes:
            return
        names = {"tls-ca-cert-file": "ca_file", "tls-cert-file": "cert_file", "tls-key-file": "key_file"}
        files = [f"{names[name]}: {_text(path)}" for name, path in sorted(self._conf.tls.items()) if path]
        yield f"    tls: {{{', '.join(files)}}}" if files else "    tls: true"

    def _secret(self, indent: str, key: str, variable: str, file: str, value: str | None) -> Iterator[str]:
        where = self._options.secrets
        if where is Secrets.FILES:
            self._files[file] = value
            yield f"{indent}{key}_file: {_text(f'{self._options.secrets_dir}/{file}')}"
        elif where is Secrets.IN_PLACE and value is not None:
            yield f"{indent}{key}: {_text(value, quoted=True)}"
        else:
            self._variables.append(variable)
            yield f"{indent}{key}: ${{{variable}}}"


def _distinct(
    found: Sequence[Address], stands_for: Mapping[str, Sequence[str]]
) -> tuple[Sequence[Address], Mapping[Address, Address], bool]:
    """The nodes, each once: Sentinel remembers a pod by its IP, and by its name once it resolves names.

    Also returns which address was left out for which, and whether names and IPs are mixed and may be the
    same.
    """

    def place(node: Address) -> tuple[str, int]:
        addresses = stands_for.get(node.host, ())
        return Address(addresses[0], node.port).place if len(addresses) == 1 else node.place

    kept: dict[tuple[str, int], Address] = {}
    for node in found:
        other = kept.setdefault(place(node), node)
        if is_ip(other.host) and not is_ip(node.host):
            # The name outlives the address.
            kept[place(node)] = node
    doubles = {node: kept[place(node)] for node in found if kept[place(node)].place != node.place}
    names = [node for node in kept.values() if not is_ip(node.host)]
    unknown = any(not stands_for.get(node.host) for node in names)
    return tuple(kept.values()), doubles, unknown and len(names) < len(kept)


def _members(conf: SentinelConf, options: Options) -> tuple[str, dict[str, Address]]:
    """This sentinel's id, and all members' addresses: as given, else from the file, else placeholders.

    Members from the file are numbered by their old addresses, so that every sentinel's file gives the same
    ids.
    """
    if options.members:
        own_id = options.own_id or next(iter(options.members))
        if own_id not in options.members:
            raise SentinelConfError(None, f"--id {own_id} is not one of the members given by --member")
        return own_id, dict(options.members)
    others = sorted({each for master in conf.masters.values() for each in master.sentinels})
    own = _own(conf, others)
    found: list[Address | None] = [*others]
    found.append(own)
    if own is not None:
        found.sort(key=lambda address: address or own)
    wanted = max(USUAL_MEMBERS if not others else 0, *(m.quorum for m in conf.masters.values()), len(found))
    if wanted > MAX_MEMBERS:
        raise SentinelConfError(None, f"{wanted} sentinels are more than the {MAX_MEMBERS} that Vedette has")
    found += [None] * (wanted - len(found))
    members = dict(_numbered(found))
    own_place = found.index(own)
    return options.own_id or f"s{own_place + 1}", _renamed(members, own_place, options.own_id)


def _own(conf: SentinelConf, others: Sequence[Address]) -> Address | None:
    """This sentinel's address for the others; None if the file does not contain it."""
    for host in (conf.announce_ip, conf.bind):
        try:
            address = Address.parse(f"[{host}]:1" if host and ":" in host else f"{host}:1")
        except InvalidValueError:
            continue
        if host and not address.is_unspecified and not (address.is_loopback and others):
            return Address(address.host, conf.port or 1)
    if others and all(other.is_loopback for other in others):
        return Address(others[0].host, conf.port or 1)
    return None


def _numbered(found: Sequence[Address | None]) -> Iterator[tuple[str, Address]]:
    """The members with ids and ports: 8700 if each has a host of its own, else 8701 and up."""
    hosts = [address.host for address in found if address is not None]
    shared = len(set(hosts)) < len(hosts)
    for number, address in enumerate(found, 1):
        host = address.host if address is not None else f"{PLACEHOLDER}-{number}"
        yield f"s{number}", Address(host, HTTP_PORT + number if shared else HTTP_PORT)


def _renamed(members: dict[str, Address], own_place: int, own_id: str | None) -> dict[str, Address]:
    """``own_id`` for the sentinel at ``own_place``, if one was asked for."""
    if own_id is None:
        return members
    taken = [id_ for place, id_ in enumerate(members) if place != own_place]
    if own_id in taken:
        raise SentinelConfError(None, f"--id {own_id} is that of another member: name all with --member")
    return {
        (own_id if place == own_place else id_): address
        for place, (id_, address) in enumerate(members.items())
    }


def _text(text: str, *, quoted: bool = False) -> str:
    """The text as YAML with ``$`` escaped; in quotes if YAML might read it as something else."""
    plain = text.replace("$", "$$")
    if not quoted and _PLAIN.fullmatch(plain) and yaml.safe_load(plain) == plain:
        return plain
    return str(yaml.dump(plain, default_style='"', width=float("inf"))).rstrip("\n")


def _upper(name: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in name).upper()
