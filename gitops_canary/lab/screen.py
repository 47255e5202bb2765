"""Where the demo is shown: one live screen on a terminal, one line an event elsewhere."""

import time
from dataclasses import replace
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from gitops_canary.lab.film import Film
from gitops_canary.lab.load import Counts
from gitops_canary.lab.telling import WIDTH, Event, Scene, after, frame, lines

_STYLES = {"plain": "", "strong": "bold", "good": "green", "bad": "red", "faint": "dim"}


class Screen:
    """Shows events as they come."""

    def __init__(self, console: Console | None = None, film: Film | None = None) -> None:
        self._film = film
        self._console = console or Console(highlight=False)
        self._began = time.monotonic()
        self._scene = Scene()
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live = Live(self._drawn(), console=self._console, auto_refresh=False)
            self._live.start(refresh=True)
        else:
            self._print(self._scene.title)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leave the last drawing where it is; from now on only `say` prints."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def show(self, event: Event) -> None:
        """Show one event."""
        self._scene = after(self._scene, event)
        if self._live is None:
            for line in lines(event):
                self._print(line)
        self.refresh(self._scene.counts, news=True)

    def refresh(self, counts: Counts | None, *, news: bool = False) -> None:
        """Draw again, with the newest counts."""
        self._scene = replace(self._scene, counts=counts)
        if self._film is not None:
            elapsed = time.monotonic() - self._began
            self._film.add(elapsed, frame(self._scene, elapsed), now=news)
        if self._live is not None:
            self._live.update(self._drawn(), refresh=True)

    def say(self, text: str) -> None:
        """Print text below everything, as it is."""
        self._console.print(Text(text), soft_wrap=True)

    def _print(self, line: str) -> None:
        elapsed = time.monotonic() - self._began
        self.say(f"{elapsed:5.1f} s  {line}")

    def _drawn(self) -> Text:
        drawn = Text(no_wrap=True, overflow="ellipsis", end="")
        for line in frame(self._scene, time.monotonic() - self._began):
            drawn.append(line.text[:WIDTH] + "\n", style=_STYLES[line.mood])
        return drawn
