"""The API's description (OpenAPI 3.1), from the same table as the routes."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from aiohttp import web
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from sentinel.status.answers import JsonObject, ProblemAnswer
from sentinel.web.problem import CONTENT_TYPE, KINDS

REF = "#/components/schemas/{model}"

_PATH_PARAMETERS = {
    "group": "The group's name.",
    "operation": "The operation's id.",
    "id": "The delivery's id.",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """Of the query, or a header; ``schema`` is JSON Schema."""

    name: str
    schema: JsonObject
    description: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One route. ``answer`` None: no model describes it. ``problems`` are kinds, beside the general ones."""

    method: str
    path: str
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    summary: str
    answer: type[BaseModel] | None
    status: int = 200
    body: type[BaseModel] | None = None
    query: tuple[Parameter, ...] = ()
    headers: tuple[Parameter, ...] = ()
    problems: tuple[str, ...] = ()
    content_type: str = "application/json"
    also_text: bool = False
    """Answers in plain text as well, whoever asks for it."""
    conditional: bool = False
    """Answers If-None-Match with 304."""

    @property
    def operation_id(self) -> str:
        name = self.handler.__name__
        return f"{name}_options" if self.method == "OPTIONS" else name

    @property
    def query_names(self) -> tuple[str, ...]:
        return tuple(parameter.name for parameter in self.query)


def document(endpoints: Sequence[Endpoint], version: str, *, token: bool) -> JsonObject:
    """The whole description, as JSON-able data. ``token``: whether this sentinel asks for one."""
    answers = {endpoint.answer for endpoint in endpoints if endpoint.answer} | {ProblemAnswer}
    bodies = {endpoint.body for endpoint in endpoints if endpoint.body}
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = [(model, "serialization") for model in answers]
    models += [(model, "validation") for model in bodies]
    models.sort(key=lambda pair: pair[0].__name__)
    _, definitions = models_json_schema(models, ref_template=REF)
    paths: dict[str, JsonObject] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, token)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Vedette",
            "version": version,
            "description": "Ask any sentinel who is primary, and operators' requests. "
            "Errors are problem details (RFC 9457); a 503 says in Retry-After when to ask again.",
        },
        "paths": paths,
        "components": {
            "schemas": definitions.get("$defs", {}),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(endpoint: Endpoint, token: bool) -> JsonObject:
    in_path = re.findall(r"{(\w+)}", endpoint.path)
    operation: JsonObject = {
        "operationId": endpoint.operation_id,
        "summary": endpoint.summary,
        "parameters": [
            *(
                {
                    "name": name,
                    "in": "path",
                    "required": True,
                    "schema": {"type": "string"},
                    "description": _PATH_PARAMETERS[name],
                }
                for name in in_path
            ),
            *(
                {
                    "name": each.name,
                    "in": place,
                    "required": each.required,
                    "schema": each.schema,
                    "description": each.description,
                }
                for place, parameters in (("query", endpoint.query), ("header", endpoint.headers))
                for each in parameters
            ),
        ],
        "responses": _responses(endpoint),
    }
    if endpoint.method not in ("GET", "OPTIONS"):
        operation["security"] = [{"token": []}] if token else []
    if endpoint.body is not None:
        operation["requestBody"] = {"required": False, "content": _content("application/json", endpoint.body)}
    return operation


def _responses(endpoint: Endpoint) -> JsonObject:
    success: JsonObject = {
        "description": endpoint.summary,
        "content": _content(endpoint.content_type, endpoint.answer),
    }
    if endpoint.also_text:
        success["content"] |= _content("text/plain", None)
    if endpoint.status == 202:
        success["headers"] = {"Location": {"schema": {"type": "string"}, "description": "To follow it."}}
    if endpoint.conditional:
        success["headers"] = {"ETag": {"schema": {"type": "string"}, "description": "The term, quoted."}}
    responses: JsonObject = {str(endpoint.status): success}
    if endpoint.conditional:
        responses["304"] = {"description": "The term is still the one in If-None-Match."}
    by_status: dict[int, list[str]] = {}
    for kind in (*endpoint.problems, *(("bad-request",) if endpoint.query else ()), "internal"):
        by_status.setdefault(KINDS[kind][0], []).append(kind)
    for status, kinds in sorted(by_status.items()):
        responses[str(status)] = {
            "description": "; ".join(f"`{kind}`: {KINDS[kind][1]}" for kind in kinds),
            "content": _content(CONTENT_TYPE, ProblemAnswer),
        }
    return responses


def _content(content_type: str, model: type[BaseModel] | None) -> JsonObject:
    schema: JsonObject = {"type": "string"} if model is None else {"$ref": REF.format(model=model.__name__)}
    if content_type == "application/json" and model is None:
        schema = {"type": "object"}
    return {content_type: {"schema": schema}}
