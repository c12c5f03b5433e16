"""Words the first problem of data that pydantic refused."""

from __future__ import annotations

from pydantic import ValidationError


def first_problem(error: ValidationError, whole: str) -> str:
    """``field.path: message``. ``whole`` names the data if the problem is of no single field."""
    details = error.errors(include_url=False, include_context=False, include_input=False)[0]
    path = ".".join(str(part) for part in details["loc"])
    return f"{path or whole}: {details['msg']}"
