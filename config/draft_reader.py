"""Reads each section of the file on its own, so that a fault in one does not hide faults in another."""

from __future__ import annotations

from typing import TypeVar

from config.draft import Draft
from config.errors import Loc
from config.fields import NAME_RULE, StrictModel, did_you_mean, is_name
from config.model import ApiSettings, ClusterSettings, SentinelSettings, Settings
from config.model_group import MAX_GROUPS, GroupDefaults, GroupSettings, with_defaults
from config.model_webhook import MAX_WEBHOOKS, WebhookSettings
from config.report import Report
from config.section_validator import validate_section
from config.yaml_source import Yaml

Model = TypeVar("Model", bound=StrictModel)


def read_draft(tree: dict[str, Yaml], source: dict[str, Yaml], report: Report) -> Draft:
    """The valid sections; faults go to ``report``. ``source`` is ``tree`` as it was written."""
    for key in tree:
        if key not in Settings.model_fields:
            report.problem((key,), "is not a known section" + did_you_mean(key, Settings.model_fields))
    return Draft(
        sentinel=_required(SentinelSettings, "sentinel", tree, source, report),
        cluster=_required(ClusterSettings, "cluster", tree, source, report),
        defaults=validate_section(
            GroupDefaults, tree.get("defaults"), source.get("defaults"), ("defaults",), report
        ),
        groups=_groups(tree, source, report),
        webhooks=_webhooks(tree, source, report),
        api=validate_section(ApiSettings, tree.get("api"), source.get("api"), ("api",), report),
    )


def _required(
    model: type[Model], key: str, tree: dict[str, Yaml], source: dict[str, Yaml], report: Report
) -> Model | None:
    if key not in tree:
        report.problem((key,), "is required")
        return None
    return validate_section(model, tree[key], source[key], (key,), report)


def _groups(tree: dict[str, Yaml], source: dict[str, Yaml], report: Report) -> dict[str, GroupSettings]:
    """Each group with the defaults merged in. A fault in the defaults is reported once."""
    groups, sources = tree.get("groups"), source.get("groups")
    if groups is None or groups == {}:
        report.problem(("groups",), "is required: name at least one group")
        return {}
    if not isinstance(groups, dict) or not isinstance(sources, dict):
        report.problem(("groups",), "must be a mapping of names to groups")
        return {}
    if len(groups) > MAX_GROUPS:
        report.problem(("groups",), f"has too many entries: at most {MAX_GROUPS}")
        return {}
    merged = {name: _merge(own, tree.get("defaults")) for name, own in groups.items()}
    heirs: dict[Loc, set[str]] = {
        ("groups", name): _keys(group) - _keys(groups[name]) for name, group in merged.items()
    }
    report.inherit(("defaults",), heirs)
    found: dict[str, GroupSettings] = {}
    for name, group in merged.items():
        loc: Loc = ("groups", name)
        written = _merge(sources[name], source.get("defaults"))
        settings = validate_section(GroupSettings, group, written, loc, report)
        if not is_name(name):
            # Only now: nothing is reported inside what is broken, and a bad name hides no other fault.
            report.problem(loc, f"is not a valid name ({NAME_RULE})")
        elif settings is not None:
            found[name] = settings
    return found


def _keys(tree: Yaml) -> set[str]:
    return set(tree) if isinstance(tree, dict) else set()


def _merge(own: Yaml, defaults: Yaml) -> Yaml:
    own = {} if own is None else own
    if not isinstance(own, dict) or not isinstance(defaults, dict):
        return own
    known = {key: value for key, value in defaults.items() if key in GroupDefaults.model_fields}
    return with_defaults(own, known)


def _webhooks(tree: dict[str, Yaml], source: dict[str, Yaml], report: Report) -> tuple[WebhookSettings, ...]:
    webhooks, sources = tree.get("webhooks"), source.get("webhooks")
    if webhooks is None:
        return ()
    if not isinstance(webhooks, list) or not isinstance(sources, list):
        report.problem(("webhooks",), "must be a list")
        return ()
    if len(webhooks) > MAX_WEBHOOKS:
        report.problem(("webhooks",), f"has too many entries: at most {MAX_WEBHOOKS}")
        return ()
    read = (
        validate_section(WebhookSettings, webhook, sources[index], ("webhooks", index), report)
        for index, webhook in enumerate(webhooks)
    )
    return tuple(webhook for webhook in read if webhook is not None)
