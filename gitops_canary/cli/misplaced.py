"""A folder inside a checkout where the checkout itself is meant: files are named from its top."""

from pathlib import Path

from gitops_canary.cli.printing import say


def tell_top(folder: Path) -> None:
    """Tell which checkout a folder lies in, where it is not the checkout's top itself."""
    top = top_above(folder)
    if top is not None:
        say(
            f"note: {folder} is a folder inside the checkout {top}, and files are named from the "
            f"checkout's top\n  try: name {top} instead, and change no path because of this"
        )


def top_above(folder: Path) -> Path | None:
    """Find the top of the Git work tree around a folder; None where it is one, or in none.

    A work tree has `.git` at its top, a folder or, of a linked one, a file (gitrepository-layout).
    """
    here = folder.resolve()
    if (here / ".git").exists():
        return None
    return next((one for one in here.parents if (one / ".git").exists()), None)
