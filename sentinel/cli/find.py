"""Chooses the sentinels that a command asks, and the API's token."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sentinel.terminal.client import Sentinels, normalised
from sentinel.terminal.exits import CliError, ExitCode

DEFAULT_URL = "http://127.0.0.1:8701"
MAX_URLS = 100
MAX_TOKEN_BYTES = 8000


def find_sentinels(
    urls: Sequence[str],
    config_file: Path | None,
    token_file: Path | None,
    on_skip: Callable[[str], None],
    env: Mapping[str, str] = os.environ,
) -> Sentinels:
    """The sentinels to ask. Options go before the environment.

    URLs are taken from ``urls``, else the configuration, else ``VEDETTE_URL``. The token is taken from its
    file (also ``VEDETTE_TOKEN_FILE``), else ``VEDETTE_TOKEN``, else the configuration.
    Raises CliError for a bad configuration, URL or token file.
    """
    token = _token(token_file, env)
    named = list(urls)
    if config_file is not None:
        members, configured = _from_config(config_file)
        named = named or members
        token = token or configured
    named = named or [url for url in env.get("VEDETTE_URL", "").split(",") if url.strip()] or [DEFAULT_URL]
    if len(named) > MAX_URLS:
        raise CliError(ExitCode.USAGE, f"{len(named)} sentinels are named; at most {MAX_URLS} are asked")
    return Sentinels(tuple(dict.fromkeys(normalised(url) for url in named)), token, on_skip)


def _from_config(path: Path) -> tuple[list[str], str | None]:
    """The members' URLs, the file's own sentinel first, and the API's token."""
    from sentinel.cli.run import load

    settings = load(path).settings
    own = settings.sentinel.id
    members = sorted(settings.cluster.members.items(), key=lambda item: item[0] != own)
    token = settings.api.token
    return [f"http://{address}" for _, address in members], token.get_secret_value() if token else None


def _token(path: Path | None, env: Mapping[str, str]) -> str | None:
    if path is None:
        token, source = env.get("VEDETTE_TOKEN", "").strip(), "VEDETTE_TOKEN"
        if not token:
            return None
    else:
        source = f"token file {path}"
        try:
            with path.open("rb") as file:
                token = file.read(MAX_TOKEN_BYTES + 1).decode().strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "is not text"
            raise CliError(ExitCode.USAGE, f"{source}: {reason}") from error
    if not token or len(token) > MAX_TOKEN_BYTES or not token.isprintable():
        raise CliError(ExitCode.USAGE, f"{source}: does not hold a token on one line")
    return token
