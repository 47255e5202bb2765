"""Reading controller.yaml: every problem at once, each with its place and its remedy."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gitops_canary.app import config_models as models
from gitops_canary.app.config_delivery import delivery_problems, one_delivery
from gitops_canary.app.config_server import one_forge, one_server, server_problems
from gitops_canary.app.config_source import one_source, source_problems
from gitops_canary.app.config_sync import one_sync, sync_problems, together_problems
from gitops_canary.app.config_telling import one_notifier, one_webhook, telling_problems
from gitops_canary.app.config_values import PROBLEM
from gitops_canary.app.model_fields import Loc, fields_at
from gitops_canary.app.wrong_values import SEE, told
from gitops_canary.errors import ConfigError, Place, SpecError
from gitops_canary.git.address import parse_url
from gitops_canary.git.identity import check_identity
from gitops_canary.manifest.document import Node, NodeKind, data, parse, text_of
from gitops_canary.manifest.problems import Problem, joined, nearest, shown
from gitops_canary.manifest.spec_file import DEFERRABLE
from gitops_canary.model.names import EVIDENCE_BRANCH
from gitops_canary.settings import (
    Evidence,
    IdentitySettings,
    RepositorySettings,
    Settings,
    SigningSettings,
)


def load(path: Path) -> Settings:
    """Read and check the operator's settings.

    Raises:
        ConfigError: something in them is wrong; it lists everything, with file, line and column.
    """
    root = _root(path)
    try:
        plain = data(root, file=str(path))
    except SpecError as error:
        raise ConfigError(error.problem, remedy=error.remedy, place=error.place) from error
    found: list[Problem] = []
    try:
        document = models.Document.model_validate(plain, context=path.parent)
    except ValidationError as error:
        found = [_problem(one, root, str(path)) for one in error.errors(include_url=False)]
    else:
        found = [
            Problem(_place(root, loc, str(path)), f"{_spoken(loc)} {text}", remedy)
            for loc, text, remedy in _contradictions(document)
        ]
    if found:
        # `from None`: pydantic's own error could repeat a secret that was read.
        raise joined(found, ConfigError, subject="This file") from None
    return _settings(document)


def schema() -> dict[str, Any]:
    """Give the JSON Schema (draft 2020-12) of controller.yaml."""
    made = models.Document.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}


def _root(path: Path) -> Node:
    try:
        roots = parse(text_of(path.read_bytes(), file=str(path)), file=str(path))
    except OSError as error:
        raise ConfigError(
            f"The settings cannot be read: {error.strerror}.",
            remedy="name the file with --config; docs/tutorial/first-rollout.md has one to begin "
            "with",
            place=Place(str(path)),
        ) from error
    except SpecError as error:
        raise ConfigError(error.problem, remedy="correct the file", place=error.place) from error
    if len(roots) != 1 or roots[0] is None or roots[0].kind is not NodeKind.MAPPING:
        raise ConfigError(
            "The settings are one mapping, with repositories, metrics and sync.",
            remedy="see `gitops-canary schema`",
            place=Place(str(path)),
        )
    return roots[0]


def _problem(error: Any, root: Node, file: str) -> Problem:
    """Say one of pydantic's errors in our words; its input is never repeated."""
    loc: Loc = tuple(part for part in error["loc"] if part != "[key]")
    where = _place(root, loc, file)
    name = _spoken(loc)
    match error["type"]:
        case "missing":
            return Problem(where, f"{name} is missing", f"add {loc[-1]}")
        case "extra_forbidden":
            known = fields_at(models.Document, loc[:-1])
            what = f"{_spoken(loc[:-1])} has no field {shown(str(loc[-1]))}"
            return Problem(where, what, nearest(str(loc[-1]), known))
        case type_ if type_ == PROBLEM:
            return Problem(where, f"{name} {error['ctx']['problem']}", error["ctx"]["remedy"])
        case _:
            what, remedy = told(error)
            more = "see `gitops-canary schema`" if remedy == SEE else remedy
            return Problem(where, f"{name} {what}", more)


def _place(root: Node, loc: Loc, file: str) -> Place:
    """Find the deepest node on the way; for an unknown or wrong entry its key."""
    node, key = root, root
    for part in loc:
        if isinstance(part, int) and node.kind is NodeKind.MAPPING:
            continue  # one mapping stands for a list of one
        child = node.get(part)
        if child is None:
            break
        key = (node.key(part) if isinstance(part, str) else None) or child
        node = child
    return Place(file, key.line, key.column)


def _spoken(loc: Loc) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)
    return text.removeprefix(".") or "controller.yaml"


def _contradictions(document: models.Document) -> Iterator[tuple[Loc, str, str]]:
    """Find what single values cannot tell: place, problem and remedy."""
    names = [repository.name for repository in document.repositories]
    for index, repository in enumerate(document.repositories):
        if repository.name in names[:index]:
            yield ("repositories", index, "name"), "is used twice", "give each its own name"
        yield from _repository(index, repository)
    for name, source in document.metrics.sources.items():
        yield from source_problems(("metrics", "sources", name), source)
    yield from telling_problems(document)
    yield from delivery_problems(document)
    yield from together_problems(document)
    if document.server:
        yield from server_problems(document.server)
    for index, sync in enumerate(document.sync):
        yield from sync_problems(("sync", index), sync, document.metrics.sources)
    try:
        check_identity(document.identity.name, document.identity.email)
    except ConfigError as error:
        yield ("identity",), error.problem, error.remedy


def _repository(index: int, one: models.Repository) -> Iterator[tuple[Loc, str, str]]:
    here: Loc = ("repositories", index)
    try:
        scheme = parse_url(one.url, allow_file=one.allow_file).scheme
    except ConfigError as error:
        yield (*here, "url"), f"cannot be used: {error.problem}", error.remedy
        scheme = ""
    if one.credentials and scheme not in {"http", "https", ""}:
        yield (*here, "credentials"), "are for https only", "remove them"
    if EVIDENCE_BRANCH.startswith(f"{one.branch}/"):
        yield (*here, "branch"), f"leaves no room for {EVIDENCE_BRANCH}", "name it otherwise"
    if one.branch == EVIDENCE_BRANCH:
        yield (*here, "branch"), "is the evidence branch", "name the config branch"
    for number, field in enumerate(one.allow_missing):
        if field not in DEFERRABLE:
            place: Loc = (*here, "allowMissing", number)
            yield place, f"{shown(field)} is no field to do without", nearest(field, DEFERRABLE)


def _settings(document: models.Document) -> Settings:
    return Settings(
        repositories=tuple(_one_repository(one) for one in document.repositories),
        sources={name: one_source(one) for name, one in document.metrics.sources.items()},
        sync=tuple(one_sync(one) for one in document.sync),
        identity=IdentitySettings(name=document.identity.name, email=document.identity.email),
        signing=_signing(document.signing),
        evidence=Evidence(document.evidence),
        server=one_server(document.server) if document.server else None,
        webhooks={name: one_webhook(one) for name, one in document.webhooks.items()},
        notifiers={name: one_notifier(one) for name, one in document.notifiers.items()},
    )


def _signing(one: models.Signing | None) -> SigningSettings | None:
    if one is None:
        return None
    return SigningSettings(
        key_file=one.key_file, trusted_keys=tuple(one.trusted_keys), format=one.format
    )


def _one_repository(one: models.Repository) -> RepositorySettings:
    return RepositorySettings(
        name=one.name,
        url=one.url,
        branch=one.branch,
        paths=tuple(one.paths),
        poll_ms=one.poll,
        username=one.credentials.username if one.credentials else None,
        password_file=one.credentials.password_file if one.credentials else None,
        ca_file=one.ca_file,
        ssh_key_file=one.ssh_key_file,
        known_hosts_file=one.known_hosts_file,
        pushes_per_minute=one.pushes_per_minute,
        forge_commits=one.forge_commits,
        allow_file=one.allow_file,
        lean=one.lean,
        default_provider=one.provider,
        initialise=one.initialise,
        allow_missing=frozenset(one.allow_missing),
        forge=one_forge(one.forge) if one.forge else None,
        delivery=one_delivery(one.delivery),
    )
