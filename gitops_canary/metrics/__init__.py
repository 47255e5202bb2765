"""Where measurements come from: one file per provider, one line here."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from gitops_canary.metrics.http_json import HttpJson
from gitops_canary.metrics.prometheus import Prometheus
from gitops_canary.metrics.sources import Client, Sources


class Factory(Protocol):
    """Makes a client of one kind of metric source.

    Raises:
        ConfigError: the options cannot be used.
    """

    def __call__(
        self,
        *,
        url: str,
        timeout_ms: int,
        token_file: Path | None = None,
        username: str | None = None,
        password_file: Path | None = None,
        ca_file: Path | None = None,
    ) -> Client:
        """Make the client; `timeout_ms` is for all questions of one tick together."""


METRICS: Mapping[str, Factory] = {"prometheus": Prometheus, "http-json": HttpJson}
"""`type` of a metric source in controller.yaml to what makes its client."""

__all__ = ["METRICS", "Client", "Factory", "Prometheus", "Sources"]
