"""The command line's HTTP client: asks one sentinel after the other until one can answer.

A sentinel that is down, or not in touch with a majority, is passed over. A request that changes something
goes to the next one only if it was surely not carried out: else it might be done twice. Redirects are not
followed and proxies not used, so that the token goes only to the sentinels that were named.
"""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sentinel.process.problem_types import TYPE_PREFIX
from sentinel.terminal.exits import CliError, ExitCode

DEFAULT_PORT = 8700
DEFAULT_URL = f"http://127.0.0.1:{DEFAULT_PORT}"
TIMEOUT_S = 5.0
"""The limit for each sentinel, from connecting to the last byte."""
MAX_BYTES = 16 * 1024 * 1024

_ADVICE = {
    "unauthorized": "Give the API's token: --token-file, VEDETTE_TOKEN_FILE, VEDETTE_TOKEN, or -c FILE.",
    "forbidden": "Ask on the sentinel's own machine, or configure api.token_file.",
    "unknown-group": "`vedette status` lists the groups.",
    "in-progress": "`vedette explain GROUP` shows what is under way.",
    "paused": "`vedette resume GROUP` ends the pause; until then the node has to be named.",
    "already-scheduled": "`vedette switchover GROUP --cancel` cancels it.",
    "not-scheduled": "`vedette status` shows what is scheduled.",
    "precondition": "`vedette explain GROUP` tells why each node is, or is not, a candidate.",
    "no-quorum": "Bring the other sentinels back, or ask one that is in touch with them: --url URL.",
    "primary-unwatched": "Add the primary to the group's nodes, and restart the sentinel.",
    "no-primary": "`vedette explain GROUP` shows what the sentinels see.",
    "unknown-webhook": "`vedette webhooks list` shows the dead letters of every sentinel it can ask.",
    "unknown-operation": "`vedette history GROUP` shows how it ended.",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """``url`` is the sentinel that answered."""

    url: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Token:
    """The API's token. ``read`` is called when a request needs it, and may raise CliError.

    ``source`` says where it comes from, for messages.
    """

    source: str
    read: Callable[[], str | None]


NO_TOKEN = Token("nowhere", lambda: None)


class UnreachableError(Exception):
    """One sentinel gave no usable answer. ``is_safe``: the request was surely not carried out."""

    def __init__(self, reason: str, *, is_safe: bool) -> None:
        super().__init__(reason)
        self.is_safe = is_safe


class Sentinels:
    """``urls`` are asked in this order; ``on_skip`` gets the reason when one is passed over.

    ``source`` says where the URLs come from, for messages.
    """

    def __init__(
        self,
        urls: Sequence[str],
        token: Token = NO_TOKEN,
        on_skip: Callable[[str], None] = lambda _: None,
        timeout_s: float = TIMEOUT_S,
        source: str = "",
    ) -> None:
        self.urls = tuple(urls)
        self._token = token
        self._on_skip = on_skip
        self._timeout_s = timeout_s
        self._source = source

    def get(self, path: str) -> Reply:
        """Raises CliError, also when the answer is a problem."""
        return self._ask_all("GET", path, None)

    def post(self, path: str, body: Mapping[str, Any]) -> Reply:
        """Raises CliError, also when the answer is a problem."""
        return self._ask_all("POST", path, body)

    def delete(self, path: str) -> Reply:
        """Raises CliError, also when the answer is a problem."""
        return self._ask_all("DELETE", path, None)

    def only(self, url: str) -> Sentinels:
        """A client for only one of the sentinels."""
        return Sentinels((url,), self._token, self._on_skip, self._timeout_s, self._source)

    def beginning_with(self, url: str) -> Sentinels:
        """A client that asks ``url`` first."""
        urls = sorted(self.urls, key=lambda each: each != url)
        return Sentinels(urls, self._token, self._on_skip, self._timeout_s, self._source)

    def patient_for(self, timeout_s: float) -> Sentinels:
        """A client with this limit for each sentinel, which does not report the ones that it passes over."""
        return Sentinels(self.urls, self._token, timeout_s=timeout_s, source=self._source)

    def _ask_all(self, method: str, path: str, body: Mapping[str, Any] | None) -> Reply:
        refusal: CliError | None = None
        reasons: list[str] = []
        # Reading needs no token, so it is not sent.
        token = None if method == "GET" else self._token.read()
        for url in self.urls:
            try:
                status, answer = self._ask(url, method, path, body, token)
            except UnreachableError as error:
                if method != "GET" and not error.is_safe:
                    raise CliError(
                        ExitCode.UNREACHABLE,
                        f"{url} {error}: it may or may not have taken the request",
                        "`vedette status` and `vedette history GROUP` show what became of it.",
                    ) from error
                self._pass_over(f"{url} {error}", reasons)
                continue
            if status < 300:
                return Reply(url, answer)
            refusal = _refusal(url, answer, self._token.source if token is not None else "")
            if status != 503:
                raise refusal
            self._pass_over(f"{url}: {answer.get('detail', status)}", reasons)
        if refusal is not None:
            raise refusal
        failures = reasons[0] if len(reasons) == 1 else f"asked {', '.join(self.urls)}"
        problem = f"no sentinel was reached: {failures}"
        source = f" It was named by {self._source}." if self._source else ""
        raise CliError(
            ExitCode.UNREACHABLE,
            problem,
            f"Is `vedette run` up there?{source} Name others with --url, VEDETTE_URL, --context or -c FILE.",
            {"detail": problem, "reasons": reasons},
        )

    def _pass_over(self, reason: str, reasons: list[str]) -> None:
        """Keep the reason; report it at once if another sentinel is asked next, which may take time."""
        reasons.append(reason)
        if len(self.urls) > 1:
            self._on_skip(reason)

    def _ask(
        self, url: str, method: str, path: str, body: Mapping[str, Any] | None, token: str | None
    ) -> tuple[int, dict[str, Any]]:
        headers: dict[str, str | bytes] = {"Accept": "application/json", "User-Agent": "vedette"}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        if token is not None:
            headers["Authorization"] = b"Bearer " + token.encode("utf-8", "surrogateescape")
        deadline = time.monotonic() + self._timeout_s
        connection = _connection(url, self._timeout_s)
        try:
            try:
                connection.connect()
            except OSError as error:
                raise UnreachableError(f"does not answer: {_reason(error)}", is_safe=True) from error
            try:
                connection.request(method, urlsplit(url).path.rstrip("/") + path, data, headers)
                response = connection.getresponse()
                return response.status, _read(response, deadline)
            except (OSError, http.client.HTTPException) as error:
                raise UnreachableError(f"gives no answer: {_reason(error)}", is_safe=False) from error
        finally:
            connection.close()


def normalised(url: str, source: str = "") -> str:
    """The URL of a sentinel; ``host:port`` means http, and ``host`` alone the default port.

    Raises CliError, which names the ``source``, if it cannot be one.
    """
    text = url.strip()
    is_bare = "://" not in text
    text = f"http://{text}" if is_bare else text
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        if not usable or parts.username or parts.query or parts.fragment or not text.isprintable():
            raise ValueError
    except ValueError:
        where = f"{source}: " if source else ""
        raise CliError(
            ExitCode.USAGE, f"{where}{url!r:.200} is not the URL of a sentinel ({DEFAULT_URL})"
        ) from None
    if is_bare and parts.port is None and not parts.path:
        text = f"{text}:{DEFAULT_PORT}"
    return text.rstrip("/")


def _connection(url: str, timeout_s: float) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    assert parts.hostname is not None
    make = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return make(parts.hostname, parts.port, timeout=timeout_s)


def _read(response: http.client.HTTPResponse, deadline: float) -> dict[str, Any]:
    """The JSON body. Raises UnreachableError for an answer that no sentinel sends."""
    raw = b""
    while chunk := response.read1(1 << 16):
        raw += chunk
        if len(raw) > MAX_BYTES:
            raise UnreachableError(f"answers more than {MAX_BYTES} bytes", is_safe=False)
        if time.monotonic() > deadline:
            raise UnreachableError("answers too slowly", is_safe=False)
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise UnreachableError(f"does not answer like a sentinel (HTTP {response.status})", is_safe=False)
    return body


def _refusal(url: str, problem: Mapping[str, Any], token_source: str) -> CliError:
    kind = str(problem.get("type", "")).removeprefix(TYPE_PREFIX)
    title = problem.get("title", "refused")
    detail = problem.get("detail", "no reason given")
    advice = _ADVICE.get(kind, "")
    if kind == "unauthorized" and token_source:
        advice = f"The token that was sent comes from {token_source}."
    return CliError(ExitCode.REFUSED, f"{url}: {title}: {detail}", advice, problem)


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "timed out"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message} (trust its CA by SSL_CERT_FILE)"
    if isinstance(error, ssl.SSLError):
        return f"speaks no TLS ({error.reason}); sentinels speak http, and https is for a proxy before them"
    if isinstance(error, http.client.RemoteDisconnected):
        return "closes the connection without an answer (is that the port of sentinel.http?)"
    if isinstance(error, http.client.BadStatusLine):
        return "does not speak HTTP (is that the port of sentinel.http?)"
    reason = error.strerror if isinstance(error, OSError) else None
    return reason or str(error) or type(error).__name__
