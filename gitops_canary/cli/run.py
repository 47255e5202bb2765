"""`run`: the controller, until a signal."""

import asyncio
from pathlib import Path

from gitops_canary import __version__
from gitops_canary.app.config import load
from gitops_canary.app.controller import Controller
from gitops_canary.app.figures import Figures
from gitops_canary.app.standing import Newest
from gitops_canary.app.telling import Teller
from gitops_canary.app.wiring import opened
from gitops_canary.cli.options import DEFAULT_CONFIG, ConfigOption
from gitops_canary.web.server import served


def run(config: ConfigOption = DEFAULT_CONFIG) -> int:
    """Watch the repositories and roll versions out until SIGINT or SIGTERM."""
    asyncio.run(_run(config))
    return 0


async def _run(config: Path) -> None:
    settings = load(config)
    async with opened(config, keeps=True, stays=True) as rounds:
        newest = Newest(one.station.name for one in rounds)
        figures = Figures(__version__, newest)
        controller = Controller(rounds=rounds, teller=Teller(), newest=newest, figures=figures)
        async with served(controller, settings.server):
            await controller.run()
