"""The rules about what anybody may send: without the secret nobody holds a sentinel up, or changes it."""

from __future__ import annotations

from tests.mutations.mutation import Mutation

_SIZES = "tests/unit/sentinel/test_resp_sizes.py"
_CODEC = "tests/unit/sentinel/test_resp_codec.py"
_ROOM = "tests/unit/sentinel/test_client_room.py"
_CLIENTS = "tests/unit/sentinel/test_resp_clients.py"
_PAGES = "tests/unit/sentinel/test_http_pages.py"

SURFACE = (
    Mutation(
        "announced-items",
        "no parser makes room for more items than will be read",
        "L1",
        "sentinel/resp_sizes.py",
        "if self._room < 0:",
        "if False:",
        (
            f"{_SIZES}::test_no_list_is_longer_than_what_the_judge_let_through",
            f"{_SIZES}::test_what_is_announced_behind_any_message_is_found",
        ),
    ),
    Mutation(
        "announced-request",
        "what a client announces is judged before it is parsed",
        "L1",
        "sentinel/resp_codec.py",
        "            self._announced.judge(data)\n",
        "",
        (f"{_CODEC}::test_what_is_announced_is_judged_before_it_comes",),
    ),
    Mutation(
        "announced-reply",
        "what a node announces is judged before it is parsed",
        "L1",
        "sentinel/redis_parser.py",
        "        announced.judge(data)\n",
        "        pass\n",
        (
            "tests/unit/sentinel/test_redis_evidence.py"
            "::test_what_a_node_announces_is_judged_before_it_is_parsed",
        ),
    ),
    Mutation(
        "no-foreign-page",
        "a page of another origin reads nothing here, and changes nothing",
        "L1",
        "sentinel/http_pages.py",
        "if origin is not None and not is_same_host(",
        "if False and not is_same_host(",
        (f"{_PAGES}::test_a_foreign_page_is_refused_reads_too",),
        style="",
    ),
    Mutation(
        "no-other-site",
        "what a browser sends without an origin, for a page of another site, is not answered",
        "L1",
        "sentinel/http_pages.py",
        'if headers.get("Sec-Fetch-Site", "none") not in _OWN_SITES and',
        "if False and",
        (f"{_PAGES}::test_a_foreign_page_is_refused_reads_too",),
        style="",
    ),
    Mutation(
        "no-rebound-name",
        "on a loopback address a name that was rebound to it is refused",
        "L1",
        "sentinel/http_pages.py",
        "if name is not None and (is_loopback_host(name) or",
        "if name is not None or (is_loopback_host(name) or",
        (f"{_PAGES}::test_a_rebound_name_is_refused_on_loopback_but_for_checks",),
        style="",
    ),
    Mutation(
        "no-browser-peer",
        "a browser is no peer, whatever page it shows",
        "S3",
        "sentinel/http_guard.py",
        "if refused is None and path == peer_path:",
        "if False:",
        (f"{_PAGES}::test_the_peer_link_is_not_even_upgraded_for_a_browser",),
        style="",
    ),
    Mutation(
        "secret-is-private",
        "a common secret that others may read is not believed",
        "S3",
        "sentinel/loopback_secret.py",
        "if is_like.st_mode & 0o077:",
        "if False:",
        ("tests/unit/sentinel/test_loopback_secret.py::test_one_that_others_may_read_is_not_believed",),
        style="",
    ),
    Mutation(
        "never-without-secret",
        "no cluster goes without a secret",
        "S3",
        "sentinel/member_settings.py",
        "else loopback_secret()",
        'else b""',
        (
            "tests/integration/test_loopback_secret.py"
            "::test_the_sentinels_of_one_user_share_a_file_and_another_users_is_refused",
        ),
        style="",
    ),
    Mutation(
        "files-kept-back",
        "what nodes and peers need of the files is kept back from clients",
        "L1",
        "sentinel/client_room.py",
        "room = MAX_CLIENTS if self.limit is None else self.limit - self.kept_back",
        "room = MAX_CLIENTS if self.limit is None else self.limit",
        (f"{_ROOM}::test_what_nodes_and_peers_need_is_kept_back",),
        style="",
    ),
    Mutation(
        "idle-make-room",
        "whoever did nothing for longest makes room for a peer or an operator",
        "L1",
        "sentinel/client_room.py",
        "if kind is None or place.kind == kind:",
        "if False:",
        (f"{_ROOM}::test_the_one_that_did_nothing_for_longest_makes_room",),
        style="",
    ),
    Mutation(
        "listeners-bounded",
        "clients that listen, and so make no room, never fill the house",
        "L1",
        "sentinel/resp_api.py",
        "return self._listening >= self._room.share(3)",
        "return False",
        (f"{_CLIENTS}::test_those_that_listen_never_fill_the_house",),
        style="",
    ),
    Mutation(
        "few-let-in-together",
        "in one turn no more clients are let in than there are files for",
        "L1",
        "sentinel/listening.py",
        "LET_IN_TOGETHER = 16",
        "LET_IN_TOGETHER = MAY_WAIT = 1024",
        (
            "tests/integration/test_crowd.py"
            "::test_a_primary_is_replaced_and_peers_stay_in_touch_under_silent_crowds",
        ),
        style="",
    ),
    Mutation(
        "few-look-ups",
        "at most a few look-ups of operations are under way at once",
        "L1",
        "sentinel/operation_lookup.py",
        "if self._asking >= MOST_AT_ONCE:",
        "if False:",
        (
            "tests/unit/sentinel/test_operation_lookup.py"
            "::test_few_look_ups_are_under_way_at_once_and_the_next_ones_are_told_so",
        ),
        style="",
    ),
    Mutation(
        "agreed-names-nodes",
        "what a peer says is agreed on names nodes",
        "S3",
        "sentinel/peer_wire.py",
        "if arrives and name in _NODE_FIELDS and",
        "if False and",
        (
            "tests/unit/sentinel/test_peer_wire.py"
            "::test_what_is_no_nodes_name_is_not_taken_in_and_does_not_make_mute_who_has_it",
        ),
        style="",
    ),
    Mutation(
        "state-is-private",
        "the files of the state are private in whatever directory",
        "S2",
        "sentinel/state_file.py",
        "            (state_dir / name).chmod(0o600)\n",
        "            pass\n",
        ("tests/unit/sentinel/test_store.py::test_its_files_are_private_in_whatever_directory",),
        style="",
    ),
)
