"""Changed TLS files are used for new connections, but half of a change is not."""

from __future__ import annotations

import logging
import ssl
import time
from pathlib import Path

import pytest

from sentinel.process.certificates import expires_at, last_expires_at, own_expires_at
from sentinel.process.tls_files import LOOK_S, TlsFiles, TlsPaths
from tests.certificates import Authority

DAY_S = 86_400


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def later(self) -> None:
        self.now += LOOK_S


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "authority")


class Mounted:
    """Files as they are configured, replaced one by one."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        self.paths = TlsPaths(folder / "ca.pem", folder / "cert.pem", folder / "key.pem")
        self.put("ca.pem", authority.certificate)

    def put(self, name: str, source: Path) -> None:
        assert self.paths.ca_file is not None
        target = self.paths.ca_file.with_name(name)
        fresh = target.with_suffix(".new")
        fresh.write_bytes(source.read_bytes())
        fresh.replace(target)


def test_what_changed_is_used_from_then_on_and_half_of_it_is_not(
    tmp_path: Path, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    (first, first_key), (second, second_key) = authority.issue("one", days=3), authority.issue("two", days=30)
    mounted, clock = Mounted(tmp_path, authority), Clock()
    mounted.put("cert.pem", first)
    mounted.put("key.pem", first_key)
    files = TlsFiles(mounted.paths, clock)
    before = files.context()
    clock.later()
    assert files.context() is before, "nothing has changed"

    mounted.put("cert.pem", second)
    assert files.context() is before, "it was looked at a moment ago"
    clock.later()
    assert files.context() is before, "the key is the former one's"
    clock.later()
    files.look()
    assert "cert.pem" in files.trouble
    assert [record.levelname for record in caplog.records] == ["ERROR"], "it is told once"

    mounted.put("key.pem", second_key)
    clock.later()
    assert files.context() is not before
    assert files.trouble == ""
    assert files.expiry.own is not None and files.expiry.own > time.time() + 20 * DAY_S


def test_a_file_that_is_gone_changes_nothing(tmp_path: Path, authority: Authority) -> None:
    certificate, key = authority.issue("gone")
    mounted, clock = Mounted(tmp_path, authority), Clock()
    mounted.put("cert.pem", certificate)
    mounted.put("key.pem", key)
    files = TlsFiles(mounted.paths, clock)
    before = files.context()
    (tmp_path / "key.pem").unlink()
    clock.later()
    assert files.context() is before
    assert files.trouble


def test_files_that_cannot_be_used_at_the_start_are_refused(tmp_path: Path, authority: Authority) -> None:
    with pytest.raises(FileNotFoundError):
        TlsFiles(TlsPaths(cert_file=tmp_path / "none.pem", key_file=tmp_path / "none.key"))
    (first, _), (_, other_key) = authority.issue("three"), authority.issue("four")
    with pytest.raises(ssl.SSLError):
        TlsFiles(TlsPaths(cert_file=first, key_file=other_key))


def test_the_end_of_a_certificate(authority: Authority) -> None:
    short, long = (authority.issue(name, days=days)[0].read_text() for name, days in (("s", 3), ("l", 400)))
    ends = [own_expires_at(short), own_expires_at(long)]
    for end, days in zip(ends, (3, 400), strict=True):
        assert end is not None and abs(end - time.time() - days * DAY_S) < 3600
    assert last_expires_at(short + long) == ends[1]
    assert own_expires_at(short + long) == ends[0]


def test_what_is_no_certificate_has_no_end() -> None:
    assert own_expires_at("no PEM") is None
    assert last_expires_at("") is None
    for odd in (b"", b"\x30", b"\x30\x82\xff\xff", b"\x30\x03\x30\x01\xa0", bytes(200)):
        assert expires_at(odd) is None


def test_a_date_beyond_2049_is_read() -> None:
    def der(tag: int, *parts: bytes) -> bytes:
        inside = b"".join(parts)
        return bytes([tag, len(inside)]) + inside

    validity = der(0x30, der(0x17, b"200101000000Z"), der(0x18, b"20500101000000Z"))
    tbs = der(0x30, der(0x02, b"\x01"), der(0x30), der(0x30), validity)
    assert expires_at(der(0x30, tbs)) == 2_524_608_000.0
