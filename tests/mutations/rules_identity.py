"""The rules about who is who: names, doubles, servers of two groups, and what is always watched."""

from __future__ import annotations

from tests.mutations.mutation import Mutation

_FOLLOWING = "tests/unit/promotion/test_following.py"
_WHO = "tests/unit/sentinel/test_who_is_who.py"
_DOUBLES = "tests/unit/sentinel/test_doubles.py"
_NAMES = "tests/unit/quorum/test_names.py"
_IMPOSTORS = "tests/unit/sentinel/test_impostors.py"

IDENTITY = (
    Mutation(
        "no-plan-to-follow-itself",
        "no plan has a server follow itself",
        "S7",
        "promotion/plan.py",
        "        and not (target is not None and is_itself(view, target))\n",
        "",
        (f"{_FOLLOWING}::test_a_primary_under_another_name_is_not_made_to_follow_itself",),
    ),
    Mutation(
        "no-step-to-follow-itself",
        "the step itself is not taken at the server that it would follow",
        "S7",
        "promotion/following.py",
        'if isinstance(said, bytes) and read_fields(said).get("run_id") == step.primary_run_id:',
        "if False:",
        (f"{_FOLLOWING}::test_the_step_itself_is_not_taken_at_the_primary",),
        style="",
    ),
    Mutation(
        "another-spelling-is-obeyed",
        "a replica that spells its primary otherwise follows it",
        "L1",
        "promotion/following.py",
        "if plain((role[1].decode(), role[2])) != plain((step.primary_host, step.primary_port)):",
        "if (role[1].decode(), role[2]) != (step.primary_host, step.primary_port):",
        (f"{_FOLLOWING}::test_redis_may_keep_an_older_spelling_of_the_same_address",),
        style="",
    ),
    Mutation(
        "hands-off-in-plans",
        "nothing is planned for a node that need not be the group's own",
        "S7",
        "promotion/plan.py",
        "there = [view for view in others if _answers(view) and not view.hands_off]",
        "there = [view for view in others if _answers(view)]",
        (f"{_FOLLOWING}::test_nothing_is_planned_for_a_node_that_need_not_be_the_groups_own",),
        style="",
    ),
    Mutation(
        "contested-is-left-alone",
        "a server that two groups have is touched by neither",
        "S7",
        "sentinel/who_is_who.py",
        "        book.objections.append(self.why_contested)\n",
        "",
        (f"{_WHO}::test_a_server_that_another_group_has_is_not_touched_by_either",),
        style="",
    ),
    Mutation(
        "doubles-are-left-out",
        "of two names of one server one is used",
        "S7",
        "sentinel/nodebook.py",
        "return tuple(name for name in self._records if name not in self._doubles.of)",
        "return tuple(self._records)",
        (f"{_WHO}::test_of_two_names_of_one_server_the_first_is_used_and_the_other_is_told",),
    ),
    Mutation(
        "doubles-outlast-a-restart",
        "two names of one server stay one while a restart is seen by one of them",
        "L1",
        "sentinel/doubles.py",
        "if now - since >= PART_AFTER_S and mine.info_at > since:",
        "if True:",
        (f"{_DOUBLES}::test_a_restart_is_seen_by_the_two_names_at_different_moments",),
    ),
    Mutation(
        "agreed-nodes-are-watched",
        "what an entry names is watched, whoever configured it",
        "L1",
        "sentinel/nodebook.py",
        "                self.add(spec_of(node))\n",
        "                pass\n",
        (f"{_WHO}::test_an_unlisted_primary_is_watched_told_and_failed_over",),
    ),
    Mutation(
        "opinions-by-any-name",
        "what a peer says of a node counts by whatever name",
        "L1",
        "quorum/names.py",
        "        node = self._run_ids.get(opinion.run_id, opinion.node)\n",
        "        node = opinion.node\n",
        (f"{_NAMES}::test_whom_a_peer_means",),
    ),
    Mutation(
        "the-primary-by-its-name-here",
        "the agreed primary is known by the name that it has here",
        "L1",
        "quorum/names.py",
        "return name if name in self.nodes else self._aliases.get(name, name)",
        "return name",
        (f"{_NAMES}::test_the_agreed_primary_is_lost_by_whatever_name",),
    ),
    Mutation(
        "places-are-no-part-of-what-is-agreed",
        "where a node is, which older sentinels leave out, does not make an entry another one",
        "L1",
        "quorum/messages.py",
        "    primary_at: Place | None = field(default=None, compare=False)\n",
        "    primary_at: Place | None = None\n",
        (f"{_NAMES}::test_where_a_node_is_is_no_part_of_what_is_agreed",),
        style="",
    ),
    Mutation(
        "no-restart-of-it",
        "a process that ran before the node was last heard is not taken for the node",
        "S7",
        "sentinel/impostors.py",
        "        if info.uptime_s <= unheard_s + MARGIN_S:\n",
        "        if True:\n",
        (f"{_IMPOSTORS}::test_a_process_that_ran_before_the_node_was_last_heard_is_no_restart_of_it",),
        style="",
    ),
    Mutation(
        "another-stays-another",
        "whoever is another server stays it until it proves otherwise, also after a restart",
        "S7",
        "sentinel/impostors.py",
        "if why := known or self._why(before, info, name == primary, now, wall_ms):",
        "if why := self._why(before, info, name == primary, now, wall_ms):",
        (f"{_IMPOSTORS}::test_it_stays_another_until_it_proves_otherwise",),
        style="",
    ),
    Mutation(
        "another-is-silence",
        "what another server answers is no word of the node",
        "L1",
        "quorum/detector.py",
        "            case _ if self._another is not None and evidence.kind in _ANSWERS:\n",
        "            case _ if False:\n",
        (
            f"{_IMPOSTORS}::"
            "test_a_primary_whose_name_leads_elsewhere_is_silent_and_replaced_and_the_other_left_alone",
        ),
        style="",
    ),
)
