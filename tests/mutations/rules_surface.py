"""The rules about what anybody may send: without the secret nobody holds a sentinel up, or changes it."""

from __future__ import annotations

from tests.mutations.mutation import Mutation

_SIZES = "tests/unit/sentinel/process/test_resp_sizes.py"
_CODEC = "tests/unit/sentinel/resp/test_resp_codec.py"
_ROOM = "tests/unit/sentinel/process/test_client_room.py"
_CLIENTS = "tests/unit/sentinel/resp/test_resp_clients.py"
_PAGES = "tests/unit/sentinel/web/test_http_pages.py"

_PREFLIGHTS = "tests/unit/sentinel/preflight"

SURFACE = (
    Mutation(
        "preflight-recovered",
        "a preflight's problem goes when what is watched of its node has refuted it",
        "L1",
        "sentinel/preflight/schedule.py",
        "        if refuted:\n",
        "        if False:\n",
        (
            f"{_PREFLIGHTS}/test_preflight_schedule.py::"
            "test_a_node_that_came_back_is_no_problem_any_more_and_looked_at_anew",
        ),
    ),
    Mutation(
        "preflight-not-contradicted",
        "a preflight's problem that no probe ever agreed with stays",
        "L1",
        "sentinel/preflight/refuted.py",
        "and not is_fine(before[problem.node])",
        "",
        (f"{_PREFLIGHTS}/test_preflight_refuted.py::test_what_the_probe_never_agreed_with_stays",),
    ),
    Mutation(
        "preflight-too-soon",
        "a preflight that is asked for again and again opens no connections each time",
        "L1",
        "sentinel/preflight/schedule.py",
        "            raise TooSoonError\n",
        "            pass\n",
        (
            f"{_PREFLIGHTS}/test_preflight_schedule.py::"
            "test_whoever_asks_gets_a_new_look_and_none_so_soon_after_it",
        ),
    ),
    Mutation(
        "announced-items",
        "no parser makes room for more items than will be read",
        "L1",
        "sentinel/process/announced_sizes.py",
        "if self._room < 0:",
        "if False:",
        (
            f"{_SIZES}::test_no_list_is_longer_than_what_the_judge_let_through",
            f"{_SIZES}::test_what_is_announced_behind_any_message_is_found",
        ),
    ),
    Mutation(
        "announced-request",
        "what a client announces is judged before room is made for it",
        "L1",
        "sentinel/resp/codec.py",
        "if count > MAX_WORDS:",
        "if False:",
        (f"{_CODEC}::test_what_is_announced_is_judged_before_it_comes",),
    ),
    Mutation(
        "request-in-pieces",
        "a request is the same one wherever its packets end",
        "L1",
        "sentinel/resp/codec.py",
        "self._rest = data[at:]",
        'self._rest = b""',
        (f"{_CODEC}::test_requests_are_the_same_wherever_packets_end",),
    ),
    Mutation(
        "channels-bounded",
        "the names of channels that are kept for one client are bounded",
        "L1",
        "sentinel/resp/client.py",
        " or self._names_chars + len(name) > MAX_NAMES_CHARS:",
        ":",
        (f"{_CLIENTS}::test_what_is_kept_of_one_client_is_bounded",),
    ),
    Mutation(
        "answers-taken-in",
        "a client that does not read is not answered further",
        "L1",
        "sentinel/resp/server.py",
        "                    await client.taken_in()\n",
        "",
        (f"{_CLIENTS}::test_a_client_that_does_not_read_is_not_answered_further",),
    ),
    Mutation(
        "requests-in-turns",
        "between the requests of one packet, others have their turn",
        "L1",
        "sentinel/resp/server.py",
        "                        await asyncio.sleep(0)\n",
        "                        pass\n",
        (f"{_CLIENTS}::test_between_many_requests_of_one_packet_others_have_their_turn",),
    ),
    Mutation(
        "told-in-turns",
        "of thousands of clients that wait for a change, a few are told in each turn",
        "L1",
        "sentinel/process/in_turns.py",
        "range(min(self._together, len(self._jobs)))",
        "range(len(self._jobs))",
        ("tests/unit/sentinel/process/test_in_turns.py::test_a_few_are_done_in_each_turn_in_order",),
    ),
    Mutation(
        "crowds-rest",
        "what is told to crowds of a failover's beginning rests in between; that there is a primary does not",
        "L1",
        "sentinel/process/in_turns.py",
        "            rest_s = 0.0 if self._urgent else self._rest_s",
        "            rest_s = 0.0",
        (
            "tests/unit/sentinel/process/test_in_turns.py"
            "::test_what_is_urgent_waits_for_no_rest_and_what_waits_before_it_comes_first",
        ),
    ),
    Mutation(
        "no-control-frames",
        "a stranger's control frames are not answered",
        "L1",
        "sentinel/peers/listener.py",
        "compress=False, autoping=False",
        "compress=False, autoping=True",
        (
            "tests/unit/sentinel/peers/test_peer_strangers.py"
            "::test_control_frames_are_not_answered_and_end_the_connection",
        ),
        style="",
    ),
    Mutation(
        "unasked-once",
        "a node that answers what nobody asked is left, and not listened to without end",
        "L1",
        "sentinel/nodes/line.py",
        "if isinstance(reply, Exception) and not self._reported_unasked:",
        "if True:",
        (
            "tests/unit/sentinel/nodes/test_probe_line.py"
            "::test_a_node_that_answers_what_nobody_asked_is_left_at_once",
        ),
        style="",
    ),
    Mutation(
        "received-bounded",
        "the system keeps little of what a client has sent and nobody has read",
        "L1",
        "sentinel/process/listening.py",
        "            same.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVED_BYTES)\n",
        "",
        (
            "tests/unit/sentinel/peers/test_peer_strangers.py::test_the_system_keeps_little_of_what_was_sent_and_not_read",
        ),
        style="",
    ),
    Mutation(
        "no-rings",
        "a client that has left is not kept in memory by its place",
        "L1",
        "sentinel/process/client_room.py",
        "            place.leave = _has_left\n",
        "",
        (f"{_ROOM}::test_who_has_left_is_not_kept_in_memory_by_its_place",),
    ),
    Mutation(
        "rings-found",
        "what refers to itself is looked for in quiet moments, before much of it has come together",
        "L1",
        "sentinel/process/memory.py",
        "        gc.collect()\n        self._due",
        "        self._due",
        (
            "tests/unit/sentinel/process/test_memory.py::test_rings_are_found_in_a_quiet_moment_once_there_may_be_many",
        ),
        style="",
    ),
    Mutation(
        "odd-answer",
        "a node's answer that no Redis gives fails the step, and never the sentinel",
        "L1",
        "promotion/steps.py",
        "            if odd is None:",
        "            if True:",
        ("tests/unit/promotion/test_reply_shapes.py::test_an_odd_answer_fails_the_step_and_no_more",),
        style="",
    ),
    Mutation(
        "short-reasons",
        "a node's error is cut before it becomes a reason that is stored and told",
        "L1",
        "promotion/executor.py",
        "message if len(message) <= MAX_ERROR_CHARS else",
        "message if True else",
        ("tests/unit/promotion/test_reply_shapes.py::test_a_long_error_is_cut",),
        style="",
    ),
    Mutation(
        "foreign-state-unchanged",
        "a state file that is refused stays as it is",
        "S2",
        "sentinel/state/file.py",
        "            _check(connection, path, sentinel_id)\n",
        '            connection.execute("PRAGMA journal_mode = WAL")\n'
        "            _check(connection, path, sentinel_id)\n",
        ("tests/unit/test_fuzz.py::test_the_whole_corpus_keeps_the_rules",),
    ),
    Mutation(
        "announced-reply",
        "what a node announces is judged before it is parsed",
        "L1",
        "sentinel/nodes/reply_parser.py",
        "        announced.judge(data)\n",
        "        pass\n",
        (
            "tests/unit/sentinel/nodes/test_redis_evidence.py"
            "::test_what_a_node_announces_is_judged_before_it_is_parsed",
        ),
    ),
    Mutation(
        "no-foreign-page",
        "a page of another origin reads nothing here, and changes nothing",
        "L1",
        "sentinel/web/pages.py",
        "if origin is not None and not is_same_host(",
        "if False and not is_same_host(",
        (f"{_PAGES}::test_a_foreign_page_is_refused_reads_too",),
        style="",
    ),
    Mutation(
        "no-other-site",
        "what a browser sends without an origin, for a page of another site, is not answered",
        "L1",
        "sentinel/web/pages.py",
        'if headers.get("Sec-Fetch-Site", "none") not in _OWN_SITES and',
        "if False and",
        (f"{_PAGES}::test_a_foreign_page_is_refused_reads_too",),
        style="",
    ),
    Mutation(
        "no-rebound-name",
        "on a loopback address a name that was rebound to it is refused",
        "L1",
        "sentinel/web/pages.py",
        "if name is not None and (is_loopback_host(name) or",
        "if name is not None or (is_loopback_host(name) or",
        (f"{_PAGES}::test_a_rebound_name_is_refused_on_loopback_but_for_checks",),
        style="",
    ),
    Mutation(
        "no-browser-peer",
        "a browser is no peer, whatever page it shows",
        "S3",
        "sentinel/web/guard.py",
        "if refused is None and path == peer_path:",
        "if False:",
        (f"{_PAGES}::test_the_peer_link_is_not_even_upgraded_for_a_browser",),
        style="",
    ),
    Mutation(
        "secret-is-private",
        "a common secret that others may read is not believed",
        "S3",
        "sentinel/process/loopback_secret.py",
        "if is_like.st_mode & 0o077:",
        "if False:",
        (
            "tests/unit/sentinel/process/test_loopback_secret.py::test_one_that_others_may_read_is_not_believed",
        ),
        style="",
    ),
    Mutation(
        "never-without-secret",
        "no cluster goes without a secret",
        "S3",
        "sentinel/group/parameters.py",
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
        "sentinel/process/client_room.py",
        "room = MAX_CLIENTS if self.limit is None else self.limit - self.kept_back",
        "room = MAX_CLIENTS if self.limit is None else self.limit",
        (f"{_ROOM}::test_what_nodes_and_peers_need_is_kept_back",),
        style="",
    ),
    Mutation(
        "idle-make-room",
        "whoever did nothing for longest makes room for a peer or an operator",
        "L1",
        "sentinel/process/client_room.py",
        "if kind is None or place.kind == kind:",
        "if False:",
        (f"{_ROOM}::test_the_one_that_did_nothing_for_longest_makes_room",),
        style="",
    ),
    Mutation(
        "listeners-bounded",
        "clients that listen, and so make no room, never fill the house",
        "L1",
        "sentinel/resp/server.py",
        "return self._listening >= self._room.share(3)",
        "return False",
        (f"{_CLIENTS}::test_those_that_listen_never_fill_the_house",),
        style="",
    ),
    Mutation(
        "few-let-in-together",
        "in one turn no more clients are let in than there are files for",
        "L1",
        "sentinel/process/listening.py",
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
        "sentinel/operations/lookup.py",
        "if self._asking >= MOST_AT_ONCE:",
        "if False:",
        (
            "tests/unit/sentinel/operations/test_operation_lookup.py"
            "::test_few_look_ups_are_under_way_at_once_and_the_next_ones_are_told_so",
        ),
        style="",
    ),
    Mutation(
        "agreed-names-nodes",
        "what a peer says is agreed on names nodes",
        "S3",
        "sentinel/peers/wire.py",
        "if arrives and name in _NODE_FIELDS and",
        "if False and",
        (
            "tests/unit/sentinel/peers/test_peer_wire.py"
            "::test_what_is_no_nodes_name_is_not_taken_in_and_does_not_make_mute_who_has_it",
        ),
        style="",
    ),
    Mutation(
        "state-is-private",
        "the files of the state are private in whatever directory",
        "S2",
        "sentinel/state/file.py",
        "            (state_dir / name).chmod(0o600)\n",
        "            pass\n",
        ("tests/unit/sentinel/state/test_store.py::test_its_files_are_private_in_whatever_directory",),
        style="",
    ),
)
