"""Loaded by schemathesis into its own process: half of its requests are about what exists, none waits."""

from __future__ import annotations

import os
from typing import Any

import schemathesis


@schemathesis.hook
def before_call(
    context: schemathesis.HookContext, case: schemathesis.Case[Any], kwargs: dict[str, Any]
) -> None:
    for values, name in ((case.path_parameters, "group"), (case.query, "node")):
        text = values.get(name)
        if isinstance(text, str) and len(text) % 2:
            values[name] = os.environ[f"REAL_{name.upper()}"]
    # Whatever is no duration is refused at once, and may stay as it is.
    if "after_term" in case.query and str(case.query.get("wait", "30s"))[:1].isdigit():
        case.query["wait"] = "10ms"
