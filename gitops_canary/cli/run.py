"""`run`: the controller, until a signal, or until every rollout has ended."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from gitops_canary import __version__
from gitops_canary.app.config import load
from gitops_canary.app.controller import Controller
from gitops_canary.app.figures import Figures
from gitops_canary.app.standing import Newest
from gitops_canary.app.telling import Teller
from gitops_canary.app.tick import Report
from gitops_canary.app.wiring import opened
from gitops_canary.cli.options import DEFAULT_CONFIG, ConfigOption
from gitops_canary.cli.outcome import IN_PROGRESS, exit_code, settled
from gitops_canary.model.durations import duration_ms
from gitops_canary.web.server import served

SettledOption = Annotated[
    bool, typer.Option("--until-settled", help="End once no rollout is in progress.")
]
ForOption = Annotated[
    str | None, typer.Option("--for", help="End after so long, e.g. 50m, at the latest.")
]


def run(
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    until_settled: SettledOption = False,
    for_: ForOption = None,
) -> int:
    """Watch the repositories and roll versions out until SIGINT or SIGTERM."""
    for_s = None if for_ is None else _seconds(for_)
    newest = asyncio.run(_run(config, until_settled=until_settled, for_s=for_s))
    return newest.code() if until_settled or for_ else 0


class _Newest:
    """The newest look at each repository."""

    def __init__(self, names: Iterable[str]) -> None:
        self._reports: dict[str, Report | None] = dict.fromkeys(names)

    def take(self, report: Report) -> bool:
        """Take a look in; tells whether every repository was looked at and is settled."""
        self._reports[report.repository] = report
        return all(one is not None and settled(one) for one in self._reports.values())

    def code(self) -> int:
        """Say how things stand, as `once` does; not looked at is in progress."""
        reports = [one for one in self._reports.values() if one]
        missing = len(reports) < len(self._reports)
        return exit_code(reports) or (IN_PROGRESS if missing else 0)


async def _run(config: Path, *, until_settled: bool, for_s: float | None) -> _Newest:
    settings = load(config)
    async with opened(config, keeps=True, stays=True) as rounds:
        newest = Newest(one.station.name for one in rounds)
        figures = Figures(__version__, newest)
        controller = Controller(rounds=rounds, teller=Teller(), newest=newest, figures=figures)
        reports = _Newest(one.station.name for one in rounds)
        controller.enough = lambda report: reports.take(report) and until_settled
        async with served(controller, settings.server):
            await controller.run(for_s)
    return reports


def _seconds(text: str) -> float:
    try:
        return duration_ms(text) / 1000
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} {error}", param_hint="--for") from error
