"""The file by which a person accepts that history was lost: one JSON object a line."""

import json
import re
from dataclasses import asdict, dataclass, fields

from gitops_canary.errors import Place, SpecError
from gitops_canary.model.names import Revision

FILE = ".gitops-canary/history"
_REVISION = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """A person has looked at the branch as of `accepted`, which does not reach `lost`."""

    accepted: Revision
    lost: Revision


_KEYS = tuple(field.name for field in fields(Acceptance))


def parse(text: str) -> tuple[Acceptance, ...]:
    """Read the file; blank lines are allowed.

    Raises:
        SpecError: a line is not exactly one acceptance.
    """
    lines = enumerate(text.splitlines(), start=1)
    return tuple(_acceptance(line, number) for number, line in lines if line.strip())


def add(text: str, one: Acceptance) -> str:
    """Append an acceptance; one that is there already changes nothing."""
    line = json.dumps(asdict(one))
    if line in text.splitlines():
        return text
    separator = "" if not text or text.endswith("\n") else "\n"
    return f"{text}{separator}{line}\n"


def _acceptance(line: str, number: int) -> Acceptance:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise _wrong(number, f"is not JSON: {error}") from error
    if not isinstance(value, dict) or tuple(value) != _KEYS:
        raise _wrong(number, f"has not exactly the keys {', '.join(_KEYS)}")
    if not all(isinstance(v, str) and _REVISION.fullmatch(v) for v in value.values()):
        raise _wrong(number, "has a value that is no full revision")
    return Acceptance(**value)


def _wrong(number: int, why: str) -> SpecError:
    return SpecError(
        f"This line about lost history {why}.",
        remedy="delete it, and let `gitops-canary resume --accept-history` write it again",
        place=Place(FILE, number, 1),
    )
