"""What stands beside a Canary's version and is no part of it: told by `lint` and by `doctor`."""

from collections.abc import Iterator
from dataclasses import dataclass

from gitops_canary.app.placing import Placing
from gitops_canary.core.edits import Ground
from gitops_canary.errors import SpecError
from gitops_canary.manifest.image_chain import Setting
from gitops_canary.manifest.unmoving import unmoving
from gitops_canary.manifest.unseen import Unseen
from gitops_canary.model.names import Revision
from gitops_canary.model.owned import Templates
from gitops_canary.model.spec import CanarySpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What is not compared, copied or restored."""

    target: str
    shared: tuple[str, ...] = ()
    """ConfigMaps and Secrets that both workloads use where listed fields hold the version."""
    alongside: tuple[str, ...] = ()
    """What else gets the candidate's version, by kind and name."""
    overriding: tuple[Setting, ...] = ()
    """What sets an image after the template that is compared."""
    unseen: tuple[Unseen, ...] = ()
    """What could not be looked into."""
    reaching: tuple[str, ...] = ()
    """What sends traffic to the canary whatever the weight, by file and line."""

    unmoving: tuple[SpecError, ...] = ()
    """Images whose references say no version."""

    def lines(self) -> Iterator[str]:
        """Say in whole sentences what a change reaches."""
        for one in self.shared:
            yield f"{one} is shared: a change of it reaches everyone without a rollout."
        for one in self.alongside:
            yield f"{one} gets a new version at once too: it has the same image."

    def warnings(self) -> Iterator[SpecError]:
        """Tell what a person should look at, each with its place."""
        yield from self.unmoving
        for setting in self.overriding:
            yield SpecError(
                f"{setting.what.capitalize()} sets the image of {self.target} after its template, "
                "which is what this Canary compares.",
                remedy="let spec.source list it, docs/reference/sources.md says how, or take it "
                "out",
                place=setting.place,
            )
        for place, why in self.unseen:
            yield SpecError(
                f"That a version reaches one side alone is not checked here: {why}.",
                remedy=f"render it before and after a change of the candidate's version: "
                f"{self.target}-primary stays as it is",
                place=place,
            )


def beside(placing: Placing, revision: Revision, spec: CanarySpec, ground: Ground) -> Beside:
    """Look at it, once a Canary is bound.

    Raises:
        BindingError: kustomize builds one side without the other, or a version reaches both.
    """
    versions, target = ground.binding.versions, spec.target.name
    told = tuple(unmoving(versions, ground.texts.__getitem__))
    if isinstance(versions, Templates):
        found = placing.overriding(revision, versions.candidate)
        return Beside(
            target=target,
            shared=versions.shared,
            overriding=found,
            unmoving=() if found else told,  # something else sets the image after the template
        )
    placing.sound(revision, spec, versions.pairs)
    both = placing.sides(revision, spec, versions.pairs)
    return Beside(
        target=target,
        unmoving=told,
        shared=both.shared(),
        alongside=both.alongside(),
        unseen=both.unseen,
        reaching=both.reaching(),
    )
