"""Whether each field of a version sets its own side's image, and nothing of the other side's."""

from collections.abc import Iterator, Sequence

from gitops_canary.errors import BindingError
from gitops_canary.manifest.image_chain import Setting, Workload
from gitops_canary.model.owned import FieldBinding, FieldRef


def check(
    pair: FieldBinding, kind: str, candidates: Sequence[Workload], primaries: Sequence[Workload]
) -> None:
    """Make sure of it; each side is there once for every folder that builds it.

    Raises:
        BindingError: a field reaches the other side, or another one has the last word on its own.
    """
    both = ((pair.candidate, candidates, primaries), (pair.primary, primaries, candidates))
    for ref, _, others in both:
        for one in others:
            for setting in lasting(one):
                if setting.holds(ref):
                    raise _reaches(setting, kind, one.name)
    for ref, own, _ in both:
        later = [_overridden(one, ref) for one in own]
        if later and later[0] is not None and all(later):
            raise _once_more(later[0], ref, kind, own[0].name)


def lasting(one: Workload) -> Iterator[Setting]:
    """Give the fields that have the last word over a workload's images."""
    return (container.settings[-1] for container in one.containers.values())


def _overridden(one: Workload, ref: FieldRef) -> Setting | None:
    """Find what sets an image once more after a field did, where that field sets nothing else."""
    later = None
    for container in one.containers.values():
        held = [setting.holds(ref) for setting in container.settings]
        if held[-1]:
            return None
        later = container.settings[-1] if any(held) else later
    return later


def _reaches(setting: Setting, kind: str, name: str) -> BindingError:
    return BindingError(
        f"{_title(setting)} sets the version of {kind} {name}, the other side, too.",
        remedy=f"let what sets the version of {kind} {name} name that alone: an image name, a "
        "patch or a manifest of its own",
        place=setting.place,
    )


def _once_more(later: Setting, ref: FieldRef, kind: str, name: str) -> BindingError:
    return BindingError(
        f"{_title(later)} sets the image of {kind} {name} after {ref.file} did, which this "
        "Canary lists: a version there changes nothing.",
        remedy="let spec.source list this one, or take the image out here",
        place=later.place,
    )


def _title(setting: Setting) -> str:
    return setting.what[0].upper() + setting.what[1:]
