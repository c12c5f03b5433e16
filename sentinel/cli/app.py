"""Declares the commands and their options; other modules do the work.

Modules are imported only where a command needs them, so that ``--help`` does not load the daemon.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from sentinel.cli import offline
from sentinel.cli.command import (
    Candidate,
    ClientOptions,
    ConfigFile,
    Group,
    OptionalGroup,
    SomeGroups,
    Target,
    client_command,
    errors,
    print_json,
)
from sentinel.cli.webhooks import webhooks
from sentinel.notices.story import clean
from sentinel.terminal.exits import EPILOG, CliError, ExitCode, complain

if TYPE_CHECKING:
    from sentinel.terminal.client import Reply, Sentinels

app = typer.Typer(
    name="vedette",
    help="A failover monitor for Redis and Valkey.",
    epilog=EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(webhooks, name="webhooks")
Wait = Annotated[bool, typer.Option("--wait", help="Wait until it is done, or has failed.")]
WaitToFollow = Annotated[
    bool,
    typer.Option(
        "--wait", help="Wait until it is done and every replica that is reached follows, or it has failed."
    ),
]
WaitTimeout = Annotated[
    float, typer.Option(min=0, max=3600, help="With --wait: give up waiting after so many seconds.")
]
Problems = Annotated[
    bool, typer.Option("--problems", help="Leave out groups that are well. A paused one is shown.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask on a terminal.")]


@app.command(epilog=EPILOG)
def run(config: ConfigFile) -> None:
    """Run a sentinel until SIGTERM or SIGINT."""
    from sentinel.cli import run

    with errors():
        run.run(config)


@app.command(epilog=EPILOG)
@client_command
def status(options: ClientOptions, groups: SomeGroups = None, problems: Problems = False) -> None:
    """Show the groups and the sentinels: one line a group, or the nodes of one group, or of those named.

    Exit code 1 if one of them has no usable primary, no majority, or no replica that could take over.
    """
    from sentinel.cli import status

    answer, reply = status.ask(options.sentinels(), groups or ())
    unhealthy = status.show(answer, reply, bool(groups), only_problems=problems, as_json=options.as_json)
    if unhealthy:
        raise typer.Exit(ExitCode.REFUSED)


@app.command(epilog=EPILOG)
@client_command
def watch(
    options: ClientOptions,
    group: OptionalGroup = None,
    interval: Annotated[
        float, typer.Option(min=0.1, max=3600, help="Seconds between two looks.", show_default=True)
    ] = 1.0,
) -> None:
    """Watch the groups live, until Ctrl-C.

    Where the output is no terminal, a snapshot is printed whenever something but numbers has changed; with
    --json as one line.
    """
    from sentinel.cli import watch

    found = options.sentinels().patient_for(watch.TIMEOUT_S)
    watch.watch(found, group, interval, as_json=options.as_json)


@app.command(epilog=EPILOG)
@client_command
def explain(options: ClientOptions, group: Group) -> None:
    """Explain a group: what each sentinel thinks, and what a failover now would do and why.

    Exit code 1 if no failover is possible now.
    """
    from sentinel.cli.explain import explain
    from sentinel.terminal.explanation import show_explanation
    from sentinel.terminal.screen import Screen

    told, as_json = explain(options.sentinels(), group)
    if options.as_json:
        print_json(as_json)
    else:
        show_explanation(Screen(), told)
    if told.obstacles():
        raise typer.Exit(ExitCode.REFUSED)


@app.command(epilog=EPILOG)
@client_command
def history(
    options: ClientOptions,
    group: Group,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most this many, the newest.")] = 20,
    utc: Annotated[bool, typer.Option("--utc", help="Times in UTC, not in this host's zone.")] = False,
) -> None:
    """Show the past changes of a group's primary, newest first, and the steps of the last one."""
    from sentinel.cli.failover import group_path
    from sentinel.status.answers import HistoryAnswer
    from sentinel.terminal import show
    from sentinel.terminal.screen import Screen

    reply = options.sentinels().get(group_path(group, f"/history?limit={limit}"))
    answer = show.understood(reply, HistoryAnswer)
    if options.as_json:
        print_json(reply.body)
    else:
        show.show_history(Screen(), answer, utc=utc)


@app.command(epilog=EPILOG)
@client_command
def failover(
    options: ClientOptions,
    group: Group,
    candidate: Candidate = None,
    wait: WaitToFollow = False,
    timeout: WaitTimeout = 60.0,
    yes: Yes = False,
) -> None:
    """Fail a group over to another node, whether its primary is up or not."""
    from sentinel.cli import failover

    found = options.sentinels()
    if not yes and sys.stdin.isatty():
        _confirm(failover.describe(found, group, candidate))
    reply = failover.request(found, group, candidate)
    _show_operation(found, group, reply, timeout if wait else None, options.as_json)


@app.command(epilog=EPILOG)
@client_command
def switchover(
    options: ClientOptions,
    group: Group,
    to: Target = None,
    hold_writes: Annotated[
        float | None,
        typer.Option(
            min=0.1,
            max=3600,
            help="Undo it if writes would be held up for more seconds. Default: 2.",
        ),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            help="Do it then, as 2026-01-31T03:00+01:00, or +10m from now; --wait waits until that is agreed."
        ),
    ] = None,
    cancel: Annotated[bool, typer.Option("--cancel", help="Cancel the one that is scheduled.")] = False,
    wait: WaitToFollow = False,
    timeout: WaitTimeout = 60.0,
    yes: Yes = False,
) -> None:
    """Hand the role of a healthy primary over to a replica, without losing a write; now, or at a set time."""
    from sentinel.cli import directives, failover

    directives.refuse_mixture(cancel, to=to, at=at, hold_writes=hold_writes)
    when = None if at is None else directives.moment(at, datetime.now(UTC))
    found = options.sentinels()
    if not (yes or cancel) and sys.stdin.isatty():
        _confirm(failover.describe(found, group, to, "Switch over", when))
    if cancel:
        reply = directives.request_cancel(found, group)
    else:
        reply = failover.request_switchover(found, group, to, hold_writes, when)
    _show_operation(found, group, reply, timeout if wait else None, options.as_json)


@app.command(epilog=EPILOG)
@client_command
def pause(
    options: ClientOptions,
    group: Group,
    reason: Annotated[str | None, typer.Option(help="For people: it is shown while the pause lasts.")] = None,
    wait: Wait = False,
    timeout: WaitTimeout = 60.0,
) -> None:
    """Have the sentinels change nothing in a group by themselves, until `resume`. Detection goes on."""
    from sentinel.cli import directives

    found = options.sentinels()
    reply = directives.request_pause(found, group, reason)
    _show_operation(found, group, reply, timeout if wait else None, options.as_json)


@app.command(epilog=EPILOG)
@client_command
def resume(options: ClientOptions, group: Group, wait: Wait = False, timeout: WaitTimeout = 60.0) -> None:
    """End a pause. If the primary is down, it is replaced at once."""
    from sentinel.cli import directives

    found = options.sentinels()
    reply = directives.request_resume(found, group)
    _show_operation(found, group, reply, timeout if wait else None, options.as_json)


offline.add_to(app)


def _confirm(question: str) -> None:
    """Asks ``question``. Raises CliError if the answer is no."""
    if not typer.confirm(clean(question), err=True):
        raise CliError(ExitCode.REFUSED, "cancelled: nothing was changed")


def _show_operation(found: Sentinels, group: str, reply: Reply, wait_s: float | None, as_json: bool) -> None:
    """Shows the accepted operation; or, after following it for up to ``wait_s``, its outcome."""
    from sentinel.cli import directives, failover
    from sentinel.cli.following import await_replicas

    if wait_s is not None:
        began = time.monotonic()
        reply = failover.follow(found, reply, wait_s)
        left_s = max(0.0, wait_s - (time.monotonic() - began))
        await_replicas(found, reply, left_s, (lambda _: None) if as_json else complain)
    if as_json:
        print_json({**reply.body, "asked": reply.url})
    elif wait_s is not None:
        typer.echo(clean(f"{group}: {directives.ended(reply.body)}"))
    else:
        typer.echo(clean(f"{group}: accepted as {reply.body.get('operation')} by {reply.url}"))
