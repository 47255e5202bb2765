"""GitHub's own description of the calls we make: requests and replies are held against it.

`tests/data/github-openapi.json` is a part of npm's `@octokit/openapi` 23.0.2 (MIT, GitHub's
published description). Made anew by `python tests/integration/github_contract.py DESCRIPTION`.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # has no stubs

FILE = Path(__file__).resolve().parents[1] / "data" / "github-openapi.json"
_REPO = "/repos/{owner}/{repo}"
OPERATIONS = (
    ("get", f"{_REPO}/commits/{{ref}}"),
    ("get", f"{_REPO}/commits/{{ref}}/statuses"),
    ("get", f"{_REPO}/commits/{{commit_sha}}/pulls"),
    ("post", f"{_REPO}/statuses/{{sha}}"),
    ("get", f"{_REPO}/issues/{{issue_number}}/comments"),
    ("post", f"{_REPO}/issues/{{issue_number}}/comments"),
    ("patch", f"{_REPO}/issues/comments/{{comment_id}}"),
    ("get", "/user"),
    ("get", f"{_REPO}/rules/branches/{{branch}}"),
    ("get", f"{_REPO}/pulls"),
    ("post", f"{_REPO}/pulls"),
    ("get", f"{_REPO}/pulls/{{pull_number}}"),
    ("patch", f"{_REPO}/pulls/{{pull_number}}"),
    ("put", f"{_REPO}/pulls/{{pull_number}}/merge"),
    ("put", f"{_REPO}/pulls/{{pull_number}}/update-branch"),
    ("post", f"{_REPO}/issues/{{issue_number}}/labels"),
)
OLDER = {f"{_REPO}/statuses/{{sha}}": f"{_REPO}/commits/{{ref}}/statuses"}
"""A path that PyGithub still takes and GitHub still serves, and the described one it answers as."""
_TALK = frozenset({"description", "example", "examples", "summary", "externalDocs", "tags"})
_JSON = "application/json"
Json = dict[str, Any]


def subset(whole: Json) -> Json:
    """Cut the operations we use, and the schemas they need, out of the whole description."""
    paths: Json = {}
    for method, path in OPERATIONS:
        one = whole["paths"][path][method]
        answers = {
            status: {"content": {_JSON: {"schema": content[_JSON]["schema"]}}}
            for status, answer in one["responses"].items()
            if status.startswith("2") and (content := answer.get("content"))
        }
        paths.setdefault(path, {})[method] = {"responses": answers}
        if "requestBody" in one:
            schema = one["requestBody"]["content"][_JSON]["schema"]
            paths[path][method]["requestBody"] = {"content": {_JSON: {"schema": schema}}}
    schemas: Json = {}
    due = list(_named(paths))
    while due:
        name = due.pop()
        if name not in schemas:
            schemas[name] = whole["components"]["schemas"][name]
            due.extend(_named(schemas[name]))
    info = {key: whole["info"][key] for key in ("title", "version", "license")}
    found = {"info": info, "paths": paths, "components": {"schemas": schemas}}
    plain: Json = _plain(found)
    return plain


def _named(node: Any) -> Iterator[str]:
    yield from re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(node))


def _plain(node: Any, *, names: bool = False) -> Any:
    """Take out what is for readers only; keys that are names of fields stay."""
    if isinstance(node, list):
        return [_plain(one) for one in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _plain(one, names=key in {"properties", "schemas"})
        for key, one in node.items()
        if names or key not in _TALK
    }


@cache
def _contract() -> Json:
    found: Json = json.loads(FILE.read_text())
    return found


def _nullable(node: Any) -> Any:
    """Say `nullable` as JSON Schema does."""
    if isinstance(node, list):
        return [_nullable(one) for one in node]
    if not isinstance(node, dict):
        return node
    plain = {key: _nullable(one) for key, one in node.items() if key != "nullable"}
    return {"anyOf": [plain, {"type": "null"}]} if node.get("nullable") is True else plain


@cache
def _schemas() -> Json:
    found: Json = _nullable(_contract()["components"])
    return found


def problems(schema: Json, body: object) -> list[str]:
    """Hold a body against a schema."""
    whole = {**_nullable(schema), "components": _schemas()}
    return [
        f"{one.json_path}: {one.message[:200]}"
        for one in Draft202012Validator(whole).iter_errors(body)
    ]


def operation(method: str, path: str) -> Json | None:
    """Find what describes a call; None where nothing does."""
    for described, methods in _contract()["paths"].items():
        older = next((old for old, new in OLDER.items() if new == described), described)
        for one in (described, older):
            pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(one))
            if re.fullmatch(pattern, path) and method.lower() in methods:
                found: Json = methods[method.lower()]
                return found
    return None


def request_schema(one: Mapping[str, Any]) -> Json | None:
    """Give what a request's body has to be; None where it has none."""
    body: Json | None = one.get("requestBody")
    return body and body["content"][_JSON]["schema"]


def reply_schema(one: Mapping[str, Any], status: int) -> Json:
    """Give what a good reply's body has to be."""
    schema: Json = one["responses"][str(status)]["content"][_JSON]["schema"]
    return schema


def filled(schema: Json, given: Any) -> Any:
    """Complete a reply with whatever the description requires and nobody here looks at."""
    schema = _resolved(schema)
    if isinstance(given, list):
        return [filled(schema.get("items", {}), one) for one in given]
    if not isinstance(given, dict):
        return given
    parts = [schema, *(_resolved(one) for one in schema.get("allOf", ()))]
    for part in (*parts, *map(_resolved, schema.get("oneOf", ())[:1])):
        known = part.get("properties", {})
        needed = {key: known.get(key, {}) for key in part.get("required", ())}
        given = {key: filled(known.get(key, {}), one) for key, one in given.items()} | {
            key: _least(one) for key, one in needed.items() if key not in given
        }
    return given


def _resolved(schema: Json) -> Json:
    while "$ref" in schema:
        found = _contract()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        schema = {**found, **{key: one for key, one in schema.items() if key != "$ref"}}
    for way in ("anyOf",):
        if way in schema:
            schema = _resolved(schema[way][0])
    return schema


def _least(schema: Json) -> Any:
    """Give the smallest value a schema allows."""
    schema = _resolved(schema)
    if schema.get("nullable"):
        return None
    if "enum" in schema:
        return schema["enum"][0]
    least = {"string": "", "integer": 0, "number": 0, "boolean": False, "array": []}
    kind = schema.get("type")
    return least[kind] if kind in least else filled(schema, {})


if __name__ == "__main__":
    FILE.write_text(json.dumps(subset(json.loads(Path(sys.argv[1]).read_text())), indent=1) + "\n")
