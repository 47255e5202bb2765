"""Files that others read while we write them."""

import json
import os
from pathlib import Path
from typing import Any


def replace(path: Path, text: str) -> None:
    """Put a whole new text in place of a file's old one, never half of it.

    Envoy notices nothing but a rename into the directory it watches.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def replace_json(path: Path, value: object) -> None:
    """Write a value as JSON, as `replace` does."""
    replace(path, json.dumps(value, indent=1) + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file; None where it does not exist yet."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
