"""One Canary held against its repository as hard as can be: what `lint` and `doctor` go by."""

from dataclasses import dataclass

from gitops_canary.app.beside import Beside, beside
from gitops_canary.app.reading import Reader, View
from gitops_canary.core.edits import Ground
from gitops_canary.core.rehearsal import always, rehearse
from gitops_canary.manifest import soundness, versions
from gitops_canary.model.owned import Templates
from gitops_canary.model.spec import CanarySpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What was found."""

    ground: Ground
    around: Beside
    always: tuple[str, ...]
    """What sends traffic to the canary whatever its weight."""


def examine(reader: Reader, view: View, spec: CanarySpec) -> Examined:
    """Bind a Canary, and rehearse every edit that a rollout would make.

    Raises:
        CanaryError: it cannot be driven, or would fail on its way.
    """
    reader.placed(view, spec)
    ground = reader.bind(view, spec)
    reader.placed(view, spec, ground)
    versions.sound(ground.binding.versions, ground.texts.__getitem__)
    around = beside(reader.placing, view.revision, spec, ground)
    router = reader.router(spec)
    found: list[str] = []
    documents = ground.binding.versions
    both = (documents.candidate, documents.primary) if isinstance(documents, Templates) else ()
    for ref in (*both, *ground.binding.routes):
        soundness.metadata(ground.texts[ref.file], ref)
    for ref in ground.binding.routes:
        rehearse(spec, ref, ground.texts[ref.file], router)
        found += always(spec, ref, ground.texts[ref.file], router)
    return Examined(
        ground=ground, around=around, always=(*found, *ground.reaching, *around.reaching)
    )
