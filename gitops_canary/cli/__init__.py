"""The command line: one file per verb, each a function that returns an exit code.

Standard output is data, standard error is talk. Verbs of other packages (the lab's `demo`) are
found by the entry-point group `gitops_canary.verbs`.
"""

import functools
import logging
import re
import sys
import traceback
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import ParamSpec

import typer

from gitops_canary.cli.abort import abort
from gitops_canary.cli.approve import approve
from gitops_canary.cli.backtest import backtest
from gitops_canary.cli.doctor import doctor
from gitops_canary.cli.evidence import export
from gitops_canary.cli.explain import explain
from gitops_canary.cli.history import history
from gitops_canary.cli.import_ import import_
from gitops_canary.cli.init import init
from gitops_canary.cli.judge import judge
from gitops_canary.cli.lint import lint
from gitops_canary.cli.once import once
from gitops_canary.cli.pause import pause
from gitops_canary.cli.plan import plan
from gitops_canary.cli.printing import hush, say, settled
from gitops_canary.cli.promote import promote
from gitops_canary.cli.quarantine import kept_out, lift
from gitops_canary.cli.report import report
from gitops_canary.cli.resume import resume
from gitops_canary.cli.retry import retry
from gitops_canary.cli.run import run
from gitops_canary.cli.schema import schema
from gitops_canary.cli.status import status
from gitops_canary.cli.verify import verify
from gitops_canary.cli.version import details, version
from gitops_canary.collector import look_seldom
from gitops_canary.errors import CanaryError

P = ParamSpec("P")
BUG = 70
UNREAD = 141
"""128 + SIGPIPE, as a shell has it."""
VERBS: tuple[Callable[..., int], ...] = (
    init, run, once, plan, lint, doctor, status, history, explain, judge, backtest,
    verify, report,
    approve, pause, promote, resume, abort, retry, schema, import_,
)  # fmt: skip


def main() -> None:
    """Run the program; exits with the codes of docs/reference/exit-codes.md."""
    look_seldom()
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s"
    )
    logging.getLogger("gitops_canary").setLevel(logging.INFO)
    application()(prog_name="gitops-canary")


def application() -> typer.Typer:
    """Put the verbs together."""
    app = typer.Typer(
        name="gitops-canary",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        help="Roll versions out through Git commits alone.",
    )
    for function in VERBS:
        app.command(function.__name__.rstrip("_"))(exits(function))
    group = typer.Typer(no_args_is_help=True, help="The versions that are kept out.")
    group.command("list")(exits(kept_out))
    group.command("lift")(exits(lift))
    app.add_typer(group, name="quarantine")
    group = typer.Typer(no_args_is_help=True, help="The record of what was decided.")
    group.command("export")(exits(export))
    app.add_typer(group, name="evidence")
    app.command("version")(exits(version))
    for found in entry_points(group="gitops_canary.verbs"):
        app.command(found.name)(exits(found.load()))
    return app


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
    told = traceback.format_exc()
    told = re.sub(r"(://)[^/\s@]+@", r"\1***@", told)
    told = re.sub(r"(?i)\b(basic|bearer|token|password)([\s=:]+)[^\s'\"]+", r"\1\2***", told)
    return (
        "error: this is a bug in gitops-canary; please report what follows\n\n"
        f"{details()}\n\n{told}"
    )
