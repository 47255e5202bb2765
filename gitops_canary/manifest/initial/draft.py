"""The repository while `init` writes into it: new files, edits, patches, one stage at a time."""

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gitops_canary.errors import BindingError, Place
from gitops_canary.manifest.block_yaml import block
from gitops_canary.manifest.document import Json, Node, data, parse
from gitops_canary.manifest.initial import overlay
from gitops_canary.manifest.initial.overlay import Home
from gitops_canary.manifest.initial.terrain import Document, Terrain
from gitops_canary.model.names import Path
from gitops_canary.model.owned import DocRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One commit."""

    step: str
    """Which of how many, e.g. `1/3`."""
    title: str
    """What it does, as the end of a subject."""
    why: str
    """For the message."""
    until: str
    """What has to be so before the next one, as a clause; empty of the last one."""
    files: Mapping[Path, str]
    """Path to the whole new text, of what is new or changed."""


@dataclass(slots=True, kw_only=True)
class Draft:
    """Texts as they become; `close` makes a stage of what changed since the last one."""

    terrain: Terrain
    home: Home
    texts: dict[Path, str]
    stages: list[Stage] = field(default_factory=list)
    before: dict[Path, str] = field(default_factory=dict)

    def close(self, step: str, title: str, why: str, until: str = "") -> None:
        """End a stage; one that changes nothing is none."""
        files = {p: text for p, text in self.texts.items() if self.before.get(p) != text}
        if files:
            self.stages.append(Stage(step=step, title=title, why=why, until=until, files=files))
        self.before = dict(self.texts)

    def add(self, name: str, text: str, *, applied: bool = True, folder: str | None = None) -> Path:
        """Write a new file beside the application's, and let the kustomization list it.

        Raises:
            BindingError: there is one of that name.
        """
        path = Path(posixpath.join(self.home.folder if folder is None else folder, name))
        if path in self.texts:
            raise BindingError(
                f"{path} is there already, and holds something else.",
                remedy="move it away, or rename it, and run this again",
                place=Place(path, 1, 1),
            )
        self.texts[path] = text
        if applied and self.home.kustomization is not None:
            self.list("resources", name)
        return path

    def list(self, key: str, item: object, *, outer: bool = False) -> None:
        """Add an item to a list of the kustomization."""
        file = self.home.outer if outer else self.home.kustomization
        assert file is not None, "asked for only where kustomize builds"
        self.texts[file] = overlay.listed(self.texts[file], key, item, file=file)

    def put(self, ref: DocRef, text: str) -> None:
        """Take over a document's new text: in place, or as a patch where others build it too.

        Raises:
            BindingError: the file of the patch is there already.
        """
        if not self.apart(ref.file):
            self.texts[ref.file] = text
            return
        before = self.texts[ref.file]
        meta: dict[str, Json] = {"name": ref.name}
        meta |= {"namespace": ref.namespace} if ref.namespace else {}
        notes = _changed(before, text, ref, "metadata", "annotations")
        meta |= {"annotations": notes} if notes else {}
        name = patch_name(ref)
        patch: dict[str, Json] = {
            "apiVersion": ref.api_version,
            "kind": ref.kind,
            "metadata": meta,
            "spec": _changed(before, text, ref, "spec"),
        }
        self.add(name, block(patch), applied=False)
        self.list("patches", {"path": name}, outer=True)

    def apart(self, file: Path) -> bool:
        """Tell whether a file stays as it is, and the overlay changes what it says by patches."""
        if overlay.is_shared(self.terrain, file):
            return True
        home = self.home
        return home.shared and file not in self.terrain.kustomizations[home.folder].resources

    def document(self, ref: DocRef) -> Node:
        """Read a document as it is now."""
        root = parse(self.texts[ref.file], file=ref.file)[ref.index]
        assert root is not None, "nothing is taken out"
        return root


def _changed(before: str, after: str, ref: DocRef, *at: str) -> dict[str, Json]:
    """Give the keys of a mapping of a document that are new or have another value."""
    old, new = (_mapping(text, ref, at) for text in (before, after))
    return {key: value for key, value in new.items() if old.get(key) != value}


def _mapping(text: str, ref: DocRef, at: tuple[str, ...]) -> dict[str, Json]:
    root = parse(text, file=ref.file)[ref.index]
    node = root.get(*at) if root else None
    found = data(node, file=ref.file) if node else {}
    assert isinstance(found, dict), "specs and annotations are mappings"
    return found


def patch_name(ref: DocRef) -> str:
    """Name the file of the patch of a document."""
    return f"{ref.kind.lower()}-{ref.name}-split.yaml"


def file_of(documents: Sequence[str], like: str) -> str:
    """Join documents into a file, with the line endings of another one."""
    end = "\r\n" if "\r\n" in like else "\n"
    whole = f"---{end}".join(documents)
    return whole.replace("\r\n", "\n").replace("\n", end)


def written(values: Iterable[Mapping[str, object]]) -> list[str]:
    """Write new documents."""
    return [block(dict(one)) for one in values]  # type: ignore[arg-type]  # plain values, by the port


def file_beside(workload: Document, suffix: str) -> str:
    """Name a file after the one a workload stands in.

    >>> from gitops_canary.manifest.initial.terrain import survey
    >>> text = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}}"
    >>> file_beside(survey({Path("a/deploy.yml"): text}).documents[0], "primary")
    'deploy-primary.yml'
    """
    stem, end = posixpath.splitext(posixpath.basename(workload.ref.file))
    return f"{stem}-{suffix}{end}"
