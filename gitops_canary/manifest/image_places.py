"""Every place of a YAML tree that names an image or a chart, found by structure alone.

Lists are followed by their items' names, never by index, so that a sidecar put in front moves
nothing. Encrypted documents, CRDs, chart indexes and lock files hold none.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from types import MappingProxyType

from gitops_canary.errors import SpecError
from gitops_canary.manifest.field_path import Inside, Key, Pick, Step
from gitops_canary.manifest.nodes import Node, NodeKind, parse
from gitops_canary.manifest.tree import listed
from gitops_canary.model.kept import remembered

_IGNORED_FILES = frozenset({
    "Chart.lock", "requirements.lock", "helmfile.lock", "pnpm-lock.yaml", "index.yaml",
    ".pre-commit-config.yaml", ".sops.yaml",
})  # fmt: skip
_IGNORED_KINDS = frozenset({"CustomResourceDefinition", "ImageUpdateAutomation", "ImagePolicy"})
_TAG = r"[A-Za-z0-9_][\w.-]{0,127}"
_NAME = r"(?:[a-zA-Z0-9.-]+(?::[0-9]+)?/)?[a-z0-9][a-z0-9._/-]*"
_FULL = re.compile(rf"{_NAME}(?::{_TAG})?(?:@sha256:[0-9a-f]{{64}})?")
_CERTAIN = re.compile(
    rf"{_NAME}(?:(?<=[a-z0-9])/[\w./-]+)?(?::{_TAG}|@sha256:[0-9a-f]{{64}}){{1,2}}"
)
_BARE = re.compile(r"(?i)(?:.*[_-])?image[_-]?(?:tag|version|digest)|.*[a-z_]tag|tag")
_VERSION = re.compile(r"(?i)(?:app|image)?[_-]?version|.*_version|.*[a-z]Version")
_SIBLINGS = ("tag", "version", "imageTag", "digest", "newTag")
_REPOSITORIES = ("repository", "repo", "newName", "image", "name", "imageRepository")
_NOT_IMAGES = frozenset({"apiVersion", "kind", "schemaVersion", "chartVersion", "targetRevision"})


class Form(Enum):
    """How an image is written down."""

    CONTAINER = "a container's image"
    IMAGE = "an image reference"
    PARTS = "repository and tag apart"
    KUSTOMIZE = "a kustomize images entry"
    PARAMETER = "a Helm parameter"
    BARE = "a tag alone"
    CHART = "a chart's version"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePlace:
    """One image in one document."""

    form: Form
    path: tuple[Step, ...]
    """To the reference itself, or to the mapping that holds its parts."""
    value: str
    """The whole reference where it is written down, else the tag."""
    line: int
    """In the file, counted from 1."""


@remembered(256)
def image_places(text: str, *, file: str) -> Mapping[tuple[int, tuple[Step, ...]], ImagePlace]:
    """List the places of a file, by document and path; documents are counted from 0.

    What a commit leaves behind is what the next one begins with, so the newest are kept.

    Raises:
        SpecError: the file is not YAML.
    """
    if ignored(file):
        return MappingProxyType({})
    return MappingProxyType(
        {
            (index, path): place
            for index, root in enumerate(parse(text, file=file))
            if root is not None
            for path, place in places_below(root, file=file).items()
        }
    )


def places_below(root: Node, *, file: str) -> Mapping[tuple[Step, ...], ImagePlace]:
    """List the places of one document of a file, by path."""
    found: dict[tuple[Step, ...], ImagePlace] = {}
    if not ignored(file) and not listed(root) and not _closed(root):
        for place in _below(root, (), _Context(file=file, kind=_text(root, "kind"))):
            found.setdefault(place.path, place)
    return found


def ignored(file: str) -> bool:
    """Tell whether a file's versions never are those of images."""
    name = posixpath.basename(file)
    return name in _IGNORED_FILES or name.endswith((".lock", "-lock.yaml", ".lock.yaml"))


def _closed(root: Node) -> bool:
    """Whether a document is encrypted, a schema or an index."""
    index = root.get("entries") is not None and root.get("generated") is not None
    return root.get("sops") is not None or _text(root, "kind") in _IGNORED_KINDS or index


class _Texts(dict[str, str]):
    """The scalars of one mapping; empty where there is none."""

    def __missing__(self, key: str) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class _Context:
    file: str
    kind: str
    inside: bool = False


def _below(node: Node, path: tuple[Step, ...], context: _Context) -> Iterator[ImagePlace]:
    if node.kind is NodeKind.MAPPING:
        yield from _mapping(node, path, context)
    elif node.kind is NodeKind.SEQUENCE:
        for item, step in _items(node):
            if item.kind is NodeKind.SCALAR:
                yield from _scalar(item, (*path, step), "", context)
            else:
                yield from _below(item, (*path, step), context)


def _items(node: Node) -> Iterator[tuple[Node, Step]]:
    """Give items with a step that names them: by name, else by what they are an image of."""
    seen: dict[Pick, int] = {}
    for item in node.items:
        names = ("name", "id", "key", "chart", *(("path",) if _text(item, "op") else ()))
        name = next((k for k in names if _text(item, k)), "")
        value = _text(item, name) if name else ""
        target = item.get("target")
        if not name and target is not None and _text(target, "name"):
            name, value = "target.name", _text(target, "name")
        # Build steps are named by their image, version and all.
        if not value or (_CERTAIN.fullmatch(value) and "/" in value):
            value = _repository(item)
        # What has no name is the one item of its kind, e.g. a generator: known by its first key.
        first = item.entries[0][0].value if item.entries and not value else ""
        step = Pick(first or name or "image", value)
        seen[step] = seen.get(step, 0) + 1
        yield item, step if seen[step] == 1 else Pick(f"{step.key}#{seen[step]}", value)


def _repository(item: Node) -> str:
    value = item.value if item.kind is NodeKind.SCALAR else _text(item, "image")
    value = value or next((_text(item, key) for key in _REPOSITORIES if _text(item, key)), "")
    return re.sub(r"(@sha256:.*|:[^/]*)$", "", value)


def _mapping(node: Node, path: tuple[Step, ...], context: _Context) -> Iterator[ImagePlace]:
    texts = _texts(node)
    chart = _chart(node, texts, path, context)
    whole = None if chart else _whole(node, texts, path)
    for place in (chart, whole):
        if place is not None:
            yield place
    taken = _SIBLINGS if chart or whole else ()
    for key, value in node.entries:
        name = f"*{key.value}" if key.kind is NodeKind.ALIAS else key.value
        if name in _NOT_IMAGES or name in taken:
            continue
        if whole is not None and name in _REPOSITORIES and value.kind is NodeKind.SCALAR:
            continue
        if value.kind is NodeKind.SCALAR:
            called = _patched(texts) if name == "value" else name
            yield from _scalar(value, (*path, Key(name)), called, context)
        else:
            yield from _below(value, (*path, Key(name)), context)


def _scalar(
    node: Node, path: tuple[Step, ...], key: str, context: _Context
) -> Iterator[ImagePlace]:
    value = node.value
    held = node.style in {"|", ">"} or value.startswith(("[{", '{"'))
    if held and not context.inside and re.search("image|tag", value, re.IGNORECASE):
        for place in _inner(value, path, context):
            yield replace(place, line=node.line + place.line if node.style == "|" else node.line)
        return
    form = None
    if key == "image" and _FULL.fullmatch(value):
        form = Form.CONTAINER if _in_containers(path) else Form.IMAGE
    elif _CERTAIN.fullmatch(value) and ("/" in value or key.lower().endswith("image")):
        form = None if _is_address(value) else Form.IMAGE
    elif _BARE.fullmatch(key) and re.fullmatch(rf"{_TAG}(?:@sha256:[0-9a-f]{{64}})?", value):
        form = Form.BARE
    elif _VERSION.fullmatch(key) and re.fullmatch(r"v?[0-9][\w.-]{0,127}|[0-9a-f]{7,40}", value):
        form = None if context.kind or context.inside else Form.BARE
    if form is not None:
        yield ImagePlace(form=form, path=path, value=value, line=node.line)


def _patched(texts: _Texts) -> str:
    """Name the field that an operation of a JSON patch (RFC 6902) sets; else its own key."""
    if texts["op"] in {"add", "replace"}:
        return texts["path"].rpartition("/")[2] or "value"
    return "value"


def _inner(text: str, path: tuple[Step, ...], context: _Context) -> Iterator[ImagePlace]:
    try:
        roots = [root for root in parse(text, file=context.file) if root is not None]
    except SpecError:
        # A text that is no YAML is a script, a query, a template: no image lies in a field there.
        return
    if len(roots) == 1 and roots[0].kind is not NodeKind.SCALAR:
        inside = _Context(file=context.file, kind=context.kind, inside=True)
        yield from _below(roots[0], (*path, Inside()), inside)


def _is_address(value: str) -> bool:
    """Whether `host:8080/x` or `http://...` rather than an image."""
    return "://" in value or re.fullmatch(r"[^/]+:[0-9]{2,5}(/.*)?", value) is not None


def _in_containers(path: tuple[Step, ...]) -> bool:
    keys = [step.name for step in path if isinstance(step, Key)]
    return any(key in {"containers", "initContainers"} for key in keys)


def _whole(node: Node, texts: _Texts, path: tuple[Step, ...]) -> ImagePlace | None:
    """Read a mapping whose entries are the parts of one reference."""
    parameter, held = texts["name"], texts["value"]
    if re.search(r"(?i)(image|tag|version)", parameter) and held and "/" not in held:
        return ImagePlace(form=Form.PARAMETER, path=path, value=held, line=node.line)
    if path[:1] == (Key("images"),) and len(path) == 2 and parameter:  # noqa: PLR2004 - an entry of the list
        name = texts["newName"] or parameter
        # kustomize users also write the tag into newName; then it is the whole reference.
        value = name if _tagged(name) else _joined(texts, name)
        return ImagePlace(form=Form.KUSTOMIZE, path=path, value=value, line=node.line)
    name = next((texts[key] for key in _REPOSITORIES if key != "name" and texts[key]), "")
    if not name or _tagged(name) or not (_tag(texts) or texts["digest"]):
        return None
    return ImagePlace(form=Form.PARTS, path=path, value=_joined(texts, name), line=node.line)


def _tagged(name: str) -> bool:
    """Whether a repository's name has a tag in it."""
    return ":" in name.rpartition("/")[2]


def _tag(texts: _Texts) -> str:
    found = next((texts[key] for key in ("newTag", "tag", "imageTag") if texts[key]), "")
    return found or (texts["version"] if texts["image"] else "")


def _joined(texts: _Texts, name: str) -> str:
    """Write the reference whose parts a mapping holds."""
    registry = f"{texts['registry']}/" if texts["registry"] else ""
    tag, digest = _tag(texts), texts["digest"]
    return f"{registry}{name}" + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")


def _chart(
    node: Node, texts: _Texts, path: tuple[Step, ...], context: _Context
) -> ImagePlace | None:
    """Read a mapping that names a chart and its version."""
    keys = [step.name for step in path if isinstance(step, Key)]
    version = texts["version"]
    if context.kind == "OCIRepository" and keys == ["spec", "ref"]:
        version = texts["tag"] or texts["semver"] or texts["digest"]
    elif context.kind == "HelmRelease" and keys == ["spec", "chart", "spec"]:
        version = texts["version"]
    elif posixpath.basename(context.file) == "Chart.yaml" and (not keys or "dependencies" in keys):
        version = f"{version} {texts['appVersion']}".strip()
    elif texts["targetRevision"]:
        version = texts["targetRevision"]
    elif "helmCharts" not in keys and not (texts["chart"] and version):
        return None
    if not version:
        return None
    return ImagePlace(form=Form.CHART, path=path, value=version, line=node.line)


def _texts(node: Node) -> _Texts:
    """Give the scalars of a mapping by their keys, all at once: they are asked for many times."""
    entries = ((key.value, value) for key, value in reversed(node.entries))
    return _Texts({k: v.value if v.kind is NodeKind.SCALAR else "" for k, v in entries})


def _text(node: Node, key: str) -> str:
    child = node.get(key) if node.kind is NodeKind.MAPPING else None
    return child.value if child is not None and child.kind is NodeKind.SCALAR else ""
