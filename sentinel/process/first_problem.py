"""What is wrong with data that pydantic refused, in a few words."""

from __future__ import annotations

from pydantic import ValidationError


def first_problem(error: ValidationError, whole: str) -> str:
    """``field.path: what``. ``whole`` is what the data is called where no field of it is to blame."""
    details = error.errors(include_url=False, include_context=False, include_input=False)[0]
    path = ".".join(str(part) for part in details["loc"])
    return f"{path or whole}: {details['msg']}"
