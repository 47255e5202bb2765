"""Forges: one file each, one line here."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from gitops_canary.delivery_ports import Requests
from gitops_canary.ports import Forge

Factory = Callable[[str, str, Path], Forge]
"""Takes the API's base URL, `owner/name` and the token's file."""


def _github(url: str, repository: str, token_file: Path) -> Forge:
    # PyGithub takes half of every command's start to load, and few commands talk to a forge.
    from gitops_canary.forge.github import GitHub  # noqa: PLC0415 - as above

    return GitHub(url=url, repository=repository, token_file=token_file)


FORGES: Mapping[str, Factory] = {"github": _github}
"""`type` of a forge in controller.yaml to what makes it."""

Rules = Callable[[str, str, Path, str], Awaitable[Sequence[str]]]
"""Takes the same and a branch; the kinds of rules the forge holds pushes to it against."""


async def _github_rules(url: str, repository: str, token_file: Path, branch: str) -> Sequence[str]:
    from gitops_canary.forge.github import GitHub  # noqa: PLC0415 - as above

    return await GitHub(url=url, repository=repository, token_file=token_file).rules(branch)


RULES: Mapping[str, Rules] = {"github": _github_rules}
"""What tells a forge's rules for a branch."""

RequestsFactory = Callable[[str, str, Path, str], Requests]
"""Takes the same as a forge and the branch that requests are merged into."""


def _github_requests(url: str, repository: str, token_file: Path, target: str) -> Requests:
    from gitops_canary.forge.github import GitHub  # noqa: PLC0415 - as above
    from gitops_canary.forge.github_requests import GitHubRequests  # noqa: PLC0415 - as above

    github = GitHub(url=url, repository=repository, token_file=token_file)
    return GitHubRequests(github, repository, target)


REQUESTS: Mapping[str, RequestsFactory] = {"github": _github_requests}
"""What opens and merges pull requests."""
