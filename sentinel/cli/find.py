"""Chooses the sentinels that a command asks, and the API's token: option, then environment, then file.

Each value keeps the name of its source, so that an error says where to look.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from config import ConfigError, load_client_part
from sentinel.cli.contexts import find_context
from sentinel.terminal.client import DEFAULT_URL, NO_TOKEN, Sentinels, Token, normalised
from sentinel.terminal.exits import CliError, ExitCode

MAX_URLS = 100
MAX_TOKEN_BYTES = 8000


@dataclass(frozen=True, slots=True)
class _Found:
    """``token`` is the one that belongs to these URLs, if the same source names one."""

    urls: Sequence[str]
    source: str
    token: Token = NO_TOKEN


def find_sentinels(
    urls: Sequence[str],
    config_file: Path | None,
    token_file: Path | None,
    on_skip: Callable[[str], None],
    env: Mapping[str, str] = os.environ,
    context: str | None = None,
) -> Sentinels:
    """The sentinels to ask.

    URLs are taken from ``urls``, else the configuration, the named context, ``VEDETTE_URL``, the context that
    ``VEDETTE_CONTEXT`` or the file of contexts names, and else the default. The token is taken from its file
    (also ``VEDETTE_TOKEN_FILE``), else ``VEDETTE_TOKEN``, else from where the URLs come from.
    Raises CliError for a bad configuration, URL or token file.
    """
    if context is not None and (urls or config_file is not None):
        raise CliError(ExitCode.USAGE, "--context excludes --url and -c: each names the sentinels")
    given = _given_token(token_file, env)
    found = _found(urls, config_file, context, env)
    if len(found.urls) > MAX_URLS:
        raise CliError(
            ExitCode.USAGE,
            f"{found.source}: {len(found.urls)} sentinels are named; at most {MAX_URLS} are asked",
        )
    usable = dict.fromkeys(normalised(url, found.source) for url in found.urls)
    return Sentinels(tuple(usable), given or found.token, on_skip, source=found.source)


def _found(
    urls: Sequence[str], config_file: Path | None, context: str | None, env: Mapping[str, str]
) -> _Found:
    if config_file is not None:
        found = _from_config(config_file, env)
        return _Found(urls, "--url", found.token) if urls else found
    if urls:
        return _Found(urls, "--url")
    listed = [url for url in env.get("VEDETTE_URL", "").split(",") if url.strip()]
    if listed and context is None:
        return _Found(listed, "VEDETTE_URL")
    by = "VEDETTE_CONTEXT" if context is None else "--context"
    chosen = find_context(context or env.get("VEDETTE_CONTEXT") or None, by, env)
    if chosen is None:
        return _Found([DEFAULT_URL], "the default")
    path, name, its = chosen
    token = NO_TOKEN
    if its.token_file is not None:
        file = path.parent / its.token_file.expanduser()
        token = Token(f"{path}: contexts.{name}.token_file", lambda: _read_token(file))
    return _Found(its.url, f"{path}: contexts.{name}.url", token)


def _from_config(path: Path, env: Mapping[str, str]) -> _Found:
    """The members' URLs, the file's own sentinel first, and the API's token."""
    try:
        part = load_client_part(path, env)
    except ConfigError as error:
        raise CliError(ExitCode.USAGE, str(error)) from error

    def token() -> str | None:
        try:
            return part.token()
        except ConfigError as error:
            advice = "Reading needs no token. Give it by --token-file, VEDETTE_TOKEN_FILE or VEDETTE_TOKEN."
            raise CliError(ExitCode.USAGE, str(error), advice) from error

    members = sorted(part.members.items(), key=lambda item: item[0] != part.own)
    urls = [f"http://{address}" for _, address in members]
    return _Found(urls, f"{path}: cluster.members", Token(f"{path}: api", token))


def _given_token(path: Path | None, env: Mapping[str, str]) -> Token | None:
    """The token of the option or of the environment."""
    if path is not None:
        token = _read_token(path)
        return Token(f"token file {path}", lambda: token)
    text = env.get("VEDETTE_TOKEN", "").strip()
    if not text:
        return None
    _check_token(text, "VEDETTE_TOKEN")
    return Token("VEDETTE_TOKEN", lambda: text)


def _read_token(path: Path) -> str:
    source = f"token file {path}"
    try:
        with path.open("rb") as file:
            token = file.read(MAX_TOKEN_BYTES + 1).decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not text"
        raise CliError(ExitCode.USAGE, f"{source}: {reason}") from error
    _check_token(token, source)
    return token


def _check_token(token: str, source: str) -> None:
    if not token or len(token) > MAX_TOKEN_BYTES or not token.isprintable():
        raise CliError(ExitCode.USAGE, f"{source}: does not hold a token on one line")
