"""What `doctor` examines: one revision of a repository, read whole."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gitops_canary.app.beside import Beside
from gitops_canary.app.examining import examine
from gitops_canary.app.initialising import texts_of
from gitops_canary.app.reading import Reader, Rules
from gitops_canary.core.edits import Ground
from gitops_canary.errors import CanaryError, SpecError
from gitops_canary.manifest import contested
from gitops_canary.manifest.initial.terrain import Terrain, survey
from gitops_canary.model.names import CanaryId, Revision
from gitops_canary.model.spec import CanarySpec
from gitops_canary.ports import Store
from gitops_canary.routing import ROUTERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One revision of a repository, as far as the controller may look."""

    terrain: Terrain
    unread: tuple[SpecError, ...]
    canaries: Mapping[CanaryId, CanarySpec]
    errors: Mapping[CanaryId, CanaryError]
    grounds: Mapping[CanaryId, Ground]
    beside: Mapping[CanaryId, Beside]
    barren: tuple[str, ...] = ()
    """The allowed paths below which there is no file."""
    notifies: Callable[[str], bool] | None = None
    """Whether a notifier stands for `namespace/name` of an AlertProvider; None without settings."""


def subject(store: Store, revision: Revision, rules: Rules, *, configured: bool = False) -> Subject:
    """Read a revision whole; `configured` where the rules are those of a controller.yaml."""
    texts, unread = texts_of(store, revision, rules.paths)
    reader = Reader(store, rules, ROUTERS)
    view = reader.view(revision)
    grounds: dict[CanaryId, Ground] = {}
    around: dict[CanaryId, Beside] = {}
    errors = dict(view.errors)
    for canary, spec in view.canaries.items():
        try:
            found = examine(reader, view, spec)
            around[canary], grounds[canary] = found.around, found.ground
        except CanaryError as error:
            errors[canary] = error
    for canary, clash in contested.conflicts({c: g.binding for c, g in grounds.items()}).items():
        errors[canary] = clash
        del grounds[canary]
    return Subject(
        terrain=survey(texts),
        unread=unread,
        canaries=view.canaries,
        errors=errors,
        grounds=grounds,
        beside=around,
        barren=view.index.barren,
        notifies=rules.notifies if configured else None,
    )
