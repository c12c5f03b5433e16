"""The command line: what the commands are called and what they take. Each does its work elsewhere.

Modules are imported where a command needs them, so that ``--help`` does not load the daemon.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sentinel.cli_exit import EPILOG, CliError, ExitCode, complain
from sentinel.cli_frame import AnyConfigFile, ConfigFile, Group, Json, TokenFile, Urls
from sentinel.cli_frame import errors as _errors
from sentinel.cli_frame import print_json as _print_json
from sentinel.cli_frame import safe as _safe
from sentinel.cli_frame import sentinels as _sentinels
from sentinel.cli_webhooks import webhooks

if TYPE_CHECKING:
    from sentinel.cli_client import Reply, Sentinels

app = typer.Typer(
    name="vedette",
    help="A failover monitor for Redis and Valkey.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(webhooks, name="webhooks")


@app.command(epilog=EPILOG)
def run(config: ConfigFile) -> None:
    """Run a sentinel until SIGTERM or SIGINT."""
    from sentinel import cli_run

    with _errors():
        cli_run.run(config)


@app.command(epilog=EPILOG)
def check(config: ConfigFile, as_json: Json = False) -> None:
    """Check a configuration, and print every problem and warning."""
    from sentinel import cli_run

    with _errors(as_json):
        loaded = cli_run.load(config)
        if as_json:
            _print_json(cli_run.report(loaded))
            return
        for warning in loaded.warnings:
            complain(f"warning: {warning.at(config)}")
        typer.echo(_safe(f"{config}: ok"))


@app.command(epilog=EPILOG)
def status(
    config: AnyConfigFile = None, url: Urls = None, token_file: TokenFile = None, as_json: Json = False
) -> None:
    """Show the groups and the sentinels.

    Exit code 1 if a group has no usable primary, no majority, or no replica that could take over.
    """
    with _errors(as_json):
        from sentinel import cli_show
        from sentinel.api_answers import GroupsAnswer
        from sentinel.cli_screen import Screen

        reply = _sentinels(url, config, token_file).get("/v1/groups")
        answer = cli_show.understood(reply, GroupsAnswer)
        unhealthy = {g.group: found for g in answer.groups if (found := cli_show.complaints(g))}
        if as_json:
            _print_json({**reply.body, "asked": reply.url, "unhealthy": unhealthy})
        else:
            cli_show.show_status(Screen(), answer, reply.url)
        if unhealthy:
            raise typer.Exit(ExitCode.REFUSED)


@app.command(epilog=EPILOG)
def explain(
    group: Group,
    config: AnyConfigFile = None,
    url: Urls = None,
    token_file: TokenFile = None,
    as_json: Json = False,
) -> None:
    """Explain a group: what each sentinel thinks, and what a failover now would do and why."""
    with _errors(as_json):
        from sentinel import cli_show
        from sentinel.api_answers import CandidatesAnswer, GroupAnswer
        from sentinel.cli_failover import group_path
        from sentinel.cli_screen import Screen

        found = _sentinels(url, config, token_file)
        reply = found.get(group_path(group))
        answer = cli_show.understood(reply, GroupAnswer)
        ranking = found.only(reply.url).get(group_path(group, "/candidates")) if answer.topology else None
        if as_json:
            candidates = ranking.body if ranking else None
            _print_json({"asked": reply.url, "group": reply.body, "candidates": candidates})
            return
        parsed = cli_show.understood(ranking, CandidatesAnswer) if ranking else None
        cli_show.show_explanation(Screen(), answer, parsed)


@app.command(epilog=EPILOG)
def history(
    group: Group,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most this many, the newest.")] = 20,
    config: AnyConfigFile = None,
    url: Urls = None,
    token_file: TokenFile = None,
    as_json: Json = False,
) -> None:
    """Show the past changes of a group's primary, newest first, and the steps of the last one."""
    with _errors(as_json):
        from sentinel import cli_show
        from sentinel.api_answers import HistoryAnswer
        from sentinel.cli_failover import group_path
        from sentinel.cli_screen import Screen

        reply = _sentinels(url, config, token_file).get(group_path(group, f"/history?limit={limit}"))
        answer = cli_show.understood(reply, HistoryAnswer)
        if as_json:
            _print_json(reply.body)
        else:
            cli_show.show_history(Screen(), answer)


@app.command(epilog=EPILOG)
def failover(
    group: Group,
    candidate: Annotated[
        str | None, typer.Option(help="The node to promote. Default: the best, as `explain` shows it.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it is done, or has failed.")] = False,
    timeout: Annotated[
        float, typer.Option(min=0, max=3600, help="With --wait: give up waiting after so many seconds.")
    ] = 60.0,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask on a terminal.")] = False,
    config: AnyConfigFile = None,
    url: Urls = None,
    token_file: TokenFile = None,
    as_json: Json = False,
) -> None:
    """Fail a group over to another node, whether its primary is up or not."""
    with _errors(as_json):
        from sentinel import cli_failover

        found = _sentinels(url, config, token_file)
        if not yes and sys.stdin.isatty():
            question = cli_failover.describe(found, group, candidate)
            if not typer.confirm(_safe(question), err=True):
                raise CliError(ExitCode.REFUSED, "nothing was done")
        reply = cli_failover.request(found, group, candidate)
        _show_operation(found, group, reply, timeout if wait else None, as_json)


@app.command(epilog=EPILOG)
def switchover(
    group: Group,
    to: Annotated[
        str | None, typer.Option(help="The node to hand over to. Default: the best, as `explain` shows it.")
    ] = None,
    hold_writes: Annotated[
        float | None,
        typer.Option(
            min=0.1,
            max=3600,
            help="Undo it if writes would be held up for more seconds. Default: 2.",
        ),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it is done, or has failed.")] = False,
    timeout: Annotated[
        float, typer.Option(min=0, max=3600, help="With --wait: give up waiting after so many seconds.")
    ] = 60.0,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask on a terminal.")] = False,
    config: AnyConfigFile = None,
    url: Urls = None,
    token_file: TokenFile = None,
    as_json: Json = False,
) -> None:
    """Hand the role of a healthy primary over to a replica, without losing a write."""
    with _errors(as_json):
        from sentinel import cli_failover

        found = _sentinels(url, config, token_file)
        if not yes and sys.stdin.isatty():
            question = cli_failover.describe(found, group, to, "Switch over")
            if not typer.confirm(_safe(question), err=True):
                raise CliError(ExitCode.REFUSED, "nothing was done")
        reply = cli_failover.request_switchover(found, group, to, hold_writes)
        _show_operation(found, group, reply, timeout if wait else None, as_json)


@app.command(epilog=EPILOG)
def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave all of it running until Ctrl-C.")] = False,
    redis_server: Annotated[
        Path | None,
        typer.Option(help="The redis-server to start. Default: that of PATH, else the demo extra's."),
    ] = None,
    sentinels: Annotated[int, typer.Option(min=1, max=9, help="How many sentinels to start.")] = 3,
    as_json: Json = False,
) -> None:
    """See a failover: start servers and sentinels here, kill the primary, and show every step."""
    with _errors(as_json):
        from sentinel import demo as demonstration

        options = demonstration.Options(keep, redis_server, sentinels, as_json)
        raise typer.Exit(demonstration.run(options))


@app.command(epilog=EPILOG)
def version(as_json: Json = False) -> None:
    """Print the version."""
    from sentinel.version import VERSION

    if as_json:
        _print_json({"version": VERSION})
    else:
        typer.echo(f"vedette {VERSION}")


def main() -> None:
    app()


def _show_operation(found: Sentinels, group: str, reply: Reply, wait_s: float | None, as_json: bool) -> None:
    """What was accepted; or, followed for ``wait_s``, what came of it."""
    from sentinel import cli_failover

    if wait_s is not None:
        reply = cli_failover.follow(found, reply, wait_s)
    if as_json:
        _print_json({**reply.body, "asked": reply.url})
    elif wait_s is not None:
        typer.echo(_safe(f"{group}: {reply.body['new_primary']} is primary, term {reply.body['term']}"))
    else:
        typer.echo(_safe(f"{group}: accepted as {reply.body.get('operation')} by {reply.url}"))


if __name__ == "__main__":
    main()
