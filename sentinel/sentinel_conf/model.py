"""Interprets a Redis Sentinel's configuration as far as Vedette has an equivalent; the rest becomes notes.

Sentinel rewrites its file: it adds its discoveries (replicas, other sentinels, epochs) and the primary that
it last promoted. All of that is read, but epochs and run ids mean nothing here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from config import Address, InvalidValueError
from sentinel.sentinel_conf.directives import Directive, SentinelConfError

DEFAULT_PORT = 26379
MAX_MS = 366 * 86_400_000

_SCRIPTS = "Vedette runs no scripts: its webhooks tell of failovers (see webhooks: below)"
_LINKS = "sentinels prove themselves to each other by cluster.secret"
_OPEN_RESP = "the resp port has one user, default, with sentinel.resp_password"
_LOG = "Vedette logs to standard output"
_NOTES: Mapping[str, str] = {
    "notification-script": _SCRIPTS,
    "client-reconfig-script": _SCRIPTS,
    "rename-command": "Vedette calls commands by their own names: undo rename-command at the nodes, and "
    "restrict their users by ACL",
    "sentinel-user": _LINKS,
    "sentinel-pass": _LINKS,
    "announce-port": "clients and peers reach a sentinel at its address in cluster.members",
    "master-reboot-down-after-period": "loading_timeout says how long a node that loads is waited for",
    "user": _OPEN_RESP,
    "aclfile": _OPEN_RESP,
    "include": "is not followed: import what that file holds by hand",
    "logfile": _LOG,
    "syslog-enabled": _LOG,
    "tls-port": "the resp and http ports speak no TLS: keep them in a private network",
}
_MEANINGLESS = frozenset(
    {
        *("myid", "config-epoch", "leader-epoch", "current-epoch", "deny-scripts-reconfig"),
        *("resolve-hostnames", "announce-hostnames", "protected-mode", "daemonize", "pidfile", "supervised"),
        *("dir", "latency-tracking-info-percentiles", "syslog-ident", "syslog-facility", "acllog-max-len"),
        *("tls-auth-clients", "tls-protocols", "tls-ciphers", "tls-ciphersuites", "maxclients", "timeout"),
        *("tcp-keepalive", "tcp-backlog", "loglevel", "always-show-logo", "crash-log-enabled"),
    }
)
"""Directives without a note: they are about Sentinel's own state, or have no equivalent worth a note."""


@dataclass
class Master:
    """``sentinels`` are the discovered ones, with their ports for the Sentinel protocol."""

    name: str
    primary: Address
    quorum: int
    replicas: list[Address] = field(default_factory=list)
    sentinels: list[Address] = field(default_factory=list)
    down_after_ms: int | None = None
    failover_timeout_ms: int | None = None
    parallel_syncs: int | None = None
    username: str | None = None
    password: str | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """A directive that could not be carried over, and why. ``what`` contains no secret."""

    line: int
    what: str
    why: str


@dataclass
class SentinelConf:
    """``tls`` are the files for TLS to the nodes."""

    masters: dict[str, Master] = field(default_factory=dict)
    port: int = DEFAULT_PORT
    bind: str | None = None
    announce_ip: str | None = None
    password: str | None = None
    """The password that clients of Sentinel itself must send."""
    tls: dict[str, str] = field(default_factory=dict)
    tls_to_nodes: bool = False
    notes: list[Note] = field(default_factory=list)


def understand(directives: Iterable[Directive]) -> SentinelConf:
    """Raises SentinelConfError for a line that Sentinel would refuse, and a file without a master."""
    conf = SentinelConf()
    # Like Sentinel, read a master's directives after the line that names it, wherever that line is.
    for directive in sorted(directives, key=lambda each: not _names_a_master(each)):
        if directive.name == "sentinel":
            _sentinel(conf, directive)
        else:
            _server(conf, directive)
    if not conf.masters:
        raise SentinelConfError(None, "has no 'sentinel monitor' line: it is not a Sentinel's configuration")
    return conf


def _names_a_master(directive: Directive) -> bool:
    return directive.name == "sentinel" and [word.lower() for word in directive.words[:1]] == ["monitor"]


def _server(conf: SentinelConf, directive: Directive) -> None:
    line, name, words = directive.line, directive.name, directive.words
    if name == "port":
        conf.port = _number(line, name, _one(line, name, words), 0, 65535)
    elif name == "bind" and words:
        # A minus before an address means that the host need not have it.
        conf.bind = words[0].removeprefix("-")
    elif name == "requirepass":
        conf.password = _one(line, name, words) or None
    elif name == "tls-replication":
        conf.tls_to_nodes = _one(line, name, words) == "yes"
    elif name in ("tls-ca-cert-file", "tls-cert-file", "tls-key-file"):
        conf.tls[name] = _one(line, name, words)
    elif name == "tls-ca-cert-dir":
        conf.notes.append(Note(line, name, "tls.ca_file takes one file with all certificates"))
    elif (name == "tls-port" and words == ("0",)) or (name == "user" and {"default", "nopass"} <= {*words}):
        # Sentinel writes such a line for the default user, whether or not there was one before.
        return
    else:
        _note(conf, line, name, name)


def _sentinel(conf: SentinelConf, directive: Directive) -> None:
    line = directive.line
    if not directive.words:
        raise SentinelConfError(line, "'sentinel' says nothing")
    name, words = directive.words[0].lower(), directive.words[1:]
    if name == "monitor":
        _monitor(conf, line, words)
    elif name == "announce-ip":
        conf.announce_ip = _one(line, name, words) or None
    elif name in _OF_A_MASTER:
        if len(words) < 2:
            raise SentinelConfError(line, f"'sentinel {name}' needs a master's name and a value")
        master = conf.masters.get(words[0])
        if master is None:
            raise SentinelConfError(line, f"no master {words[0]!r:.80} is monitored in this file")
        _set(master, line, name, words[1:])
    else:
        _note(conf, line, name, f"sentinel {name}")


_OF_A_MASTER = frozenset(
    {
        *("down-after-milliseconds", "failover-timeout", "parallel-syncs", "auth-pass", "auth-user"),
        *("known-replica", "known-slave", "known-sentinel"),
    }
)


def _monitor(conf: SentinelConf, line: int, words: tuple[str, ...]) -> None:
    if len(words) != 4:
        raise SentinelConfError(line, "'sentinel monitor' needs a name, a host, a port and a quorum")
    name, host, port, quorum = words
    if name in conf.masters:
        raise SentinelConfError(line, f"master {name!r:.80} is monitored twice")
    conf.masters[name] = Master(
        name, _address(line, host, port), _number(line, "the quorum", quorum, 1, 1_000_000)
    )


def _set(master: Master, line: int, name: str, values: tuple[str, ...]) -> None:
    match name:
        case "down-after-milliseconds":
            master.down_after_ms = _number(line, name, values[0], 1, MAX_MS)
        case "failover-timeout":
            master.failover_timeout_ms = _number(line, name, values[0], 1, MAX_MS)
        case "parallel-syncs":
            master.parallel_syncs = _number(line, name, values[0], 1, 1_000_000)
        case "auth-pass":
            if len(values) > 1:
                # Sentinel writes a password with spaces back without quotes, and then cannot read it itself.
                raise SentinelConfError(line, "auth-pass has more than one word: put the password in quotes")
            master.password = values[0]
        case "auth-user":
            master.username = values[0]
        case _:
            if len(values) < 2:
                raise SentinelConfError(line, f"'sentinel {name}' needs a master's name, a host and a port")
            found = master.sentinels if name == "known-sentinel" else master.replicas
            found.append(_address(line, values[0], values[1]))


def _note(conf: SentinelConf, line: int, name: str, what: str) -> None:
    if name in _NOTES:
        conf.notes.append(Note(line, what, _NOTES[name]))
    elif name not in _MEANINGLESS and not name.startswith("simulate-"):
        conf.notes.append(Note(line, what, "means nothing to Vedette, or is not known to this command"))


def _one(line: int, name: str, words: tuple[str, ...]) -> str:
    if len(words) != 1:
        raise SentinelConfError(line, f"{name!r} needs one value")
    return words[0]


def _number(line: int, what: str, text: str, low: int, high: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18 and low <= int(text) <= high):
        raise SentinelConfError(line, f"{what}: {text!r:.40} is not a whole number from {low} to {high}")
    return int(text)


def _address(line: int, host: str, port: str) -> Address:
    try:
        return Address.parse(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
    except InvalidValueError as error:
        raise SentinelConfError(line, f"'{host:.100}:{port:.20}' {error.why}") from None
