"""Writing what a person asks for into a Canary document, in its dialect."""

from gitops_canary.manifest import document
from gitops_canary.manifest.control import PREFIX
from gitops_canary.manifest.document import Pointer, Value, append_item
from gitops_canary.manifest.scalars import spelled
from gitops_canary.model.spec import Dialect


def steer(
    text: str, index: int, dialect: Dialect, name: str, value: str | bool, *, file: str
) -> str:
    """Set one entry of the control bytes, and touch no other byte.

    `name` is an entry of `spec.control`; in Flagger's dialect it becomes an annotation, whose
    value is always a text. A document that says so already is given back as it is.

    Raises:
        EditRefused: the document cannot be changed safely.
    """
    above: Pointer = ("spec", "control")
    if dialect is Dialect.FLAGGER:
        above, name = ("metadata", "annotations"), f"{PREFIX}{name}"
        value = spelled(value)
    return _put(text, index, above, name, value, file=file)


def add(text: str, index: int, dialect: Dialect, name: str, value: str, *, file: str) -> str:
    """Add one text to an entry of the control bytes that is a list, e.g. `approve`.

    Raises:
        EditRefused: the document cannot be changed safely.
    """
    root = document.parse(text, file=file)[index]
    assert root is not None, "a Canary is no empty document"
    if dialect is Dialect.FLAGGER:
        there = root.get("metadata", "annotations", f"{PREFIX}{name}")
        listed = f"{there.value}, {value}" if there is not None and there.value else value
        return steer(text, index, dialect, name, listed, file=file)
    above: Pointer = ("spec", "control")
    if root.get(*above, name) is not None:
        return append_item(text, index, (*above, name), value, file=file)
    if root.get(*above) is not None:
        return document.insert_key(text, index, above, name, [value], file=file)
    return document.insert_key(text, index, above[:-1], str(above[-1]), {name: [value]}, file=file)


def _put(text: str, index: int, above: Pointer, name: str, value: Value, *, file: str) -> str:
    root = document.parse(text, file=file)[index]
    assert root is not None, "a Canary is no empty document"
    if root.get(*above, name) is not None:
        return document.set_scalar(text, index, (*above, name), value, file=file)
    if root.get(*above) is not None:
        return document.insert_key(text, index, above, name, value, file=file)
    return document.insert_key(text, index, above[:-1], str(above[-1]), {name: value}, file=file)
