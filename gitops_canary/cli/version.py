"""`version`: what runs here, ready to paste into a report."""

import platform
import sys
from importlib.metadata import version as installed

from gitops_canary import __version__
from gitops_canary.cli.printing import write
from gitops_canary.errors import CanaryError
from gitops_canary.git.process import client_version

LIBRARIES = ("GitPython", "ruamel.yaml", "httpx2", "pydantic", "APScheduler", "cryptography")


def version() -> int:
    """Print the version, and those of what it stands on."""
    write(details())
    return 0


def details() -> str:
    """Write what runs here, one thing a line."""
    try:
        git = client_version()
    except CanaryError as error:
        git = f"git: {error.problem}"
    return "\n".join(
        (
            f"gitops-canary {__version__}",
            f"Python {sys.version.split()[0]}, {platform.system()} {platform.machine()}",
            git,
            *(f"{name} {installed(name)}" for name in LIBRARIES),
        )
    )
