"""`init`: from a checkout and a person's answers to commits, proved before they are shown."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path as LocalPath

from gitops_canary.app.linting import WORK_TREE, Folder, held
from gitops_canary.app.reading import Rules
from gitops_canary.core.telemetry import measured
from gitops_canary.errors import BindingError, SpecError
from gitops_canary.manifest import catalog, crd, document
from gitops_canary.manifest.bindings import allowed
from gitops_canary.manifest.initial import overlay
from gitops_canary.manifest.initial.choice import Choice, label
from gitops_canary.manifest.initial.draft import Stage
from gitops_canary.manifest.initial.questions import Asking
from gitops_canary.manifest.initial.remark import Remark
from gitops_canary.manifest.initial.remarks import elsewhere, remarks
from gitops_canary.manifest.initial.stages import SCHEMA, stages
from gitops_canary.manifest.initial.terrain import Terrain, survey
from gitops_canary.manifest.kustomize import is_kustomization
from gitops_canary.model.commits import Blob
from gitops_canary.model.names import BlobId, CanaryId, Path, Revision
from gitops_canary.ports import Store
from gitops_canary.routing import FOUNDERS, ROUTERS
from gitops_canary.routing.founding import Unfounded

REFUSED = "this is not what was meant to come out; please report it with the manifests"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What would be committed for one application."""

    choice: Choice
    label: str
    """Names the application among the others here, in a branch and in files."""
    stages: tuple[Stage, ...]
    """Empty where all of it is there."""
    remarks: tuple[Remark, ...]
    unread: tuple[SpecError, ...]
    """Why files were passed over."""


class Texts:
    """Texts in memory, read through the same port as a revision (ports.Store)."""

    def __init__(self, texts: Mapping[Path, str]) -> None:
        bodies = {path: text.encode() for path, text in texts.items()}
        names = {path: BlobId(hashlib.sha256(body).hexdigest()) for path, body in bodies.items()}
        self._files = {path: Blob(id=name, executable=False) for path, name in names.items()}
        self._bodies = {names[path]: body for path, body in bodies.items()}

    def files(self, revision: Revision) -> Mapping[Path, Blob]:
        """List the files; only WORK_TREE exists."""
        assert revision == WORK_TREE, "texts have one revision"
        return self._files

    def read(self, blobs: Sequence[BlobId]) -> Mapping[BlobId, bytes]:
        """Give the bytes of files that `files` listed."""
        return {blob: self._bodies[blob] for blob in blobs}


def texts_of(
    store: Store, revision: Revision, paths: Sequence[str]
) -> tuple[dict[Path, str], tuple[SpecError, ...]]:
    """Read the files of a revision that kustomize may; the errors say which were passed over."""
    texts: dict[Path, str] = {}
    unread: list[SpecError] = []
    for path, blob in store.files(revision).items():
        known = path.endswith((".yaml", ".yml", ".json")) or is_kustomization(path)
        if not known or not allowed(path, paths):
            continue
        try:
            raw = store.read([blob.id])[blob.id]
            # Of JSON, patches of kustomize (RFC 6902) alone.
            if not path.endswith(".json") or b'"op"' in raw:
                texts[path] = document.text_of(raw, file=path)
            elif missed := catalog.in_json(raw, path):
                unread.append(missed)
        except SpecError as error:
            unread.append(error)
    return texts, tuple(unread)


def terrain(root: LocalPath, paths: Sequence[str]) -> Terrain:
    """Read a checkout, or some folders of it."""
    texts, unread = texts_of(Folder(root), WORK_TREE, paths)
    found = survey(texts)
    return replace(found, unread=(*unread, *found.unread))


def asking(found: Terrain) -> Asking:
    """Begin to ask."""
    return Asking(found, dict(FOUNDERS), dict(ROUTERS))


def prepare(found: Terrain, choice: Choice, paths: Sequence[str]) -> Prepared:
    """Write the commits, and make sure that they end in a canary at rest.

    Raises:
        CanaryError: something stands in the way; nothing has been written.
    """
    made = _proved(found, choice, Rules(paths=tuple(paths), default_provider=choice.provider))
    return Prepared(
        choice=choice,
        label=label(found, choice),
        stages=made,
        remarks=told(found, choice, made),
        unread=found.unread,
    )


def told(found: Terrain, choice: Choice, made: Sequence[Stage]) -> tuple[Remark, ...]:
    """List what a person has to look at, once what is missing is written."""
    then = dict(found.texts)
    for stage in made:
        then.update(stage.files)
    scoped = overlay.scoped(found, choice.outer, choice.namespace, choice.workload)
    end = overlay.scoped(survey(then), choice.outer, choice.namespace, choice.workload)
    return (*elsewhere(found, scoped, choice), *remarks(scoped, choice, end))


def carried(found: Terrain, choice: Choice, rules: Rules) -> tuple[Stage, ...]:
    """Write what is left to do for a Canary that is there already.

    Raises:
        CanaryError: something stands in the way.
    """
    return _proved(found, choice, rules)


def _proved(found: Terrain, choice: Choice, rules: Rules) -> tuple[Stage, ...]:
    made = stages(
        overlay.scoped(found, choice.outer, choice.namespace, choice.workload),
        choice,
        dict(FOUNDERS).get(choice.provider) or Unfounded(choice.provider),
        ROUTERS[choice.provider],
        schema=json.dumps(crd.document_schema(), indent=1) + "\n",
        measured=measured(choice.provider),
    )
    after = dict(found.texts)
    for stage in made:
        after.update(stage.files)
    _prove(after, choice, rules)
    return made


def _prove(texts: Mapping[Path, str], choice: Choice, rules: Rules) -> None:
    """Read the result as the controller would: it has to be idle, with nothing to complain of."""
    yaml = {path: text for path, text in texts.items() if path != SCHEMA}
    found = held(Texts(yaml), rules, CanaryId(choice.title))
    mine = [one for one in found if one.canary == choice.title and not one.warning]
    for one in mine:
        if one.error:
            raise one.error
        for never in one.never:
            raise BindingError(never.problem, remedy=never.remedy, place=never.place)
        if not one.summary.startswith("idle at 0 %"):
            raise BindingError(
                f"{choice.title} would not be at rest: {one.summary}.",
                remedy="let both workloads run the same version, with weight 0",
                place=one.place,
            )
    if len(mine) != 1:
        raise BindingError(
            f"There would be {len(mine) or 'no'} Canaries {choice.title}.",
            remedy=REFUSED,
            place=choice.workload.place,
        )
