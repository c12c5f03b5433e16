"""Validates one section of the file, and keeps the valid parts of a faulty one.

The valid parts are still a model, so the checks that span several settings can be made and reported in the
same run.
"""

from __future__ import annotations

from typing import TypeVar

from pydantic import ValidationError

from config.errors import Loc
from config.fields import StrictModel
from config.report import Report
from config.wording import deepest_existing, describe
from config.yaml_source import Yaml

MAX_ROUNDS = 8
"""Each round removes at least one level around a fault, and no section is this deep."""

Model = TypeVar("Model", bound=StrictModel)


def validate_section(model: type[Model], value: Yaml, source: Yaml, loc: Loc, report: Report) -> Model | None:
    """The section without its faulty parts, which are reported; None if nothing valid is left.

    ``source`` is ``value`` as it was written, for messages. An empty section counts as ``{}``.
    """
    value, source = ({} if tree is None else tree for tree in (value, source))
    for attempt in range(MAX_ROUNDS):
        try:
            return model.model_validate(value)
        except ValidationError as failure:
            errors = failure.errors(include_url=False)
        if attempt == 0:
            # Only the first round judges the file; later rounds miss only what was removed here.
            around = {error["loc"][:-1] for error in errors} | {error["loc"][:-2] for error in errors}
            for error in errors:
                if error["type"] == "too_short" and error["loc"] in around:
                    continue  # Empty only since none of its items is valid.
                where, message = describe(error, source, loc, model)
                if not report.is_inside_broken((*loc, *where)):
                    report.problem((*loc, *where), message)
        dead = {deepest_existing(value, tuple(p for p in error["loc"] if p != "[key]")) for error in errors}
        if () in dead:
            return None
        value = _without(value, dead)
    return None


def _without(tree: Yaml, dead: set[Loc], loc: Loc = ()) -> Yaml:
    """A copy of ``tree`` without the locations in ``dead``. Later items of a list move up."""
    if isinstance(tree, dict):
        return {
            key: _without(value, dead, (*loc, key)) for key, value in tree.items() if (*loc, key) not in dead
        }
    if isinstance(tree, list):
        return [_without(value, dead, (*loc, i)) for i, value in enumerate(tree) if (*loc, i) not in dead]
    return tree
