"""Reading one value of JSON, with the place of what is wrong with it."""

import json
from typing import Any

from gitops_canary.app.json_places import deep, lined, long, twice
from gitops_canary.app.judge_problems import SEE, Source
from gitops_canary.errors import Place, SpecError
from gitops_canary.manifest.problems import shown

_DEPTH = 50
"""No document that is right is nested half as deep."""
_WRONG = "The blocks are no JSON"


class _Twice(Exception):  # noqa: N818 - named for what is there
    """An object has one name twice."""


def read(data: bytes, line: int = 1) -> Source:
    """Read one value; `line` is where it begins in its file.

    Raises:
        SpecError: it is no JSON, or means two things; it names the place.
    """
    text = _decoded(data, line)
    try:
        return Source(text, json.loads(text, object_pairs_hook=_unique), line)
    except json.JSONDecodeError as error:
        problem, remedy, at = f"{_WRONG}: {error.msg.lower()}.", SEE, error.pos
    except _Twice:
        name, at = twice(text)
        problem = f"{_WRONG} with one meaning: an object has {shown(name)} twice."
        remedy = "leave one of them"
    except RecursionError:
        problem, remedy, at = f"{_WRONG}: nested too deeply.", SEE, deep(text, _DEPTH)
    except ValueError:
        problem, remedy, at = f"{_WRONG}: a number has too many digits.", SEE, long(text)
    raise SpecError(problem, remedy=remedy, place=_place(text, at, line))


def _decoded(data: bytes, line: int) -> str:
    encoding = json.detect_encoding(data)
    try:
        return data.decode(encoding, "surrogatepass")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(encoding, "replace")
        place = _place(before, len(before), line)
    raise SpecError("The blocks are no UTF-8.", remedy="save the file as UTF-8", place=place)


def _place(text: str, at: int, line: int) -> Place:
    here, column = lined(text, at)
    return Place("blocks", line - 1 + here, column)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Twice
    return found
