"""The `server` and `forge` entries of controller.yaml: what fits together, and as settings."""

from collections.abc import Iterator

from gitops_canary.app import config_models as models
from gitops_canary.app.config_values import host_and_port
from gitops_canary.model.addresses import LOOPBACK
from gitops_canary.settings import ForgeSettings, ServerSettings

Loc = tuple[str | int, ...]


def server_problems(one: models.Server) -> Iterator[tuple[Loc, str, str]]:
    """Find what single values cannot tell: place, problem and remedy."""
    host, _ = host_and_port(one.listen)
    if host not in LOOPBACK and not one.allow_remote:
        yield (
            ("server", "listen"),
            "is open to other machines",
            "listen on 127.0.0.1, or say allowRemote: true where a network policy guards it",
        )


def one_server(one: models.Server) -> ServerSettings:
    """Give the entry as settings."""
    host, port = host_and_port(one.listen)
    return ServerSettings(host=host, port=port, secret_file=one.webhook_secret_file)


def one_forge(one: models.Forge) -> ForgeSettings:
    """Give a repository's forge as settings."""
    return ForgeSettings(
        type=one.type, url=one.url, repository=one.repository, token_file=one.token_file
    )
