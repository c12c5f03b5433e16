"""Reads a certificate's expiry, which ``ssl`` does not tell: only as much of X.509 as that takes.

Certificate ::= SEQUENCE { TBSCertificate, ... }
TBSCertificate ::= SEQUENCE { [0] version?, serialNumber, signature, issuer, Validity, ... }
Validity ::= SEQUENCE { notBefore, notAfter }          (RFC 5280, section 4.1)
"""

from __future__ import annotations

import re
import ssl
from datetime import UTC, datetime

_SEQUENCE, _VERSION = 0x30, 0xA0
_UTC_TIME, _GENERALIZED_TIME = 0x17, 0x18
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
MAX_CERTIFICATES = 1000


def last_expires_at(pem: str) -> float | None:
    """The Unix time at which the last certificate in ``pem`` expires; None if none can be read."""
    ends = [expires_at(ssl.PEM_cert_to_DER_cert(found)) for found in _PEM.findall(pem)[:MAX_CERTIFICATES]]
    return max((end for end in ends if end is not None), default=None)


def own_expires_at(pem: str) -> float | None:
    """When the first certificate in ``pem`` (of a chain, the own one) expires, Unix time; None if none."""
    found = _PEM.search(pem)
    return None if found is None else expires_at(ssl.PEM_cert_to_DER_cert(found.group(0)))


def expires_at(der: bytes) -> float | None:
    """The certificate's expiry in Unix time; None if it is not a certificate."""
    try:
        tbs = _inside(_inside(der, 0, _SEQUENCE), 0, _SEQUENCE)
        at = _end(tbs, 0) if tbs[0] == _VERSION else 0
        for _ in ("serialNumber", "signature", "issuer"):
            at = _end(tbs, at)
        validity = _inside(tbs, at, _SEQUENCE)
        at = _end(validity, 0)
        return _time(validity[at], _value(validity, at))
    except (IndexError, ValueError):
        return None


def _value(data: bytes, at: int) -> bytes:
    start, end = _bounds(data, at)
    return data[start:end]


def _inside(data: bytes, at: int, tag: int) -> bytes:
    if data[at] != tag:
        raise ValueError(f"tag {data[at]:#x}, not {tag:#x}")
    return _value(data, at)


def _end(data: bytes, at: int) -> int:
    return _bounds(data, at)[1]


def _bounds(data: bytes, at: int) -> tuple[int, int]:
    """The start and end of the value whose tag and length are at ``at``."""
    length, start = data[at + 1], at + 2
    if length & 0x80:
        size = length & 0x7F
        if not 1 <= size <= 4:
            raise ValueError(f"a length of {size} bytes")
        length, start = int.from_bytes(data[start : start + size], "big"), start + size
    if start + length > len(data):
        raise ValueError("cut off")
    return start, start + length


def _time(tag: int, value: bytes) -> float:
    text = value.decode("ascii")
    if tag == _UTC_TIME:
        # Two digits of the year: from 1950 to 2049.
        text = ("20" if int(text[:2]) < 50 else "19") + text
    elif tag != _GENERALIZED_TIME:
        raise ValueError(f"tag {tag:#x} is no time")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp()
