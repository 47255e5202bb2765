"""What people write to steer a rollout and to name fields: patterns, and how to say them."""

from collections.abc import Mapping
from typing import NamedTuple

from gitops_canary.manifest import field_path


class Form(NamedTuple):
    """What a text must look like as a whole."""

    pattern: str
    """A regular expression without anchors, in the common ground of Python and RE2."""
    words: str
    """The form in words, after `write`."""


_ROLLOUT = "[0-9a-f]{12}"
_PART = "[a-z0-9]([-a-z0-9.]{0,98}[a-z0-9])?"
FORMS: Mapping[str, Form] = {
    "approve": Form(f"{_ROLLOUT}/(0|[1-9][0-9]?)", "<rollout>/<step>, e.g. 0123456789ab/2"),
    "abort": Form(_ROLLOUT, "a rollout's twelve digits"),
    "retry": Form(_ROLLOUT, "a rollout's twelve digits"),
    "promote": Form(_ROLLOUT, "a rollout's twelve digits"),
    "resume": Form(
        rf"{_ROLLOUT}/(100|(0|[1-9][0-9]?)(\.[0-9]{{1,3}})?)",
        "<rollout>/<weight>, e.g. 0123456789ab/10",
    ),
    "id": Form(f"{_PART}(/{_PART}){{0,3}}", "up to four parts of a-z, 0-9, - and ., joined by /"),
    "file": Form(
        r"(\./|(\.\./)+)?\.{0,2}[^\s/.][^\s/]*(/\.{0,2}[^\s/.][^\s/]*)*",
        "a file's path, e.g. apps/web/values.yaml or ./values.yaml",
    ),
    "document": Form("[A-Za-z]+/[a-z0-9]([-a-z0-9.]*[a-z0-9])?", "Kind/name, e.g. HelmRelease/web"),
    "field": Form(field_path.PATTERN, field_path.FORM),
    "path": Form(
        "(/[A-Za-z0-9_~-][A-Za-z0-9_.~-]{0,99}){1,10}",
        "a path like /gate/check, without dots first",
    ),
    "paused": Form("true|false", "true or false, in quotes"),
}
"""By the name in `spec.control`, `spec` or our annotations."""
