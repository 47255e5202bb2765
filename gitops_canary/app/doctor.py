"""The examination of a checkout and its surroundings: a table of checks, each independent."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path as LocalPath

from gitops_canary.app.linting import WORK_TREE, Folder
from gitops_canary.app.reading import Reader, Rules
from gitops_canary.errors import SpecError
from gitops_canary.manifest import document
from gitops_canary.manifest.census import Standing, census
from gitops_canary.model.names import Path
from gitops_canary.routing import ROUTERS


class Health(Enum):
    """What a check found."""

    OK = "ok"
    HINT = "hint"
    NO = "no"
    WRONG = "wrong"
    """Something has to be repaired; doctor ends with 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing a check found."""

    check: str
    subject: str
    health: Health
    what: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """What is examined."""

    repo: LocalPath
    default_provider: str = "istio"


Check = Callable[[Patient], Iterable[Finding]]


def examine(patient: Patient) -> list[Finding]:
    """Run every check of the table."""
    return [finding for check in CHECKS.values() for finding in check(patient)]


def workloads(patient: Patient) -> Iterable[Finding]:
    """List what could be driven, how its image is bound, and for the rest the reason."""
    folder = Folder(patient.repo)
    blobs = folder.files(WORK_TREE)
    texts: dict[Path, str] = {}
    for path, blob in blobs.items():
        try:
            texts[path] = document.text_of(folder.read([blob.id])[blob.id], file=path)
        except SpecError as error:
            yield Finding(
                check="workloads",
                subject=path,
                health=Health.NO,
                what=error.problem,
                remedy=error.remedy,
            )
    for one in census(texts, _targets(folder, patient)):
        marker = f"; the Flux policy {one.marker} moves it" if one.marker else ""
        name = f"{one.namespace}/{one.name}" if one.namespace else one.name
        yield Finding(
            check="workloads",
            subject=f"{one.place} {one.kind} {name}",
            health={
                Standing.DRIVEN: Health.OK,
                Standing.COULD: Health.HINT,
                Standing.NOT: Health.NO,
            }[one.standing],
            what=f"{one.standing.value}: {one.bound}{marker}",
            remedy=one.remedy,
        )


def _targets(folder: Folder, patient: Patient) -> Mapping[tuple[str, str], str]:
    """Give the Canary of every workload, and of every document whose fields one binds."""
    rules = Rules(paths=(), default_provider=patient.default_provider)
    reader = Reader(folder, rules, ROUTERS)
    view = reader.view(WORK_TREE)
    found: dict[tuple[str, str], str] = {}
    for canary, spec in view.canaries.items():
        found[spec.target.kind, spec.target.name] = canary
        for pair in spec.source:
            for side in (pair.candidate, pair.primary):
                found[side.file, side.document.rpartition("/")[2]] = canary
    return found


CHECKS: Mapping[str, Check] = {"workloads": workloads}
"""Every check by its name, in the order they are told."""
