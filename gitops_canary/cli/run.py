"""`run`: the controller, until a signal."""

import asyncio
from pathlib import Path

from gitops_canary.app.controller import Controller
from gitops_canary.app.telling import Teller
from gitops_canary.app.wiring import opened
from gitops_canary.cli.options import DEFAULT_CONFIG, ConfigOption


def run(config: ConfigOption = DEFAULT_CONFIG) -> int:
    """Watch the repositories and roll versions out until SIGINT or SIGTERM."""
    asyncio.run(_run(config))
    return 0


async def _run(config: Path) -> None:
    async with opened(config, keeps=True) as rounds:
        await Controller(rounds=rounds, teller=Teller()).run()
