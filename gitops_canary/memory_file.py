"""A small file in which one process keeps what the next one shall know; losing it only delays."""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

log = logging.getLogger("gitops_canary")


def remembered(file: Path) -> Mapping[str, Any]:
    """Read what was kept; nothing where that cannot be read."""
    try:
        found = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def remember(file: Path, what: Mapping[str, Any]) -> None:
    """Write the file whole or not at all; one that cannot be written is told and is no error."""
    fresh = file.with_suffix(f"{file.suffix}.new")
    try:
        fresh.write_text(json.dumps(what))
        fresh.replace(file)
    except OSError as error:
        log.warning("%s cannot be written (%s): a restart will know less", file, error.strerror)
