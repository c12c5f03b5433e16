"""A Redis Sentinel's configuration is read as Redis reads it, and its errors name their lines."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import Address
from sentinel.sentinel_conf.directives import MAX_BYTES, SentinelConfError, read_directives, split_words
from sentinel.sentinel_conf.model import SentinelConf, understand

MONITOR = "sentinel monitor mymaster 10.0.0.1 6379 2\n"


def read(text: str) -> SentinelConf:
    return understand(read_directives(text.encode()))


def refused(text: str) -> SentinelConfError:
    with pytest.raises(SentinelConfError) as caught:
        read(text)
    return caught.value


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"a  b\tc", [b"a", b"b", b"c"]),
        (b'"a b" c', [b"a b", b"c"]),
        (rb'"\x41\n\"\\ \q"', [b'A\n"\\ q']),
        (rb"'it\'s \n'", [b"it's \\n"]),
        (b'""', [b""]),
        (b'pre"fix ed"', [b"prefix ed"]),
        (b"", []),
        (rb'"\xZZ"', [b"xZZ"]),
    ],
)
def test_words_are_split_as_redis_splits_them(line: bytes, words: list[bytes]) -> None:
    assert split_words(line) == words


@pytest.mark.parametrize("line", [b'"a', b"'a", b'"a"b', b"'a'b", b'a "b" "c"d', b'"\\"'])
def test_quotes_that_redis_refuses(line: bytes) -> None:
    with pytest.raises(ValueError, match="quote"):
        split_words(line)


@given(st.binary(max_size=200))
def test_no_bytes_do_more_than_be_refused(raw: bytes) -> None:
    with contextlib.suppress(SentinelConfError):
        understand(read_directives(raw))


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20), max_size=5))
def test_what_is_quoted_comes_out_as_it_was(words: list[str]) -> None:
    def quoted(word: str) -> bytes:
        escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
        return b'"' + escaped.encode() + b'"'

    assert split_words(b" ".join(map(quoted, words))) == [word.encode() for word in words]


def test_what_sentinel_and_people_wrote_is_understood() -> None:
    conf = read(
        "# by hand\r\n"
        "port 5000\n"
        "bind -10.0.0.9 ::1\n"
        "SENTINEL Announce-IP 10.0.0.9\n" + MONITOR + "sentinel down-after-milliseconds mymaster 5000\n"
        "sentinel failover-timeout mymaster 60000\n"
        "sentinel parallel-syncs mymaster 3\n"
        "sentinel auth-user mymaster watcher\n"
        'sentinel auth-pass mymaster "a b"\n'
        "sentinel known-replica mymaster 10.0.0.2 6379\n"
        "sentinel known-slave mymaster ::1 6379\n"
        "sentinel known-sentinel mymaster 10.0.0.8 26379 6145a97d\n"
        "sentinel config-epoch mymaster 0\n"
        "sentinel myid 628d3d63\n"
        "user default on nopass sanitize-payload ~* &* +@all\n"
        "latency-tracking-info-percentiles 50 99 99.9\n"
        "tls-port 0\n"
    )
    master = conf.masters["mymaster"]
    assert (conf.port, conf.bind, conf.announce_ip, conf.notes) == (5000, "10.0.0.9", "10.0.0.9", [])
    assert (master.primary, master.quorum) == (Address("10.0.0.1", 6379), 2)
    assert master.replicas == [Address("10.0.0.2", 6379), Address("::1", 6379)]
    assert master.sentinels == [Address("10.0.0.8", 26379)]
    assert (master.down_after_ms, master.failover_timeout_ms, master.parallel_syncs) == (5000, 60000, 3)
    assert (master.username, master.password) == ("watcher", "a b")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("sentinel notification-script mymaster /bin/x", "webhooks"),
        ("sentinel client-reconfig-script mymaster /bin/x", "webhooks"),
        ("sentinel rename-command mymaster CONFIG x", "rename-command"),
        ("sentinel sentinel-pass secret-word", "cluster.secret"),
        ("user alice on >secret-word ~* +@all", "resp_password"),
        ("tls-port 26380", "no TLS"),
        ("include /etc/redis/other.conf", "not followed"),
        ("sentinel of-the-future mymaster 1", "not known"),
        ("of-the-future 1", "not known"),
    ],
)
def test_what_cannot_be_carried_over_is_noted_without_its_secret(line: str, why: str) -> None:
    [note] = read(f"{MONITOR}\n{line}\n").notes
    assert note.line == 3
    assert why in note.why
    assert "secret-word" not in f"{note.what}{note.why}"


def test_what_is_about_a_master_may_stand_before_the_line_that_names_it() -> None:
    conf = read(f"sentinel down-after-milliseconds mymaster 5000\nrequirepass word\n{MONITOR}")
    assert (conf.masters["mymaster"].down_after_ms, conf.password) == (5000, "word")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("sentinel monitor a 10.0.0.1 6379", "needs a name, a host, a port and a quorum"),
        ("sentinel monitor a 10.0.0.1 none 2", "has no valid port"),
        ("sentinel monitor a not/a/host 6379 2", "not a valid host name"),
        ("sentinel monitor a 10.0.0.1 6379 0", "quorum: '0' is not a whole number"),
        ("sentinel monitor mymaster 10.0.0.1 6379 2", "monitored twice"),
        ("sentinel down-after-milliseconds mymaster soon", "'soon' is not a whole number"),
        ("sentinel down-after-milliseconds other 1", "no master 'other'"),
        ("sentinel parallel-syncs mymaster", "needs a master's name and a value"),
        ("sentinel known-replica mymaster 10.0.0.1", "needs a master's name, a host and a port"),
        ("sentinel auth-pass mymaster two words", "in quotes"),
        ('sentinel auth-pass mymaster pa ssA"x', "quote that does not end"),
        ("sentinel", "says nothing"),
        ("port 70000", "'70000' is not a whole number from 0 to 65535"),
    ],
)
def test_a_fault_names_its_line(line: str, problem: str) -> None:
    error = refused(f"{MONITOR}# two\n{line}\n")
    assert error.line == 3
    assert problem in error.problem


def test_files_that_are_no_sentinels_at_all() -> None:
    assert "no 'sentinel monitor' line" in refused("port 6379\nappendonly yes\n").problem
    assert "larger than" in refused("#" * (MAX_BYTES + 1)).problem
    with pytest.raises(SentinelConfError, match="line 1: is not UTF-8"):
        list(read_directives(b"port \xff\n"))
