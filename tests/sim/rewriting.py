"""What somebody with all permissions does to the branches themselves."""

from collections.abc import Mapping, Sequence

from gitops_canary.model.names import Revision

from .measured import Fault, Undo, nothing
from .pieces import mark
from .remote import CONFIG, EVIDENCE
from .simulation import ADA, Simulation

OTHER, RENAMED = "trunk", 0.4
"""What the branch is called meanwhile, and how often it is renamed instead of deleted."""


def _no_branch(world: Simulation) -> Undo:
    """Somebody deletes the branch, and puts it back later; or renames it, and goes on there."""
    tip = world.remote.refs.get(CONFIG)
    if tip is None:
        return nothing
    world.actor = "person"
    renamed = mark(world.seed, world.now_ms, "renamed") < RENAMED
    if renamed:
        world.tell(f"the branch is renamed to {OTHER}")
        date_s = world.now_ms // 1000
        tip = world.remote.commit(
            {"README.md": f"weight: {date_s}\n".encode()}, "Rename the branch\n",
            who=ADA, date_s=date_s, branch=OTHER, parents=[tip],
        )  # fmt: skip
    world.remote.point(CONFIG, None)
    world.actor = "nobody"

    def undo() -> None:
        if CONFIG not in world.remote.refs:
            world.actor = "person"
            world.remote.point(CONFIG, tip)
            if renamed:
                world.remote.point(OTHER, None)
            world.actor = "nobody"

    return undo


def _evidence_grows(world: Simulation) -> Undo:
    """Something else commits to the evidence branch."""
    tip = world.remote.refs.get(EVIDENCE)
    if tip is not None:
        world.actor = "person"
        world.remote.commit(
            {"notes": str(world.now_ms).encode()}, "Note\n", who=ADA, date_s=world.now_ms // 1000,
            branch=EVIDENCE, parents=[tip],
        )  # fmt: skip
        world.actor = "nobody"
    return nothing


def _evidence_lost(world: Simulation) -> Undo:
    """Somebody deletes the evidence branch, forces it back, or puts something else there."""
    tip = world.remote.refs.get(EVIDENCE)
    if tip is None:
        return nothing
    world.actor = "person"
    kind = world.rng.choice(("deleted", "forced back", "replaced"))
    world.tell(f"the evidence branch is {kind}")
    parents = world.remote.parents(tip)
    if kind == "replaced":
        garbage: dict[str, bytes | None] = {"prod": b"a file where a folder was"}
        world.remote.commit(
            garbage, "Start over\n", who=ADA, date_s=world.now_ms // 1000,
            branch=EVIDENCE, parents=[],
        )  # fmt: skip
    else:
        world.remote.point(EVIDENCE, parents[0] if kind == "forced back" and parents else None)
    world.actor = "nobody"
    world.unproven = True

    def undo() -> None:
        tip = world.remote.refs.get(EVIDENCE)
        if tip is not None and "prod" in world.files(tip):
            world.remote.point(EVIDENCE, None)

    return undo


def _rewound(world: Simulation) -> Undo:
    """Somebody forces the branch back by one commit."""
    tip = world.remote.refs.get(CONFIG)
    parents: Sequence[Revision] = world.remote.parents(tip) if tip else ()
    if parents and world.remote.parents(parents[0]):
        world.actor = "person"
        world.remote.point(CONFIG, parents[0])
        world.actor = "nobody"
        world.rewound_ms = world.now_ms
    return nothing


def _squashed(world: Simulation) -> Undo:
    """Somebody makes one commit of the newest ones, and forces the branch to it."""
    tip = world.remote.refs.get(CONFIG)
    if tip is None:
        return nothing
    line = [tip]
    while len(line) < world.rng.randrange(3, 6) and len(world.remote.parents(line[-1])) == 1:
        line += world.remote.parents(line[-1])
    if len(line) < 3 or not world.remote.parents(line[-1]):
        return nothing
    files, base = world.files(line[0]), world.files(line[-1])
    change: dict[str, bytes | None] = {p: b for p, b in files.items() if base.get(p) != b}
    gone: dict[str, bytes | None] = dict.fromkeys(base.keys() - files.keys())
    words = "\n".join(world.message(revision) for revision in line[:-1])
    made = world.commit({**change, **gone}, f"Squash\n\n{words}", parents=[line[-1]])
    if world.requested and world.requested.sealed:
        world.requested.squashed(line[:-1], made)
    world.rewound_ms = world.now_ms
    return nothing


REWRITTEN: Mapping[str, Fault] = {
    "the branch is deleted": _no_branch,
    "the branch is forced back": _rewound,
    "the branch is squashed": _squashed,
    "the evidence branch grows": _evidence_grows,
    "the evidence branch is lost": _evidence_lost,
}
