"""The command line against scripted sentinels: the ones it asks, its output and its exit codes."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import pytest
from typer.testing import CliRunner, Result

from sentinel.cli.app import app
from sentinel.cli.find import find_sentinels
from sentinel.terminal.client import DEFAULT_URL, Sentinels, Token, normalised
from sentinel.terminal.exits import EPILOG, CliError, ExitCode
from sentinel.web.problem import KINDS
from tests.processes import free_port

A, B = "127.0.0.1:6379", "127.0.0.1:6380"


class FakeSentinel:
    """Answers each path as scripted, and remembers the requests."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, object]] = {}
        self.asked: list[tuple[str, str, Mapping[str, str], bytes]] = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                fake.asked.append((self.command, self.path, dict(self.headers), body))
                status, answer = fake.answers.get(self.path, (404, {}))
                if status == 0:
                    return
                raw = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(raw)))
                self.send_header("Location", "/elsewhere")
                self.end_headers()
                self.wfile.write(raw)

            do_GET = do_POST = do_DELETE = answer  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def problem(self, path: str, kind: str, detail: str = "because") -> None:
        status, title = KINDS[kind]
        body = {"type": f"urn:vedette:problem:{kind}", "title": title, "status": status, "detail": detail}
        self.answers[path] = (status, body)

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def make_fake() -> Iterator[Callable[[], FakeSentinel]]:
    made: list[FakeSentinel] = []

    def make() -> FakeSentinel:
        made.append(FakeSentinel())
        return made[-1]

    yield make
    for fake in made:
        fake.close()


@pytest.fixture
def fake(make_fake: Callable[[], FakeSentinel]) -> FakeSentinel:
    return make_fake()


@pytest.fixture
def other(make_fake: Callable[[], FakeSentinel]) -> FakeSentinel:
    return make_fake()


@pytest.fixture
def dead() -> str:
    return f"http://127.0.0.1:{free_port()}"


def vedette(*arguments: str | Path, env: Mapping[str, str] | None = None) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env=dict(env or {}))


def node(name: str, role: str, **changes: object) -> dict[str, Any]:
    replica = role == "replica"
    return {
        "node": name,
        "address": name,
        "role": role,
        "state": "up",
        "grade": None,
        "detail": "",
        "objectively_down": False,
        "opinions": [{"sentinel": "s1", "down": False, "grade": None}],
        "silence_ms": 3,
        "offset_bytes": 100,
        "lag_bytes": 0 if replica else None,
        "link_up": True if replica else None,
        "follows": A if replica else None,
        "syncing": False,
        "loading": False,
        "priority": 100,
        "zone": None,
        "discovered": False,
        "version": "7.0.15",
        **changes,
    }


def group(*nodes: dict[str, Any], **changes: object) -> dict[str, Any]:
    return {
        "group": "g",
        "topology": {
            "primary": A,
            "term": 7,
            "previous": None,
            "cause": "discovered",
            "leader": "s1",
            "since": "2026-01-31T12:00:00.123Z",
            "duration_ms": 0,
        },
        "term": 7,
        "role": "follower",
        "leader": None,
        "quorum": 1,
        "majority": 1,
        "has_majority": True,
        "failover": None,
        "ambiguous": None,
        "nodes": list(nodes) or [node(A, "primary"), node(B, "replica")],
        **changes,
    }


def groups(*inside: dict[str, Any]) -> tuple[int, object]:
    peers = [{"sentinel": "s2", "in_touch": False, "rtt_ms": None}]
    body = {"sentinel": "s1", "version": "1", "members": ["s1", "s2"], "peers": peers, "groups": list(inside)}
    return 200, body


# -- whom it asks ------------------------------------------------------------------------------


def test_the_next_sentinel_is_asked_when_one_is_down(fake: FakeSentinel, dead: str) -> None:
    fake.answers["/v1/groups"] = groups(group())
    result = vedette("status", "--url", dead, "--url", fake.url)
    assert result.exit_code == ExitCode.OK
    assert f"{dead} does not answer" in result.stderr
    assert A in result.stdout


@pytest.mark.parametrize(
    "answer", [(200, b"<html>"), (200, b"[]"), (200, b"[" * 100_000), (200, b"\xff"), (0, b"")]
)
def test_what_is_no_sentinel_is_passed_over(
    fake: FakeSentinel, other: FakeSentinel, answer: tuple[int, object]
) -> None:
    fake.answers["/x"] = answer
    other.answers["/x"] = (200, {"it": "is"})
    reply = Sentinels([fake.url, other.url]).get("/x")
    assert (reply.url, reply.body) == (other.url, {"it": "is"})


def test_a_sentinel_without_majority_is_passed_over(fake: FakeSentinel, other: FakeSentinel) -> None:
    fake.problem("/x", "no-quorum")
    other.answers["/x"] = (202, {})
    assert Sentinels([fake.url, other.url]).post("/x", {}).url == other.url


def test_a_request_that_may_have_been_taken_is_not_repeated(fake: FakeSentinel, other: FakeSentinel) -> None:
    fake.answers["/x"] = (0, b"")
    other.answers["/x"] = (202, {})
    with pytest.raises(CliError, match="may or may not have taken") as caught:
        Sentinels([fake.url, other.url]).post("/x", {})
    assert caught.value.code == ExitCode.UNREACHABLE
    assert other.asked == []


def test_a_refusal_is_not_asked_elsewhere(fake: FakeSentinel, other: FakeSentinel) -> None:
    fake.problem("/x", "precondition")
    with pytest.raises(CliError) as caught:
        Sentinels([fake.url, other.url]).post("/x", {})
    assert caught.value.code == ExitCode.REFUSED
    assert other.asked == []


def test_a_redirect_is_not_followed_and_the_token_goes_with_posts_only(fake: FakeSentinel) -> None:
    fake.answers["/x"] = (307, {"detail": "moved"})
    sentinels = Sentinels([fake.url], token=Token("a test", lambda: "t0ken"))
    with pytest.raises(CliError):
        sentinels.get("/x")
    with pytest.raises(CliError):
        sentinels.post("/x", {})
    assert [(method, path) for method, path, _, _ in fake.asked] == [("GET", "/x"), ("POST", "/x")]
    assert [headers.get("Authorization") for _, _, headers, _ in fake.asked] == [None, "Bearer t0ken"]


def test_an_endless_answer_ends(fake: FakeSentinel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sentinel.terminal.client.MAX_BYTES", 1000)
    fake.answers["/x"] = (200, {"x": "y" * 2000})
    with pytest.raises(CliError) as caught:
        Sentinels([fake.url]).get("/x")
    assert caught.value.code == ExitCode.UNREACHABLE


def test_where_the_sentinels_are_told(tmp_path: Path) -> None:
    file = tmp_path / "s2.yml"
    file.write_text(
        "sentinel: {id: s2, state_dir: ./state, http: 127.0.0.1:8702}\n"
        "cluster: {members: {s1: 127.0.0.1:8701, s2: 127.0.0.1:8702}}\n"
        "groups: {g: {nodes: [127.0.0.1:6379]}}\n"
    )

    def found(*urls: str, config: Path | None = None, env: str = "") -> tuple[str, ...]:
        return find_sentinels(urls, config, None, lambda _: None, {"VEDETTE_URL": env}).urls

    env = "http://a:1, b:2,"
    assert found() == (DEFAULT_URL,)
    assert found(env=env) == ("http://a:1", "http://b:2")
    assert found(config=file, env=env) == ("http://127.0.0.1:8702", "http://127.0.0.1:8701")
    assert found("c:3", "http://c:3/", config=file, env=env) == ("http://c:3",)


@pytest.mark.parametrize(
    "url", ["", "ftp://a:1", "http://", "http://a:99999", "http://u:p@a:1", "http://a:0", "http://a:1?x=y"]
)
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(CliError) as caught:
        normalised(url)
    assert caught.value.code == ExitCode.USAGE


@pytest.mark.parametrize("content", [b"", b" \n", b"two\nlines", b"\xff\xfe", b"x" * 9000])
def test_a_token_file_holds_a_token(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "token"
    file.write_bytes(content)
    result = vedette("failover", "g", "--token-file", file)
    assert result.exit_code == ExitCode.USAGE
    assert str(file) in result.stderr


def test_the_token_of_the_file_goes_before_that_of_the_environment(
    fake: FakeSentinel, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text("of-the-file\n")
    fake.answers["/v1/groups/g/failover"] = (202, {"operation": "op-1", "group": "g"})
    env = {"VEDETTE_TOKEN": "of-the-environment", "VEDETTE_URL": fake.url}
    assert vedette("failover", "g", "--token-file", file, env=env).exit_code == ExitCode.OK
    assert vedette("failover", "g", env=env).exit_code == ExitCode.OK
    assert vedette("failover", "g", env={**env, "VEDETTE_TOKEN_FILE": str(file)}).exit_code == ExitCode.OK
    tokens = [headers["Authorization"] for _, _, headers, _ in fake.asked]
    assert tokens == ["Bearer of-the-file", "Bearer of-the-environment", "Bearer of-the-file"]


# -- what it says ------------------------------------------------------------------------------


def test_nobody_there(dead: str) -> None:
    result = vedette("status", "--url", dead)
    assert result.exit_code == ExitCode.UNREACHABLE
    assert "no sentinel was reached" in result.stderr
    assert "--url" in result.stderr


def test_one_sentinel_that_is_not_reached_is_one_line_and_advice(fake: FakeSentinel, dead: str) -> None:
    for url, reason in (
        (dead, "does not answer: Connection refused"),
        (fake.url.replace("http:", "https:"), "https is for a proxy"),
    ):
        result = vedette("status", "--url", url)
        first, advice = result.stderr.splitlines()
        assert first.startswith(f"no sentinel was reached: {url}")
        assert reason in first
        assert "--url" in advice
    fake.answers["/v1/groups"] = (0, b"")
    result = vedette("status", "--url", fake.url, "--json")
    [reason] = json.loads(result.stdout)["reasons"]
    assert "is that the port of sentinel.http?" in reason


def test_of_several_each_is_told_as_it_is_passed_over(dead: str) -> None:
    second = f"http://127.0.0.1:{free_port()}"
    result = vedette("status", "--url", dead, "--url", second)
    lines = result.stderr.splitlines()
    assert lines[:2] == [f"{url} does not answer: Connection refused" for url in (dead, second)]
    assert lines[2] == f"no sentinel was reached: asked {dead}, {second}"


def test_a_shell_is_offered_the_groups_of_a_sentinel(fake: FakeSentinel, dead: str) -> None:
    fake.answers["/v1/groups"] = groups(group(group="orders"), group(group="users"))

    def offered(words: str) -> str:
        env = {"_VEDETTE_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": f"vedette {words}"}
        return CliRunner().invoke(app, [], env=env, prog_name="vedette").output

    assert '"orders"' in offered(f"explain --url {fake.url} o")
    assert '"users"' not in offered(f"explain --url {fake.url} o")
    assert '"users"' in offered(f"switchover --url {fake.url} ")
    assert '"orders"' not in offered(f"explain --url {dead} o")


@pytest.mark.parametrize(("command", "option"), [("failover", "--candidate"), ("switchover", "--to")])
def test_a_shell_is_offered_the_nodes_that_could_be_named(
    fake: FakeSentinel, command: str, option: str
) -> None:
    fake.answers["/v1/groups"] = groups(group(group="orders"))

    def offered(words: str) -> str:
        env = {"_VEDETTE_COMPLETE": "complete_fish", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
        env["_TYPER_COMPLETE_ARGS"] = f"vedette {command} {words}"
        return CliRunner().invoke(app, [], env=env, prog_name="vedette").output

    assert offered(f"orders --url {fake.url} {option} ").split() == [B], "the primary need not be named"
    assert offered(f"orders --url {fake.url} {option} x").split() == []
    assert offered(f"--url {fake.url} {option} ").split() == [], "whose nodes is not known yet"


def test_a_refusal_says_why_and_what_to_do(fake: FakeSentinel) -> None:
    fake.problem("/v1/groups/nope", "unknown-group", "There is no group 'nope'.")
    result = vedette("explain", "nope", "--url", fake.url)
    assert result.exit_code == ExitCode.REFUSED
    assert "There is no group 'nope'." in result.stderr
    assert "vedette status" in result.stderr
    as_json = vedette("explain", "nope", "--url", fake.url, "--json")
    assert as_json.exit_code == ExitCode.REFUSED
    assert json.loads(as_json.stdout)["type"] == "urn:vedette:problem:unknown-group"


@pytest.mark.parametrize(
    ("state", "complaint"),
    [
        (group(node(A, "primary", state="down", detail="refused"), node(B, "replica")), "is down (refused)"),
        (group(node(A, "replica"), node(B, "replica")), "says it is replica"),
        (group(node(A, "primary"), node(B, "replica", link_up=False)), "no replica could take over"),
        (group(node(A, "primary"), node(B, "replica", priority=0)), "no replica could take over"),
        (group(node(B, "replica")), "is not watched"),
        (group(has_majority=False), "not in touch with a majority"),
        (group(topology=None, ambiguous="two masters"), "two masters"),
        (group(topology=None), "no primary is known"),
    ],
)
def test_status_tells_what_is_not_well(fake: FakeSentinel, state: dict[str, Any], complaint: str) -> None:
    fake.answers["/v1/groups"] = groups(state)
    result = vedette("status", "--url", fake.url)
    assert result.exit_code == ExitCode.REFUSED
    assert complaint in result.stdout
    as_json = vedette("status", "--url", fake.url, "--json")
    assert as_json.exit_code == ExitCode.REFUSED
    assert complaint in json.loads(as_json.stdout)["unhealthy"]["g"][0]


def test_while_the_primary_is_down_its_replicas_have_no_link_and_can_take_over(fake: FakeSentinel) -> None:
    down = node(A, "primary", state="down", detail="refused")
    waiting, dead = node(B, "replica", link_up=False), node("127.0.0.1:7003", "replica", state="down")
    fake.answers["/v1/groups"] = groups(group(down, waiting, dead))
    told = vedette("status", "--url", fake.url).stdout
    assert "is down (refused)" in told and "no replica could take over" not in told
    rows = [line.split() for line in told.splitlines()]
    assert [B, "replica", "up", A, "down", "0"] in rows
    assert ["127.0.0.1:7003", "replica", "down", A, "-", "0"] in rows, "a dead one's link is not up"
    fake.answers["/v1/groups"] = groups(group(down, {**waiting, "priority": 0}, dead))
    assert "no replica could take over" in vedette("status", "--url", fake.url).stdout


def test_status_tells_which_sentinel_could_promote_nobody_and_why(fake: FakeSentinel) -> None:
    """The group is well all the same: another one does the work."""
    fake.answers["/v1/groups"] = groups(
        group(node(A, "primary"), node(B, "replica"), stands_back={"s2": f"{B}: WRONGPASS"})
    )
    result = vedette("status", "--url", fake.url)
    assert (
        f"  s2 could not promote any node, so it stands for election last: {B}: WRONGPASS\n" in result.stdout
    )
    assert result.exit_code == ExitCode.OK


def test_status_tells_that_members_are_being_changed(fake: FakeSentinel) -> None:
    code, body = groups(group(node(A, "primary"), node(B, "replica")))
    fake.answers["/v1/groups"] = code, body
    assert "Members are being changed" not in vedette("status", "--url", fake.url).stdout
    fake.answers["/v1/groups"] = code, {**cast("dict[str, Any]", body), "former_members": ["s1", "s2"]}
    assert "Members are being changed" in vedette("status", "--url", fake.url).stdout


def test_an_old_primary_that_is_down_is_no_second_one(fake: FakeSentinel) -> None:
    old, new = node(B, "primary", state="down"), node(A, "primary")
    fake.answers["/v1/groups"] = groups(group(old, new))
    rows = [line.split() for line in vedette("status", "--url", fake.url).stdout.splitlines()]
    assert [B, "was", "primary", "down", "-", "-", "-"] in rows
    assert [A, "primary", "up", "-", "-", "-"] in rows


def test_nothing_from_the_network_drives_the_terminal(fake: FakeSentinel) -> None:
    evil = "\x1b]0;owned\x07\r\n[bold red]x[/]\u202e"
    state = group(node(A, "primary"), node(B, "replica", zone=evil, state="down", detail=evil))
    fake.answers["/v1/groups"] = groups(state)
    for arguments in (["status"], ["status", "--json"]):
        output = vedette(*arguments, "--url", fake.url).output
        assert not set(output) & set("\x1b\x07\r\u202e")
        assert "[bold red]x[/]" in output
    fake.problem("/v1/groups/g/history?limit=20", "state-unavailable", evil)
    assert not set(vedette("history", "g", "--url", fake.url).output) & set("\x1b\x07\r\u202e")


def test_an_answer_of_another_shape_names_the_field(fake: FakeSentinel) -> None:
    fake.answers["/v1/groups"] = groups(group(quorum="many"))
    result = vedette("status", "--url", fake.url)
    assert result.exit_code == ExitCode.UNREACHABLE
    assert "groups.0.quorum" in result.stderr


def test_explain_tells_the_opinions_and_the_ranking(fake: FakeSentinel) -> None:
    down = {"sentinel": "s1", "down": True, "grade": "silent"}
    unknown = {"sentinel": "s2", "down": None, "grade": None}
    ranked = {"node": B, "eligible": True, "rank": 1, "reason": "the freshest", "priority": 100}
    fake.answers["/v1/groups/g"] = (
        200,
        group(
            node(A, "primary", opinions=[down, unknown]), node(B, "replica"), stands_back={"s2": "no route"}
        ),
    )
    fake.answers["/v1/groups/g/candidates"] = (
        200,
        {
            "group": "g",
            "primary": A,
            "chosen": B,
            "candidates": [{**ranked, "offset_bytes": 1, "lag_bytes": 0}],
        },
    )
    result = vedette("explain", "g", "--url", fake.url)
    assert result.exit_code == ExitCode.OK
    rows = [line.split() for line in result.stdout.splitlines()]
    assert [A, "s1", "down", "silent"] in rows
    assert [A, "s2", "unknown", "-"] in rows
    assert ["1", B, "100", "0", "the", "freshest"] in rows
    assert "  s2 could not promote any node, so it stands for election last: no route\n" in result.stdout
    body = json.loads(vedette("explain", "g", "--url", fake.url, "--json").stdout)
    assert (body["group"]["group"], body["candidates"]["chosen"]) == ("g", B)
    refused = {**body["candidates"], "chosen": None, "refusal": "durability: too few can vouch"}
    fake.answers["/v1/groups/g/candidates"] = (200, refused)
    explained = vedette("explain", "g", "--url", fake.url)
    assert explained.exit_code == ExitCode.REFUSED
    assert "No failover is possible: durability: too few can vouch\n" in explained.stdout


def test_history_tells_what_may_be_lost_but_not_where_nobody_was_primary_before(fake: FakeSentinel) -> None:
    first: dict[str, Any] = {"old": None, "new": A, "term": 1, "cause": "bootstrap", "leader": "s1"}
    first |= {"at": "2026-01-01T00:00:00Z", "duration_ms": 5, "timeline": [], "bytes_possibly_lost": None}
    second, third = {**first, "old": A, "new": B}, {**first, "old": B, "bytes_possibly_lost": 42}
    fake.answers["/v1/groups/g/history?limit=20"] = (200, {"group": "g", "changes": [third, second, first]})
    rows = vedette("history", "g", "--url", fake.url).stdout.splitlines()[1:]
    assert [row.split()[-1] for row in rows] == ["42", "unknown", "-"]


def test_watch_begins_only_where_there_is_something_to_see(fake: FakeSentinel, dead: str) -> None:
    nobody = vedette("watch", "--url", dead)
    assert nobody.exit_code == ExitCode.UNREACHABLE
    assert "no sentinel was reached" in nobody.stderr
    fake.problem("/v1/groups/nope", "unknown-group", "There is no group 'nope'.")
    refused = vedette("watch", "nope", "--url", fake.url)
    assert (refused.exit_code, refused.stdout) == (ExitCode.REFUSED, "")
    assert "vedette status" in refused.stderr


# -- failover ----------------------------------------------------------------------------------


def accept(fake: FakeSentinel, **operation: object) -> None:
    fake.answers["/v1/groups/g/failover"] = (202, {"operation": "op-1", "group": "g"})
    known = {
        "operation": "op-1",
        "group": "g",
        "candidate": None,
        "reason": None,
        "term": 8,
        "new_primary": None,
        "requested_at": "2026-01-31T12:00:00.123Z",
        "finished_at": None,
    }
    fake.answers["/v1/operations/op-1"] = (200, {**known, **operation})
    fake.answers["/v1/groups/g"] = (200, changed_over())


def changed_over(*, term: int = 8, **replica: object) -> dict[str, Any]:
    """The group once B is primary and A follows it."""
    made = group(node(B, "primary"), node(A, "replica", **{"follows": B, **replica}))
    return {**made, "topology": {**made["topology"], "primary": B, "term": term}}


def test_failover_sends_the_candidate(fake: FakeSentinel) -> None:
    accept(fake)
    result = vedette("failover", "g", "--candidate", B, "--url", fake.url)
    assert result.exit_code == ExitCode.OK
    assert "op-1" in result.stdout
    [(method, _, headers, body)] = fake.asked
    assert (method, headers["Content-Type"], json.loads(body)) == (
        "POST",
        "application/json",
        {"candidate": B},
    )


def test_failover_follows_the_operation_to_its_end(fake: FakeSentinel) -> None:
    accept(fake, state="completed", new_primary=B)
    result = vedette("failover", "g", "--wait", "--url", fake.url)
    assert (result.exit_code, result.stdout) == (ExitCode.OK, f"g: {B} is primary, term 8\n")


def test_a_failed_failover_is_an_error_with_its_reason(fake: FakeSentinel) -> None:
    accept(fake, state="failed", reason="nobody is eligible")
    result = vedette("failover", "g", "--wait", "--json", "--url", fake.url)
    assert result.exit_code == ExitCode.REFUSED
    assert "nobody is eligible" in result.stderr
    assert json.loads(result.stdout)["state"] == "failed"


def test_waiting_for_a_failover_ends(fake: FakeSentinel) -> None:
    accept(fake, state="running")
    result = vedette("failover", "g", "--wait", "--timeout", "0", "--url", fake.url)
    assert result.exit_code == ExitCode.REFUSED
    assert "still running" in result.stderr


# -- configuration -----------------------------------------------------------------------------


def test_check_tells_every_problem(tmp_path: Path) -> None:
    file = tmp_path / "bad.yml"
    file.write_text("sentinel: {id: s1, state_dri: x, http: nowhere}\n")
    result = vedette("check", "-c", file)
    assert (result.exit_code, result.stdout) == (ExitCode.USAGE, "")
    assert all(word in result.stderr for word in ("state_dri", "sentinel.http", "cluster", "groups"))
    body = json.loads(vedette("check", "-c", file, "--json").stdout)
    assert body["ok"] is False
    assert {"cluster", "groups"} <= {problem["path"] for problem in body["problems"]}
    for command in ("run", "status"):
        assert vedette(command, "-c", file).exit_code == ExitCode.USAGE


def test_check_of_a_good_file_still_warns(tmp_path: Path) -> None:
    file = tmp_path / "one.yml"
    file.write_text(
        "sentinel: {id: s1, state_dir: ./state, http: 127.0.0.1:8701}\n"
        "cluster: {members: {s1: 127.0.0.1:8701}}\n"
        "groups: {g: {nodes: [127.0.0.1:6379]}}\n"
    )
    result = vedette("check", "-c", file)
    assert (result.exit_code, result.stdout) == (ExitCode.OK, f"{file}: ok\n")
    assert "tolerates no failure" in result.stderr
    assert (
        json.loads(vedette("check", "-c", file, "--json").stdout)["warnings"][0]["path"] == "cluster.members"
    )


def test_help_tells_the_exit_codes() -> None:
    said = " ".join(vedette("--help").stdout.split())
    assert EPILOG in said
    for code in ExitCode:
        assert str(int(code)) in EPILOG
