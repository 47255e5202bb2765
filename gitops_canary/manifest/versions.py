"""The version of each side, in either mode: read, promoted, restored, scaled."""

from collections.abc import Callable, Mapping

from gitops_canary.errors import EditRefused, Place
from gitops_canary.manifest import field_values, template
from gitops_canary.model.names import Path
from gitops_canary.model.owned import DocRef, FieldBinding, FieldRef, Fields, Side, Templates

Versions = Templates | Fields
Texts = Mapping[Path, str]


def sides(versions: Versions, text: Callable[[Path], str], *, target: str) -> tuple[Side, Side]:
    """Read the candidate and the primary.

    Raises:
        SpecError: a value cannot be read.
    """
    match versions:
        case Templates():
            return (
                _template_side(versions.candidate, text, target),
                _template_side(versions.primary, text, target),
            )
        case Fields(pairs=pairs):
            return (
                _field_side({pair: pair.candidate for pair in pairs}, text),
                _field_side({pair: pair.primary for pair in pairs}, text),
            )


def promote(versions: Versions, texts: Texts, *, target: str) -> Texts:
    """Give the texts in which the primary has the candidate's version.

    Raises:
        EditRefused: a text cannot be changed without touching more than was meant.
    """
    new = dict(texts)
    match versions:
        case Templates(candidate=candidate, primary=primary):
            new[primary.file] = template.promote(
                new[primary.file], primary, new[candidate.file], candidate, target=target
            )
        case Fields(pairs=pairs):
            for pair in pairs:
                one, other = pair.candidate, pair.primary
                new[other.file] = field_values.carry(
                    new[other.file], other, texts[one.file], one, exact=False
                )
    return new


def restore(versions: Versions, texts: Texts, stable: Versions, stable_texts: Texts) -> Texts:
    """Give the texts in which both sides have their bytes of the stable revision again.

    Raises:
        EditRefused: a text cannot be changed so, or the versions lay elsewhere then.
    """
    new = dict(texts)
    match versions, stable:
        case Templates(), Templates():
            for ref, was in (
                (versions.candidate, stable.candidate),
                (versions.primary, stable.primary),
            ):
                new[ref.file] = template.restore(new[ref.file], ref, stable_texts[was.file], was)
        case Fields(), Fields():
            then = {pair.name: pair for pair in stable.pairs}
            for pair in versions.pairs:
                _restore_pair(new, pair, then.get(pair.name), stable_texts)
        case _:
            raise _moved(min(versions.files))
    return new


def scale(versions: Versions, texts: Texts, replicas: int) -> Texts:
    """Give the texts in which the canary has so many replicas."""
    assert isinstance(versions, Templates), "fields say no replicas"
    ref = versions.candidate
    return {**texts, ref.file: template.scale(texts[ref.file], ref, replicas)}


def places(versions: Versions) -> tuple[tuple[Path, int, str], ...]:
    """Name what only one canary may own: whole documents, or single fields."""
    match versions:
        case Templates(candidate=candidate, primary=primary):
            return tuple((ref.file, ref.index, "") for ref in (candidate, primary))
        case Fields(pairs=pairs):
            return tuple(
                (ref.file, ref.index, repr((ref.path, ref.inner)))
                for pair in pairs
                for ref in (pair.candidate, pair.primary)
            )


def _restore_pair(
    new: dict[Path, str], pair: FieldBinding, was: FieldBinding | None, stable_texts: Texts
) -> None:
    if was is None:
        raise _moved(pair.candidate.file)
    for ref, then in ((pair.candidate, was.candidate), (pair.primary, was.primary)):
        new[ref.file] = field_values.carry(
            new[ref.file], ref, stable_texts[then.file], then, exact=True
        )


def _moved(file: Path) -> EditRefused:
    return EditRefused(
        "The versions lay in other fields at the stable revision.",
        remedy="put them back by hand, or let this rollout finish first",
        place=Place(file),
    )


def _template_side(ref: DocRef, text: Callable[[Path], str], target: str) -> Side:
    own = text(ref.file)
    return Side(
        digest=template.digest(template.canonical(own, ref, target=target)),
        images=template.images(own, ref),
        replicas=template.replicas(own, ref),
    )


def _field_side(refs: Mapping[FieldBinding, FieldRef], text: Callable[[Path], str]) -> Side:
    found = {pair.name: field_values.value(text(ref.file), ref) for pair, ref in refs.items()}
    visible = all(
        pair.container is not None and field_values.complete(text(ref.file), ref)
        for pair, ref in refs.items()
    )
    return Side(
        digest=template.digest(found),
        images={
            pair.container if visible and pair.container else pair.name: field_values.shown(
                text(ref.file), ref
            )
            for pair, ref in refs.items()
        },
        replicas=None,
        visible=visible,
    )
