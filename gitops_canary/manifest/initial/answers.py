"""A file of answers to the questions of a first canary."""

from collections.abc import Mapping

from gitops_canary.errors import Place
from gitops_canary.manifest.initial.questions import KEYS, Misanswered
from gitops_canary.manifest.problems import nearest


def checked(answers: Mapping[str, object], *, file: str) -> dict[str, str]:
    """Read answers from a file.

    Raises:
        Misanswered: a key is not known, or an answer is no word.
    """
    found: dict[str, str] = {}
    for key, value in answers.items():
        if key not in KEYS:
            raise Misanswered(
                f"{key!r} is no question.", remedy=nearest(key, KEYS), place=Place(file)
            )
        if isinstance(value, bool):
            found[key] = "yes" if value else "no"
        elif isinstance(value, list):
            found[key] = ",".join(str(one) for one in value)
        elif isinstance(value, str | int):
            found[key] = str(value)
        else:
            raise Misanswered(
                f"The answer to {key} is no word.", remedy="write one value", place=Place(file)
            )
    return found
