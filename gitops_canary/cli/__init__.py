"""The command line: one file per verb, each a function that returns an exit code.

Standard output is data, standard error is talk. Verbs of other packages (the lab's `demo`) are
found by the entry-point group `gitops_canary.verbs`.
"""

import functools
import logging
import re
import sys
import traceback
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.metadata import entry_points
from typing import Annotated, ParamSpec

import typer

from gitops_canary.cli.examples import epilog
from gitops_canary.cli.mistyped import Verb
from gitops_canary.cli.printing import hush, in_utf_8, say, settled
from gitops_canary.collector import look_seldom
from gitops_canary.errors import CanaryError

P = ParamSpec("P")
BUG = 70
UNREAD = 141
"""128 + SIGPIPE, as a shell has it."""
VERBS = (
    "init", "run", "once", "plan", "lint", "doctor", "status", "history", "explain", "judge",
    "backtest", "verify", "report",
    "approve", "pause", "promote", "resume", "abort", "retry", "schema", "import", "version",
)  # fmt: skip
GROUPS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "quarantine": ("The versions that are kept out.", {"list": "kept_out", "lift": "lift"}),
    "evidence": ("The record of what was decided.", {"export": "export"}),
}
"""What each says of itself, and the functions of its verbs."""


def main() -> None:
    """Run the program; exits with the codes of docs/reference/exit-codes.md."""
    look_seldom()
    in_utf_8()
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s"
    )
    logging.getLogger("gitops_canary").setLevel(logging.INFO)
    # A look that takes longer than `poll` is no trouble: the next one begins after it.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    asked = next((word for word in sys.argv[1:2] if word in {*VERBS, *GROUPS}), None)
    application(asked)(prog_name="gitops-canary")


def _told(asked: bool) -> None:
    """Tell what `version` tells, where people look for it."""
    if asked:
        raise typer.Exit(_function("version", "version")())


def application(asked: str | None = None) -> typer.Typer:
    """Put the verbs together; where one of ours is asked for, that one alone, which starts sooner.

    What the other verbs need takes up to nine tenths of a start.
    """
    app = typer.Typer(
        name="gitops-canary",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        help="Roll versions out through Git commits alone.",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    # A callback also keeps an application of one verb from being that verb itself.
    app.callback()(_begin)
    for verb in VERBS if asked is None else {asked}.intersection(VERBS):
        module = "import_" if verb == "import" else verb
        app.command(verb, cls=Verb, epilog=epilog(verb))(exits(_function(module, module)))
    for name in GROUPS if asked is None else {asked}.intersection(GROUPS):
        about, verbs = GROUPS[name]
        group = typer.Typer(no_args_is_help=True, help=about)
        for verb, function in verbs.items():
            told = epilog(f"{name} {verb}")
            group.command(verb, cls=Verb, epilog=told)(exits(_function(name, function)))
        app.add_typer(group, name=name)
    if asked is None:
        for found in entry_points(group="gitops_canary.verbs"):
            told = epilog(found.name)
            app.command(found.name, cls=Verb, epilog=told)(exits(found.load()))
    return app


def _function(module: str, name: str) -> Callable[..., int]:
    """Import a verb."""
    function: Callable[..., int] = getattr(import_module(f"gitops_canary.cli.{module}"), name)
    return function


def _begin(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_told, is_eager=True)
    ] = False,
) -> None:
    """Do nothing before a verb."""


def exits(function: Callable[P, int]) -> Callable[P, None]:
    """Turn a verb's answer, or its error, into the exit code; errors are printed here alone."""

    @functools.wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            code = function(*args, **kwargs)
            code = code if settled() else UNREAD
        except BrokenPipeError:
            hush()
            code = UNREAD
        except CanaryError as error:
            say(f"error: {error}")
            code = error.exit_code
        except (typer.Exit, typer.BadParameter):
            raise
        except KeyboardInterrupt:
            code = 130
        except Exception:  # noqa: BLE001 - the last resort: everything unforeseen is reported as a bug
            say(_report())
            code = BUG
        raise typer.Exit(code)

    return wrapped


def _report() -> str:
    """Write what a report of a bug needs, without what nobody may see."""
    from gitops_canary.cli.version import details  # noqa: PLC0415 - what a bug alone needs

    told = traceback.format_exc()
    told = re.sub(r"(://)[^/\s@]+@", r"\1***@", told)
    told = re.sub(r"(?i)\b(basic|bearer|token|password)([\s=:]+)[^\s'\"]+", r"\1\2***", told)
    return (
        "error: this is a bug in gitops-canary; please report what follows\n\n"
        f"{details()}\n\n{told}"
    )
