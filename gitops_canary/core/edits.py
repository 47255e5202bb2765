"""A move as changed texts: owned values only, every other byte as it was."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from gitops_canary.core.rehearsal import rehearse
from gitops_canary.errors import EditRefused, Place
from gitops_canary.manifest import versions
from gitops_canary.model.decision import Act
from gitops_canary.model.names import Path, RolloutId
from gitops_canary.model.owned import Binding, DocRef, Owned
from gitops_canary.model.rollout import Action
from gitops_canary.model.spec import CanarySpec
from gitops_canary.ports import Router


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """The owned files of one canary in one revision."""

    binding: Binding
    texts: Mapping[Path, str]
    owned: Owned
    reaching: tuple[str, ...] = ()
    """File and line of what sends traffic to the canary beside the objects that are bound."""


def edits(
    act: Act, *, spec: CanarySpec, tip: Ground, stable: Ground, router: Router
) -> Mapping[Path, str]:
    """Give the new text of every file the move changes; empty where it changes none.

    Raises:
        EditRefused: a text cannot be changed without touching more than was meant.
    """
    desk = _Desk(spec, tip, router, act.rollout)
    match act.action:
        case Action.START:
            desk.start(tip, stable)
        case Action.ADVANCE | Action.FINISH:
            desk.weigh(act.weight)
        case Action.RETREAT:
            desk.retreat(stable, restore=act.restore)
        case Action.PROMOTE:
            desk.promote()
        case Action.ABORT:
            desk.restore(stable)
        case Action.IDLE:
            desk.scale(stable.owned.candidate.replicas or 0, stable)
        case Action.INITIALISE:
            raise EditRefused(
                "The controller does not carry out `initialise` yet.",
                remedy="commit the primary, its Services and the route by hand",
                place=spec.place,
            )
    return {path: text for path, text in desk.texts.items() if text != tip.texts[path]}


class _Desk:
    """The owned texts while one move is written."""

    def __init__(self, spec: CanarySpec, tip: Ground, router: Router, rollout: RolloutId) -> None:
        self.spec = spec
        self.rollout = rollout
        self.binding = tip.binding
        self.router = router
        self.texts: dict[Path, str] = dict(tip.texts)

    def start(self, tip: Ground, stable: Ground) -> None:
        """Confirm weight 0 and wake a canary that idles at zero, or was left there."""
        for ref in self.binding.routes:
            rehearse(self.spec, ref, self.texts[ref.file], self.router)
        # On paper: what could not be promoted in the end, or put back, is told before anybody
        # meets it.
        versions.promote(self.binding.versions, self.texts)
        versions.restore(self.binding.versions, self.texts, stable.binding.versions, stable.texts)
        self.weigh(Decimal(0))
        self.mirror()
        # Of no pods all are ready: at the tip too, where a squash put the sleep after what is
        # stable, or somebody committed a version with no replicas.
        asleep = 0 in (stable.owned.candidate.replicas, tip.owned.candidate.replicas)
        if asleep and tip.binding.versions.idles:
            self.scale(tip.owned.primary.replicas or 1, stable)

    def weigh(self, weight: Decimal) -> None:
        for ref in self.binding.routes:
            self.texts[ref.file] = self.router.set_weight(
                self.texts[ref.file],
                ref.index,
                weight,
                file=ref.file,
                namespace=self.spec.namespace,
                apex=self.spec.apex,
            )
        if weight > 0:
            self.keep()

    def mirror(self) -> None:
        """Copy requests to the canary where the policy asks for it."""
        percent, mirror = self.spec.policy.mirror, self.router.mirror
        if percent is None or mirror is None:
            return
        for ref in self.binding.routes:
            self.texts[ref.file] = mirror.start(
                self.texts[ref.file],
                ref.index,
                percent,
                file=ref.file,
                namespace=self.spec.namespace,
                apex=self.spec.apex,
            )

    def keep(self) -> None:
        """Keep users on the side they meet where the policy asks for it."""
        affinity, keeper = self.spec.policy.affinity, self.router.keeper
        if affinity is None or keeper is None:
            return
        for ref in self.binding.routes:
            self.texts[ref.file] = keeper.keep(
                self.texts[ref.file],
                ref.index,
                affinity,
                self.rollout,
                file=ref.file,
                namespace=self.spec.namespace,
                apex=self.spec.apex,
            )

    def scale(self, replicas: int, stable: Ground) -> None:
        then = stable.binding.versions
        new = versions.scale(self.binding.versions, self.texts, replicas, then, stable.texts)
        self.texts.update(new)

    def promote(self) -> None:
        self.texts.update(versions.promote(self.binding.versions, self.texts))

    def retreat(self, stable: Ground, *, restore: bool) -> None:
        """Take the traffic off, and the version out of Git where it is not tried again."""
        if restore:
            self.restore(stable)
        self.weigh(Decimal(0))

    def restore(self, stable: Ground) -> None:
        then_versions = stable.binding.versions
        self.texts.update(
            versions.restore(self.binding.versions, self.texts, then_versions, stable.texts)
        )
        then = {(r.api_version, r.kind, r.name): r for r in stable.binding.routes}
        for ref in self.binding.routes:
            self._restore_route(ref, then.get((ref.api_version, ref.kind, ref.name)), stable)

    def _restore_route(self, ref: DocRef, was: DocRef | None, stable: Ground) -> None:
        """Put the weights' bytes back; a route that is newer than the stable revision gets 0."""
        text = self.texts[ref.file]
        if was is None:
            self.texts[ref.file] = self.router.set_weight(
                text,
                ref.index,
                Decimal(0),
                file=ref.file,
                namespace=self.spec.namespace,
                apex=self.spec.apex,
            )
            return
        self.texts[ref.file] = self.router.restore(
            text,
            ref.index,
            stable.texts[was.file],
            was.index,
            file=ref.file,
            namespace=self.spec.namespace,
            apex=self.spec.apex,
        )


def _settles(act: Act) -> bool:
    """Whether candidate and primary are one version after a move."""
    return act.action in {Action.PROMOTE, Action.ABORT} or act.restore


def confirm(act: Act, *, before: Owned, after: Owned, place: Place) -> None:
    """Hold what a move would write against what it means, before anything is pushed.

    Raises:
        EditRefused: an owned value would become something else than the move says.
    """
    wrong = ""
    if after.weight != act.weight:
        wrong = f"the weight would be {after.weight}, not {act.weight}"
    elif after.shape != before.shape:
        wrong = "the route would change in more than its weights"
    elif after.mirrored and act.action is not Action.START:
        wrong = "requests would still be mirrored"
    elif after.kept and after.weight == 0:
        wrong = "users would still be kept on the canary"
    elif _settles(act) and not after.settled:
        wrong = "candidate and primary would still differ"
    elif not _settles(act) and (
        (after.primary.digest, after.candidate.digest)
        != (before.primary.digest, before.candidate.digest)
    ):
        wrong = "a version would change"
    if wrong:
        raise EditRefused(
            f"The {act.action.value} commit was not made: {wrong}.",
            remedy="`gitops-canary lint` shows how the manifests are read",
            place=place,
        )
