"""Documents for the primary, copied from those that stand there, in their own style."""

import re
from collections.abc import Collection, Mapping

from gitops_canary.errors import BindingError
from gitops_canary.manifest.document import (
    Node,
    NodeKind,
    Pointer,
    data,
    insert_key,
    parse,
    set_scalar,
)
from gitops_canary.manifest.guard import line_end
from gitops_canary.manifest.initial.terrain import Document
from gitops_canary.manifest.items import remove
from gitops_canary.manifest.naming import Names, named
from gitops_canary.manifest.scaler_copy import Limits, bounds

_IMAGE_COMMENT = re.compile(r"(?m)^(\s*(?:- +)?[\"']?image[\"']?\s*:\s*[^#\r\n]*?)[ \t]+#[^\r\n]*")
_BOT_COMMENT = re.compile(
    r"(?m)^[ \t]*#[^\r\n]*(?:renovate|\$imagepolicy|release-please)[^\r\n]*\r?\n"
)
_BOT_NOTES = ("keel.sh/", "fluxcd.io/", "flux.weave.works/", "argocd-image-updater.argoproj.io/")
_SERVICE_ONLY: tuple[Pointer, ...] = (
    ("metadata", "annotations"),
    ("spec", "type"), ("spec", "clusterIPs"), ("spec", "externalIPs"),
    ("spec", "externalTrafficPolicy"), ("spec", "healthCheckNodePort"),
    ("spec", "loadBalancerIP"), ("spec", "loadBalancerClass"),
    ("spec", "loadBalancerSourceRanges"), ("spec", "allocateLoadBalancerNodePorts"),
)  # fmt: skip
NAME_MAX = 63
"""Characters of a label and of a Service's name (RFC 1123)."""
POLICIES: Mapping[str, Pointer] = {
    "NetworkPolicy": ("spec", "podSelector"),
    "PodDisruptionBudget": ("spec", "selector"),
    "PodMonitor": ("spec", "selector"),
    "AuthorizationPolicy": ("spec", "selector"),
    "PeerAuthentication": ("spec", "selector"),
    "RequestAuthentication": ("spec", "selector"),
    "Sidecar": ("spec", "workloadSelector"),
}
"""Kinds that select pods by label, and where: the primary's pods need one of their own."""


def copyable(*documents: Document) -> None:
    """Make sure that documents can be copied under a longer name.

    Raises:
        SpecError: one holds an alias, which may stand for another place's value.
        BindingError: the new name would be longer than Kubernetes lets it be.
    """
    for one in documents:
        data(one.root, file=one.ref.file)
        if len(one.ref.name) + len("-primary") > NAME_MAX:
            raise BindingError(
                f"{one.ref.name}-primary would be longer than {NAME_MAX} characters, which a "
                "Service and a label may not be.",
                remedy=f"give the {one.ref.kind} a shorter name first",
                place=one.at("metadata", "name"),
            )


def body(text: str, root: Node) -> str:
    """Cut one document out of a file, without what stands before and after it.

    One out of a `List` is moved to the first column.
    """
    begin = text.rfind("\n", 0, root.start) + 1
    if text[begin : root.start].strip():
        begin = root.start
    last = max(node.end for node in root.walk())
    whole = text[begin : line_end(text, last)] + ("\r\n" if "\r\n" in text else "\n")
    if root.column == 1 or root.style == "flow":
        return whole
    return re.sub(rf"(?m)^ {{1,{root.column - 1}}}", "", whole)


def workload(text: str, one: Document, names: Names, renamed: Mapping[str, str]) -> str:
    """Write the primary of a workload.

    Args:
        text: the file that the workload stands in.
        one: the workload.
        names: the label by which pods are told apart.
        renamed: images that get another name, by container.

    Raises:
        EditRefused: the document cannot be copied without changing more than names.
    """
    file = one.ref.file
    copy = _BOT_COMMENT.sub("", _IMAGE_COMMENT.sub(r"\1", body(text, one.root)))
    for key in one.words("metadata", "annotations"):
        if key.startswith(_BOT_NOTES):
            copy = _drop(copy, ("metadata", "annotations", key), file)
    copy = _mapped(_rename(copy, f"{one.ref.name}-primary", file), (), names, file)
    for group in ("containers", "initContainers"):
        at = ("spec", "template", "spec", group)
        containers = _root(copy, file).get(*at)
        for index, item in enumerate(containers.items if containers else ()):
            name = item.get("name")
            if name is not None and name.value in renamed:
                copy = set_scalar(copy, 0, (*at, index, "image"), renamed[name.value], file=file)
    return copy


def service(text: str, one: Document, name: str, selector: Mapping[str, str]) -> str:
    """Write a Service inside the cluster with another name and selector.

    Raises:
        EditRefused: the document cannot be copied without changing more than that.
    """
    file = one.ref.file
    copy = _rename(body(text, one.root), name, file)
    for at in _SERVICE_ONLY:
        copy = _drop(copy, at, file)
    if one.word("spec", "clusterIP") != "None":
        copy = _drop(copy, ("spec", "clusterIP"), file)
    ports = one.root.get("spec", "ports")
    for index in range(len(ports.items) if ports else 0):
        copy = _drop(copy, ("spec", "ports", index, "nodePort"), file)
    return selecting(copy, 0, selector, file)


def selecting(text: str, document: int, selector: Mapping[str, str], file: str) -> str:
    """Let a Service select by some labels too, or by other values of them."""
    at: Pointer = ("spec", "selector")
    if _root(text, file, document).get(*at) is None:
        return insert_key(text, document, at[:-1], "selector", dict(selector), file=file)
    for key, value in selector.items():
        node = _root(text, file, document).get(*at, key)
        if node is None:
            text = insert_key(text, document, at, key, value, file=file)
        elif node.value != value:
            text = set_scalar(text, document, (*at, key), value, file=file)
    return text


def policy(text: str, one: Document, names: Names) -> str:
    """Write the copy of a document that selects pods, for the primary's."""
    copy = _rename(body(text, one.root), f"{one.ref.name}-primary", one.ref.file)
    return _mapped(copy, POLICIES[one.ref.kind], names, one.ref.file)


def scaler(text: str, one: Document, limits: Limits) -> str:
    """Write the copy of a HorizontalPodAutoscaler for the primary."""
    file = one.ref.file
    target = ("spec", "scaleTargetRef", "name")
    copy = _rename(body(text, one.root), f"{one.ref.name}-primary", file)
    copy = set_scalar(copy, 0, target, f"{one.word(*target)}-primary", file=file)
    for key, count in bounds(one.ref.kind, limits).items():
        there = _root(copy, file).get("spec", key) is not None
        if there:
            copy = set_scalar(copy, 0, ("spec", key), count, file=file)
        else:
            copy = insert_key(copy, 0, ("spec",), key, count, file=file)
    return copy


def config(text: str, one: Document) -> str:
    """Write the copy of a ConfigMap for the primary."""
    return _rename(body(text, one.root), f"{one.ref.name}-primary", one.ref.file)


def label(one: Document, forced: Mapping[str, str], fixed: Collection[str]) -> tuple[str, str]:
    """Find the label by which a workload's pods are told from its primary's.

    One whose value is the workload's name is best; else those that Flagger goes by. `forced` are
    labels that kustomize puts into its selector, `fixed` the keys of those that it would put on the
    primary's pods too: any other label is better then.

    Raises:
        BindingError: it selects its pods by no label that could serve.
    """
    wanted = {**one.words("spec", "selector", "matchLabels"), **forced}
    keys = [key for key, value in wanted.items() if value == one.ref.name]
    keys += [key for key in ("app", "name", "app.kubernetes.io/name") if key in wanted]
    keys += list(wanted) if len(wanted) == 1 else []
    if keys and fixed:
        keys = [key for key in (*keys, *wanted) if key not in fixed] or keys
    if not keys:
        raise BindingError(
            f"{one.ref.kind} {one.ref.name} selects its pods by no label that could tell them from "
            "the primary's.",
            remedy=f"select them by `app: {one.ref.name}`; a selector cannot be changed, so delete "
            "it in the cluster once, or start with a new name",
            place=one.at("spec", "selector"),
        )
    return keys[0], wanted[keys[0]]


def relabelled(text: str, names: Names, file: str) -> str:
    """Let the labels of one document by itself be the primary's."""
    return _mapped(text, (), names, file)


def _rename(text: str, name: str, file: str) -> str:
    return set_scalar(text, 0, ("metadata", "name"), name, file=file)


def _mapped(text: str, below: Pointer, names: Names, file: str) -> str:
    node = _root(text, file).get(*below)
    for pointer, value in list(named(node, below)) if node is not None else ():
        new = names.to_primary(value, pointer)
        if new != value:
            text = set_scalar(text, 0, pointer, new, file=file)
    return text


def _drop(text: str, at: Pointer, file: str) -> str:
    """Take something out, with what holds nothing but it."""
    root = _root(text, file)
    if root.get(*at) is None:
        return text
    while len(at) > 1 and _alone(root.get(*at[:-1])):
        at = at[:-1]
    return remove(text, 0, at, file=file)


def _alone(node: Node | None) -> bool:
    return node is not None and node.kind is NodeKind.MAPPING and len(node.entries) == 1


def _root(text: str, file: str, document: int = 0) -> Node:
    root = parse(text, file=file)[document]
    assert root is not None, "it was cut out of a document"
    return root
