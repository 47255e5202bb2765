"""What tells that a commit is live: one file per source, one line here."""

from collections.abc import Mapping
from typing import Protocol

from gitops_canary.ports import SyncSource
from gitops_canary.sync.none import Nothing
from gitops_canary.sync.traffic import Traffic


class Factory(Protocol):
    """Makes one sync source; each takes of the options what it needs."""

    def __call__(self, *, source: str, scrape_ms: int, lag_ms: int, delay_ms: int) -> SyncSource:
        """Make it.

        `source` names the metric source with the mesh's series, `scrape_ms` and `lag_ms` say how
        late they are; `delay_ms` is the fixed delay where nothing is looked at.
        """


def _traffic(*, source: str, scrape_ms: int, lag_ms: int, delay_ms: int) -> SyncSource:
    del delay_ms
    return Traffic(source=source, scrape_ms=scrape_ms, lag_ms=lag_ms)


def _none(*, source: str, scrape_ms: int, lag_ms: int, delay_ms: int) -> SyncSource:
    del source, scrape_ms, lag_ms
    return Nothing(delay_ms=delay_ms)


SYNC: Mapping[str, Factory] = {"traffic": _traffic, "none": _none}
"""`type` of a sync source in controller.yaml to what makes it."""

__all__ = ["SYNC", "Factory", "Nothing", "Traffic"]
