"""``vedette webhooks``: lists undelivered webhooks, retries dead letters, and tests receivers.

Each sentinel has deliveries of its own, so all of them are asked, and an id names the sentinel that has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

import typer

from sentinel.cli.command import ClientOptions, ConfigFile, Json, client_command, errors, print_json
from sentinel.notices.story import clean
from sentinel.terminal.exits import EPILOG, CliError, ExitCode, complain

if TYPE_CHECKING:
    from sentinel.status.webhook_answers import WebhooksAnswer
    from sentinel.terminal.client import Reply, Sentinels

MOST = 1000

webhooks = typer.Typer(
    help="Show what webhooks could not deliver, retry it, and test receivers.", no_args_is_help=True
)


@webhooks.command("list", epilog=EPILOG)
@client_command
def list_(
    options: ClientOptions,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="At most this many of each sentinel.")] = 100,
) -> None:
    """Show what waits to be delivered, and what was given up, at every sentinel."""
    found = options.sentinels()
    answers = list(_ask_each(found, limit))
    if options.as_json:
        print_json({"sentinels": [{**reply.body, "asked": reply.url} for reply, _ in answers]})
    else:
        _show([answer for _, answer in answers])


@webhooks.command(epilog=EPILOG)
@client_command
def retry(
    options: ClientOptions,
    id_: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="A dead letter's, from `list`.", show_default=False)
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every dead letter of every sentinel.")] = False,
) -> None:
    """Try a dead letter again, or all of them, from the beginning and under the same webhook-id."""
    if (id_ is None) != all_:
        raise CliError(ExitCode.USAGE, "name one dead letter, or all of them with --all")
    found = options.sentinels()
    retried = _retry_all(found) if id_ is None else [_retry(found, id_)]
    if options.as_json:
        print_json({"retried": retried})
    else:
        typer.echo(clean(f"tried again: {', '.join(retried) or 'nothing, there is no dead letter'}"))


@webhooks.command("test", epilog=EPILOG)
def try_receivers(
    config: ConfigFile,
    url: Annotated[
        str | None, typer.Option(help="Only the receiver with this URL, whole or as shown. Default: all.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Send one test event to each receiver now, from this host, and say what came back.

    Its type is webhook.test. It is sent once, whatever `events` says. Exit code 1 if any was not delivered.
    """
    from sentinel.cli import receivers, run

    with errors(as_json):
        tried = receivers.try_receivers(run.load(config).settings, url)
        if as_json:
            print_json({"receivers": [asdict(each) for each in tried]})
        else:
            for each in tried:
                typer.echo(clean(each.words))
        if not all(each.delivered for each in tried):
            raise typer.Exit(ExitCode.REFUSED)


def _ask_each(found: Sentinels, limit: int) -> Iterator[tuple[Reply, WebhooksAnswer]]:
    """Every sentinel's answer. Raises CliError if none answers."""
    from sentinel.status.webhook_answers import WebhooksAnswer
    from sentinel.terminal.show import understood

    passed_over: list[CliError] = []
    for url in found.urls:
        try:
            reply = found.only(url).get(f"/v1/webhooks?limit={limit}")
        except CliError as error:
            if not _is_passed_over(error):
                raise
            passed_over.append(error)
        else:
            yield reply, understood(reply, WebhooksAnswer)
    if passed_over and len(passed_over) == len(found.urls):
        raise passed_over[-1]
    for skipped in passed_over:
        complain(str(skipped.body.get("detail")))


def _retry(found: Sentinels, id_: str) -> str:
    last: CliError | None = None
    for url in found.urls:
        try:
            found.only(url).post(f"/v1/webhooks/{quote(id_, safe='')}/retry", {})
        except CliError as error:
            if not _is_passed_over(error) and not _is_unknown(error):
                raise
            # "Unknown" from a sentinel that answers says more than another's silence.
            last = error if last is None or _is_unknown(error) else last
        else:
            return id_
    assert last is not None
    raise last


def _retry_all(found: Sentinels) -> list[str]:
    return [
        _retry(found.only(reply.url), delivery.id)
        for reply, answer in _ask_each(found, MOST)
        for delivery in answer.deliveries
        if delivery.state == "dead"
    ]


def _is_passed_over(error: CliError) -> bool:
    return error.code is ExitCode.UNREACHABLE or error.body.get("status") == 503


def _is_unknown(error: CliError) -> bool:
    return str(error.body.get("type", "")).endswith(":unknown-webhook")


def _show(answers: list[WebhooksAnswer]) -> None:
    from sentinel.terminal.screen import Screen

    screen = Screen()
    deliveries = [delivery for answer in answers for delivery in answer.deliveries]
    if deliveries:
        screen.table(
            ("ID", "STATE", "TYPE", "GROUP", "RECEIVER", "CREATED", "ATTEMPTS", "NEXT TRY", "LAST ERROR"),
            [
                (
                    d.id,
                    d.state,
                    d.type,
                    d.group,
                    d.receiver,
                    d.created_at,
                    d.attempts,
                    d.next_try_at,
                    d.last_error,
                )
                for d in deliveries
            ],
        )
    for answer in answers:
        screen.line(f"{answer.sentinel}: {answer.pending} pending, {answer.dead} given up")
        for receiver in answer.receivers:
            if receiver.stopped is not None:
                screen.line(f"  ! nothing is sent to {receiver.receiver}: {receiver.stopped}", "bold red")
