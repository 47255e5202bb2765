"""The version of each side, in either mode: read, promoted, restored, scaled."""

from collections.abc import Callable, Mapping, Sequence

from gitops_canary.errors import EditRefused, Place
from gitops_canary.manifest import field_values, pausing, soundness, template, tracked
from gitops_canary.manifest.image_chain import bare
from gitops_canary.manifest.naming import Names
from gitops_canary.manifest.scalars import Json
from gitops_canary.model.kept import remembered
from gitops_canary.model.names import Digest, Path
from gitops_canary.model.owned import DocRef, FieldBinding, FieldRef, Fields, Side, Templates
from gitops_canary.rule_ports import Pointer

_KNOWN = 4096
"""As of templates alone."""
Versions = Templates | Fields
Texts = Mapping[Path, str]


def sides(versions: Versions, text: Callable[[Path], str]) -> tuple[Side, Side]:
    """Read the candidate and the primary.

    Raises:
        SpecError: a value cannot be read.
    """
    match versions:
        case Templates():
            configs = versions.configs
            return (
                _template_side(versions, versions.candidate, [c.candidate for c in configs], text),
                _template_side(versions, versions.primary, [c.primary for c in configs], text),
            )
        case Fields(pairs=pairs):
            own, other = versions.replicas, versions.primary_replicas
            return (
                _field_side([(p, p.candidate, p.primary) for p in pairs], own, text),
                _field_side([(p, p.primary, p.candidate) for p in pairs], other, text),
            )


def sound(versions: Versions, text: Callable[[Path], str]) -> None:
    """Make sure that versions are what they look like, and can be put back.

    Raises:
        SpecError: a tag is read as something else, or a version is a placeholder.
        EditRefused: one cannot be changed alone.
    """
    if isinstance(versions, Fields):
        for pair in versions.pairs:
            for ref in (pair.candidate, pair.primary):
                soundness.field(text(ref.file), ref)
        return
    for doc in (versions.candidate, versions.primary):
        soundness.template(text(doc.file), doc)


def promote(versions: Versions, texts: Texts) -> Texts:
    """Give the texts in which the primary has the candidate's version.

    Raises:
        EditRefused: a text cannot be changed without touching more than was meant.
    """
    new = dict(texts)
    match versions:
        case Templates(candidate=candidate, primary=primary):
            new[primary.file] = template.promote(
                new[primary.file],
                primary,
                new[candidate.file],
                candidate,
                names=tracked.names(versions),
            )
            for config in versions.configs:
                to, source = config.primary, config.candidate
                new[to.file] = tracked.carry(new[to.file], to, texts[source.file], source)
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
            _restore_configs(new, versions, stable, stable_texts)
        case Fields(), Fields():
            then = {pair.name: pair for pair in stable.pairs}
            for pair in versions.pairs:
                _restore_pair(new, pair, then.get(pair.name), stable_texts)
        case _:
            raise _moved(min(versions.files))
    return new


def scale(
    versions: Versions, texts: Texts, replicas: int, stable: Versions, stable_texts: Texts
) -> Texts:
    """Give the texts in which the canary has so many replicas, or is scaled by its scaler again."""
    if isinstance(versions, Fields):
        field = versions.replicas
        assert field is not None, "a canary that idles"
        return {**texts, field.file: field_values.put(texts[field.file], field, replicas)}
    ref, then = versions.pause, stable.pause if isinstance(stable, Templates) else None
    if ref is not None:
        text = texts[ref.file]
        if replicas:
            return {**texts, ref.file: pausing.resume(text, ref)}
        stable_text = stable_texts[then.file] if then else ""
        return {**texts, ref.file: pausing.pause(text, ref, replicas, stable_text, then)}
    ref = versions.candidate
    return {**texts, ref.file: template.scale(texts[ref.file], ref, replicas)}


def places(versions: Versions) -> tuple[tuple[Path, int, Pointer, Pointer], ...]:
    """Name what only one canary may own: whole documents, or single fields.

    Each is a document, a pointer in it, and how it goes on inside of a text that stands there.
    """
    match versions:
        case Templates():
            return tuple((ref.file, ref.index, (), ()) for ref in versions.documents)
        case Fields(places=fields):
            return tuple((ref.file, ref.index, ref.path, _inside(ref)) for ref in fields)


def _inside(ref: FieldRef) -> Pointer:
    return tuple(part for path in ref.inner for part in ("|", *path))


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


def _restore_configs(
    new: dict[Path, str], versions: Templates, stable: Templates, stable_texts: Texts
) -> None:
    """Put tracked configs back; one that is newer than the stable revision keeps no difference."""
    then = {(one.kind, one.name): one for one in stable.configs}
    for one in versions.configs:
        was = then.get((one.kind, one.name))
        ref = one.primary
        if was is None:
            text = new[one.candidate.file]
            new[ref.file] = tracked.carry(new[ref.file], ref, text, one.candidate)
            continue
        for ref, source in ((one.candidate, was.candidate), (one.primary, was.primary)):
            new[ref.file] = tracked.carry(new[ref.file], ref, stable_texts[source.file], source)


def _template_side(
    versions: Templates, ref: DocRef, configs: Sequence[DocRef], text: Callable[[Path], str]
) -> Side:
    own = text(ref.file)
    names = tracked.names(versions)
    if not configs:
        found = template.version(own, ref, names=names)
    else:
        held = tuple(
            (f"{pair.kind}/{pair.name}", config, text(config.file))
            for pair, config in zip(versions.configs, configs, strict=True)
        )
        found = _with_configs(own, ref, names, held)
    return Side(
        digest=found,
        images=template.images(own, ref),
        replicas=_replicas(versions, ref, text),
    )


@remembered(_KNOWN)
def _with_configs(
    own: str, ref: DocRef, names: Names, configs: tuple[tuple[str, DocRef, str], ...]
) -> Digest:
    """Digest a pod template and what it refers to: by kind and name, where and in which text."""
    held: dict[str, Json] = {name: tracked.contents(config, text) for name, config, text in configs}
    return template.digest(
        {
            "template": template.canonical(own, ref, names=names),
            "configs": held,
        }
    )


def _replicas(versions: Templates, ref: DocRef, text: Callable[[Path], str]) -> int | None:
    """Read how many pods Git asks for; nothing where a scaler or the nodes decide."""
    pause = versions.pause
    if ref is versions.primary:
        return None if versions.primary_scaled else template.replicas(text(ref.file), ref)
    if pause is not None:
        return pausing.paused(text(pause.file), pause)
    return None if versions.scaled else template.replicas(text(ref.file), ref)


def _field_side(
    rows: Sequence[tuple[FieldBinding, FieldRef, FieldRef]],
    count: FieldRef | None,
    text: Callable[[Path], str],
) -> Side:
    """Read one side; a row is a pair, its field of this side, and that of the other one."""
    found = {
        pair.name: field_values.beside(text(ref.file), ref, text(other.file), other)
        for pair, ref, other in rows
    }
    visible = all(
        pair.container is not None and field_values.complete(text(ref.file), ref)
        for pair, ref, _ in rows
    )
    return Side(
        digest=template.digest(found),
        images={
            pair.container if visible and pair.container else pair.name: field_values.shown(
                text(ref.file), ref
            )
            for pair, ref, _ in rows
        },
        replicas=field_values.whole(text(count.file), count) if count else None,
        visible=visible,
    )


def unlisted(versions: Fields, images: Mapping[str, str]) -> list[str]:
    """Name the containers whose image is in no listed field, of those of a workload by image.

    An entry of kustomize's `images:` is that of every container whose image it names.
    """
    bound = {pair.container for pair in versions.pairs}
    if None in bound:
        return []
    listed = {pair.container for pair in versions.pairs if pair.candidate.path[:1] == ("images",)}
    entries = {bare(image) for container, image in images.items() if container in listed}
    return sorted(
        container
        for container, image in images.items()
        if container not in bound and bare(image) not in entries
    )
