"""Reading a checkout as the controller would, and saying what it could not use."""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path as LocalPath

from gitops_canary.app.examining import examine
from gitops_canary.app.indexing import SUFFIXES
from gitops_canary.app.reading import Reader, Rules, View
from gitops_canary.core.buckets import unusual
from gitops_canary.core.edits import Ground
from gitops_canary.core.explain import ladder
from gitops_canary.core.hooks import of
from gitops_canary.core.outlook import outlook
from gitops_canary.core.questions import unaskable
from gitops_canary.core.text import counted, percent
from gitops_canary.errors import CanaryError, Place, SpecError, UsageError
from gitops_canary.manifest import catalog, contested, document
from gitops_canary.manifest.header import KINDS
from gitops_canary.manifest.nodes import SIZE_MAX, Node
from gitops_canary.manifest.problems import nearest, shown
from gitops_canary.model.commits import Blob
from gitops_canary.model.names import BlobId, CanaryId, Path, Revision, blob_id
from gitops_canary.model.spec import CanarySpec
from gitops_canary.model.webhooks import HookType
from gitops_canary.ports import Store
from gitops_canary.routing import ROUTERS

WORK_TREE = Revision("0" * 40)
"""Stands for the files as they lie on disk."""
FILES_MAX = 200_000
_KINDS = ("*.y*ml", "*.json", "Kustomization")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What became of one Canary, or of one file that could not be read."""

    canary: CanaryId
    place: Place
    summary: str = ""
    outlook: tuple[str, ...] = ()
    """What will happen to a new version, line by line."""
    never: tuple[SpecError, ...] = ()
    """Checks that can never be asked: nothing would ever pass."""
    error: CanaryError | None = None
    warning: SpecError | None = None
    """Why a file that no Canary is known to need cannot be read."""


class Folder:
    """A checkout on disk, read once through the same port as a revision (ports.Store)."""

    def __init__(self, root: LocalPath) -> None:
        if not root.is_dir():
            raise UsageError(f"{root} is not a folder.", remedy="name a checkout to read")
        self._root = root
        self._bytes: dict[BlobId, bytes] = {}
        self._files: dict[Path, Blob] | None = None
        self._failed: dict[BlobId, SpecError] = {}

    def files(self, revision: Revision) -> Mapping[Path, Blob]:
        """List the files on disk that may hold manifests or patches; only WORK_TREE exists.

        Links are not followed, and JSON that is too large to be read is left out.
        """
        assert revision == WORK_TREE, "a folder has one revision"
        if self._files is None:
            self._files = {}
            for inside in sorted(self._named(), key=lambda one: one.split("/"))[:FILES_MAX]:
                path = self._root / inside
                if path.suffix == ".json" and path.stat().st_size > SIZE_MAX:
                    continue
                self._files[Path(inside)] = Blob(id=self._kept(path, inside), executable=False)
        return self._files

    def _named(self) -> Iterator[str]:
        """List the files whose names say that they may hold manifests; Git's own are not read."""
        for folder, inner, files in os.walk(self._root):
            inner[:] = [one for one in inner if one != ".git"]
            for name in files:
                path = LocalPath(folder) / name
                if any(fnmatchcase(name, kind) for kind in _KINDS) and not path.is_symlink():
                    yield from [path.relative_to(self._root).as_posix()] if path.is_file() else ()

    def _kept(self, path: LocalPath, inside: str) -> BlobId:
        """Read a file, or keep why that cannot be done for whoever asks for it."""
        try:
            data = path.read_bytes()
        except OSError as error:
            name = BlobId(hashlib.sha1(os.fsencode(inside)).hexdigest())  # noqa: S324 - no file's id
            problem, place = f"The file cannot be read: {error.strerror}.", Place(inside, 1, 1)
            remedy = "let whoever runs this read it"
            self._failed[name] = SpecError(problem, remedy=remedy, place=place)
            return name
        name = blob_id(data)
        self._bytes[name] = data
        return name

    def read(self, blobs: Sequence[BlobId]) -> Mapping[BlobId, bytes]:
        """Give the bytes of files that `files` listed.

        Raises:
            SpecError: one of them could not be read from the disk.
        """
        for blob in blobs:
            if blob in self._failed:
                raise self._failed[blob]
        return {blob: self._bytes[blob] for blob in blobs}


def findings(
    root: LocalPath, *, default_provider: str | None, allow_missing: frozenset[str]
) -> list[Finding]:
    """Read every Canary below a folder and bind it; what is wrong with one never hides another.

    Files that are no YAML follow: what is missing may lie in one of them.
    """
    rules = Rules(paths=(), default_provider=default_provider, allow_missing=allow_missing)
    folder = Folder(root)
    found = held(folder, rules)
    told = {one.place.file for one in found if one.error}
    return [*found, *(one for one in _unread(folder) if one.place.file not in told)]


def _unread(store: Store) -> Iterator[Finding]:
    """Tell of every YAML file that is none, and of manifests in JSON.

    Templates need not be YAML, and the large are not read.
    """
    for path, blob in store.files(WORK_TREE).items():
        try:
            roots = _taken_apart(store.read([blob.id])[blob.id], path)
        except SpecError as error:
            yield Finding(canary=CanaryId(path), place=error.place or Place(path), warning=error)
            continue
        for root in roots:
            if wrong := _misspelled(root, path):
                yield Finding(canary=CanaryId(path), place=wrong.place or Place(path), error=wrong)


def _taken_apart(raw: bytes, path: Path) -> Sequence[Node | None]:
    """Give the documents of a file, as far as it is one that is read.

    Raises:
        SpecError: it is no YAML, or holds in JSON what is looked for in YAML.
    """
    if path.endswith(".json") and (missed := catalog.in_json(raw, path)):
        raise missed
    if not path.endswith(SUFFIXES) or len(raw) > SIZE_MAX or b"{{" in raw:
        return ()
    return document.parse(document.text_of(raw, file=path), file=path)


def _misspelled(root: Node | None, path: Path) -> SpecError | None:
    """Refuse a kind that its group does not have: such a document would be passed over."""
    version, kind = (root.get(key) if root else None for key in ("apiVersion", "kind"))
    if version is None or kind is None:
        return None
    known = KINDS.get(str(version.value).partition("/")[0])
    if known is None or str(kind.value) in known:
        return None
    return SpecError(
        f"There is no kind {shown(str(kind.value))} in {version.value}, so it is passed over.",
        remedy=nearest(str(kind.value), known),
        place=Place(path, kind.line, kind.column),
    )


def held(store: Store, rules: Rules, only: CanaryId | None = None) -> list[Finding]:
    """Read and bind every Canary, or one, of the one revision a store has, WORK_TREE."""
    reader = Reader(store, rules, ROUTERS)
    view = reader.view(WORK_TREE)
    found = [
        Finding(canary=canary, place=error.place or Place(canary), error=error)
        for canary, error in view.errors.items()
    ]
    grounds: dict[CanaryId, Ground] = {}
    wanted = [spec for spec in view.canaries.values() if only in {None, spec.id}]
    for spec in wanted:
        found.extend(_one(reader, view, spec, grounds))
    clashes = contested.conflicts({canary: ground.binding for canary, ground in grounds.items()})
    return [
        Finding(canary=f.canary, place=f.place, error=clashes[f.canary])
        if f.canary in clashes
        else f
        for f in found
        if f.summary or f.canary not in clashes
    ]


def _one(
    reader: Reader, view: View, spec: CanarySpec, grounds: dict[CanaryId, Ground]
) -> Iterator[Finding]:
    """Look at one Canary; what is no error of it, and a person should know, follows."""
    try:
        found = examine(reader, view, spec)
    except CanaryError as error:
        yield Finding(canary=spec.id, place=error.place or spec.place, error=error)
        return
    ground, around = found.ground, found.around
    grounds[spec.id] = ground
    never = tuple(unaskable(spec))
    told = (f"{one.problem} To go on: {one.remedy}." for one in never)
    lines = (*outlook(spec, ground, tuple(around.lines())), *told)
    summary = _summary(spec, ground, found.always, len(never))
    yield Finding(canary=spec.id, place=spec.place, summary=summary, outlook=lines, never=never)
    for warning in (*around.warnings(), *unusual(spec)):
        yield Finding(canary=spec.id, place=warning.place or spec.place, warning=warning)


def _summary(spec: CanarySpec, ground: Ground, extra: Sequence[str], never: int) -> str:
    owned = ground.owned
    state = "idle" if owned.settled else "has a candidate"
    steps = f"{counted(len(spec.policy.steps), 'step')} ({ladder(spec.policy)})"
    checks = counted(len(spec.policy.checks), "check")
    summary = f"{state} at {percent(owned.weight)} %; {steps}, {checks}"
    if hooks := of(spec.policy, HookType.ROLLOUT):
        summary += f", {counted(len(hooks), 'webhook')}"
    if extra:
        summary += f"; whatever the weight, the canary also gets what {', '.join(extra)} sends it"
    if never:
        summary += f"; {never} of them can never be asked, so nothing would ever pass"
    return summary
