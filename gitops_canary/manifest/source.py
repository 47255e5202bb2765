"""`spec.source`: where versions lie when they are not the pod templates of two workloads."""

import posixpath

from gitops_canary.manifest import field_path
from gitops_canary.manifest.checked import Checked
from gitops_canary.model.names import Path
from gitops_canary.model.references import Reference, Replicas, SourcePair


def read_source(doc: Checked, *, file: str) -> tuple[SourcePair, ...]:
    """Read the listed pairs of fields; complaints are noted in `doc`."""
    pairs = []
    names: set[str] = set()
    if doc.has("source") and not list(doc.items("source.fields")):
        doc.complain("source", "lists no fields", "list them, or remove it")
    for item in doc.items("source.fields"):
        name = doc.text(f"{item}.name") or ""
        if name in names:
            doc.complain(f"{item}.name", f"is {name} a second time", "give each part a name")
        names.add(name)
        pair = SourcePair(
            name=name,
            container=doc.text(f"{item}.container"),
            candidate=read_reference(doc, f"{item}.candidate", file),
            primary=read_reference(doc, f"{item}.primary", file),
        )
        one, other = pair.candidate, pair.primary
        if (one.file, one.document, one.field) == (other.file, other.document, other.field):
            doc.complain(
                f"{item}.primary",
                "is the candidate's field: a new version would reach everyone at once",
                "give the primary a field of its own",
            )
        pairs.append(pair)
    return tuple(pairs)


def read_replicas(doc: Checked, *, file: str) -> Replicas | None:
    """Read where the canary's replicas are, and the primary's; None where neither is named."""
    at = "source.replicas"
    if not doc.has(at):
        return None
    other = f"{at}.primary"
    return Replicas(
        candidate=read_reference(doc, f"{at}.candidate", file),
        primary=read_reference(doc, other, file) if doc.has(other) else None,
    )


def read_reference(doc: Checked, at: str, file: str) -> Reference:
    """Read one reference to a field; complaints are noted in `doc`."""
    field = doc.text(f"{at}.field") or ""
    if field:
        try:
            field_path.steps(field)
        except ValueError as error:
            doc.complain(f"{at}.field", str(error), f"write {field_path.FORM}")
    return Reference(
        file=Path(_from_root(doc, at, file)),
        document=doc.text(f"{at}.document") or "",
        field=field,
        place=doc.place(f"{at}.field"),
    )


def _from_root(doc: Checked, at: str, file: str) -> str:
    path = doc.text(f"{at}.file") or ""
    if not path.startswith(("./", "../")):
        return path
    joined = posixpath.normpath(posixpath.join(posixpath.dirname(file), path))
    if joined.startswith(".."):
        doc.complain(f"{at}.file", "leads out of the repository", "name a file inside of it")
    return joined
