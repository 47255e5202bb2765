"""What a person has to look at of the copies that the primary gets, and of those it gets not."""

from collections.abc import Iterator

from gitops_canary.errors import Place
from gitops_canary.manifest.initial import configs, following, overlay
from gitops_canary.manifest.initial.choice import Choice
from gitops_canary.manifest.initial.remark import Remark
from gitops_canary.manifest.initial.terrain import WORKLOADS, Terrain


def shared(terrain: Terrain, choice: Choice, then: Terrain) -> Iterator[Remark]:
    """Find ConfigMaps of which no copy is made: those of generators, and all beside images."""
    outer, file = choice.outer, choice.workload.ref.file
    layers = list(overlay.layers(terrain, outer, file)) if outer is not None else []
    made: dict[str, Place] = {}
    for layer, root in zip(layers, overlay.roots(terrain, layers), strict=True):
        listed = root.get("configMapGenerator")
        for one in listed.items if listed else ():
            made.setdefault(one.word("name"), Place(layer.file, one.line, one.column))
    there = configs.copied(terrain, choice.workload, choice.namespace)
    places = {one.ref.name: one.place for one in there} | made
    for kind, name in sorted(configs.used(choice.workload)):
        copy = then.named(kind, f"{name}-primary", choice.namespace)
        if kind == "ConfigMap" and name in places and not copy:
            yield Remark(
                place=places[name],
                what=f"both sides use the ConfigMap {name}: a change of it reaches everyone at "
                "once, and is no new version",
                remedy=f"let the primary use another one, {name}-primary, or change it as "
                "carefully as a version",
            )


def patched(terrain: Terrain, choice: Choice, then: Terrain) -> Iterator[Remark]:
    """Find patches of what is copied, and replacements, that the copy does not get."""
    if choice.outer is None:
        return  # nothing patches anything
    for one in terrain.documents:
        kind, name = one.ref.kind, f"{one.ref.name}-primary"
        where = kind, name, choice.namespace
        copied = then.named(*where) and not terrain.named(*where)
        mine = one.ref.namespace in {"", choice.namespace}
        if kind in WORKLOADS or not copied or not mine:
            continue
        if not overlay.applies(terrain, choice.outer, one):
            continue
        for change in following.missed(terrain, choice, one):
            if not following.follows(change, one, choice):
                yield Remark(
                    place=following.place(change),
                    what=f"this patch changes {kind} {one.ref.name} alone, not its copy {name}, "
                    "which users depend on from the second commit on",
                    remedy=f"write one for {name} too, before the second commit, if it is meant "
                    "for what serves users",
                )
        for found in following.unreplaced(terrain, choice, one):
            yield Remark(
                place=found.place,
                what=f"this replacement changes {kind} {one.ref.name} alone, not its copy {name}",
                remedy=f"write the same for {name}, before the second commit, if it is meant for "
                "what serves users",
            )
