"""What people and their machines do to the config repository meanwhile."""

from collections.abc import Callable, Mapping

from gitops_canary.git.objects import ObjectId, parse_commit
from gitops_canary.model.names import Revision

from .cluster import Quality
from .manifests import QUARANTINE, Shape, with_note, with_tag
from .pieces import mark
from .remote import CONFIG
from .routes import with_weight
from .simulation import ADA, Simulation

AHEAD_MS = 3_600_000
"""How far ahead the clock of developers is, in some worlds."""
BEHIND, BEHIND_MS = 0.05, -20 * 3_600_000
"""In which share of the others it is behind, and by how much."""
MARK = b"\n{BROKEN: [\n"
Deed = Callable[["People", Shape], None]


class People:
    """Developers, operators and image automation, until the chaos ends."""

    def __init__(self, world: Simulation, table: Mapping[str, Deed]) -> None:
        self.world = world
        self.versions = 0
        self._table = table
        self._broken: set[str] = set()
        rng = world.rng
        for shape in world.shapes.values():
            if rng.random() < 0.9:
                world.later(rng.randrange(1_000, 60_000), lambda own=shape: self.bump(own))  # type: ignore[misc]  # a default binds it now
        world.later(rng.randrange(10_000, 90_000), self._act)

    def home(self) -> None:
        """Mend what was broken, and go home."""
        assert CONFIG in self.world.remote.refs
        self.mend()

    def mend(self) -> None:
        """Take out of every file what no parser takes."""
        tip = self.world.remote.refs.get(CONFIG)
        if tip is None:
            return
        now = self.world.files(tip)
        changes: dict[str, bytes | None] = {
            path: now[path].replace(MARK, b"")
            for path in sorted(self._broken)
            if MARK in now.get(path, b"")
        }
        if changes:
            self.world.commit(changes, "Mend it\n")

    def bump(self, shape: Shape) -> None:
        """Merge a pull request that changes the image."""
        tag = self.version()
        self.draw(shape, tag)
        text = self.read(shape.workload_path)
        if text is not None:
            bumped = {shape.workload_path: with_tag(text, shape.name, tag)}
            self.write(bumped, f"Bump to {tag}", ahead_ms=self.ahead_ms)

    @property
    def ahead_ms(self) -> int:
        """How far ahead the clocks of those are who commit new versions; behind below 0."""
        behind_ms = BEHIND_MS if mark(self.world.seed, "behind") < BEHIND else 0
        return AHEAD_MS if self.world.ahead else behind_ms

    def version(self) -> str:
        """Name the next version."""
        self.versions += 1
        return f"v{self.versions}"

    def draw(self, shape: Shape, tag: str) -> None:
        """Draw what a version is like."""
        kinds = (
            Quality(), Quality(errors=0.4), Quality(slow=True), Quality(crashes=True),
            Quality(inner=0.4),
        )  # fmt: skip
        quality = self.world.rng.choices(kinds, (55, 20, 10, 10, 5 + 25 * shape.query))[0]
        self.world.qualities[shape.name, tag] = quality

    def read(self, path: str) -> bytes | None:
        """Read a file at the tip; None where there is no branch or no such readable file."""
        tip = self.world.remote.refs.get(CONFIG)
        text = self.world.files(tip).get(path) if tip else None
        return None if text is None or b"BROKEN" in text else text

    def write(self, files: Mapping[str, bytes | None], message: str, *, ahead_ms: int = 0) -> None:
        """Commit, where it changes anything; by a clock that may be ahead."""
        tip = self.world.remote.refs.get(CONFIG)
        assert tip is not None
        now = self.world.files(tip)
        if any(now.get(path) != content for path, content in files.items()):
            date_s = (self.world.now_ms + ahead_ms) // 1000
            self.world.commit(files, f"{message}\n", date_s=date_s)

    def break_file(self, path: str, text: bytes) -> None:
        """Commit what no parser takes; mended in the end."""
        self._broken.add(path)
        self.write({path: text + MARK}, f"Break {path}")

    def _act(self) -> None:
        world, rng = self.world, self.world.rng
        if world.calm:
            return
        world.later(rng.randrange(15_000, 150_000), self._act)
        if CONFIG not in world.remote.refs:
            return
        shape = world.shapes[rng.choice(sorted(world.shapes))]
        self._table[rng.choice(sorted(self._table))](self, shape)


def _take_back(people: People, shape: Shape) -> None:
    text = people.read(shape.workload_path)
    tip = people.world.remote.refs[CONFIG]
    now = people.world.facts(tip, shape)
    if text is not None and now is not None:
        people.write({shape.workload_path: with_tag(text, shape.name, now.primary)}, "Take it back")


def _move_weight(people: People, shape: Shape) -> None:
    text = people.read(shape.route_path)
    weight = people.world.rng.choice((0, 10, 33, 50, 100))
    if text is not None:
        people.write({shape.route_path: with_weight(text, shape.name, weight)}, "Move the weight")


def _move_primary(people: People, shape: Shape) -> None:
    text = people.read(shape.workload_path)
    if text is not None:
        name = f"{shape.name}-primary"
        people.write({shape.workload_path: with_tag(text, name, "hotfix")}, "Hotfix the primary")


def _note(people: People, shape: Shape) -> None:
    """Change another document of the file that the controller writes."""
    text = people.read(shape.workload_path)
    note = f"n{people.world.rng.randrange(1000)}"
    if text is not None:
        people.write({shape.workload_path: with_note(text, note)}, "Note something")


def _merge_foxtrot(people: People, shape: Shape) -> None:
    """Pull the branch into one's own: the main line becomes the second parent."""
    world = people.world
    tip = world.remote.refs[CONFIG]
    line: list[Revision] = [tip]
    while len(line) < 4 and (parents := world.remote.parents(line[-1])):
        line.append(parents[0])
    base = line[-1]
    date_s = max(_date_s(world, tip), world.now_ms // 1000)
    side = world.remote.make({"docs/side": b"x"}, "Side\n", who=ADA, date_s=date_s, parents=[base])
    change = {p: b for p, b in world.files(tip).items() if world.files(base).get(p) != b}
    gone: dict[str, bytes | None] = {
        p: None for p in world.files(base) if p not in world.files(tip)
    }
    world.commit({**change, **gone}, "Merge branch 'main'\n", parents=[side, tip], date_s=date_s)
    del shape


def _control(**words: str) -> Deed:
    def act(people: People, shape: Shape) -> None:
        if people.read(shape.canary_path) is not None:
            people.write({shape.canary_path: shape.canary(**words).encode()}, f"Say {words}")

    return act


def _address(word: str) -> Deed:
    """Say something about the newest rollout."""

    def act(people: People, shape: Shape) -> None:
        world = people.world
        mine = [m for m in world.watch.landed.values() if m.shape.id == shape.id]
        if not mine or people.read(shape.canary_path) is None:
            return
        name = mine[-1].record.rollout
        now = world.facts(world.remote.refs[CONFIG], shape)
        value = f'"{name}"'
        if word == "resume" and now is not None:
            value = f'"{name}/{now.weight:f}"'
        people.write({shape.canary_path: shape.canary(**{word: value}).encode()}, f"Say {word}")

    return act


def _revert_abort(people: People, shape: Shape) -> None:
    """`git revert` of our newest move, whatever it was."""
    world = people.world
    mine = [m for m in world.watch.landed.values() if m.shape.id == shape.id]
    if not mine:
        return
    move, tip = mine[-1], world.remote.refs[CONFIG]
    before, after, now = (world.files(r) for r in (move.parent, move.tip, tip))
    changed = [p for p in {**before, **after} if before.get(p) != after.get(p)]
    if changed and all(now.get(path) == after.get(path) for path in changed):
        people.write({path: before.get(path) for path in sorted(changed)}, 'Revert "canary(...)"')


def automate(people: People, shape: Shape) -> None:
    """Image automation commits the newest tag again, condemned or not."""
    text = people.read(shape.workload_path)
    if text is not None and people.versions:
        tag = f"v{people.versions}"
        if (shape.name, tag) in people.world.qualities:
            people.write({shape.workload_path: with_tag(text, shape.name, tag)}, f"Update to {tag}")


def _forge(people: People, shape: Shape) -> None:
    """Copy the message of a move into a commit of one's own."""
    world = people.world
    mine = [m for m in world.watch.landed.values() if m.shape.id == shape.id]
    text = people.read(shape.route_path)
    if mine and text is not None:
        message = world.message(mine[-1].revision)
        world.commit({"docs/forged": str(world.now_ms).encode()}, message)


def _break(people: People, shape: Shape) -> None:
    path = people.world.rng.choice((shape.canary_path, shape.workload_path, shape.route_path))
    text = people.read(path)
    if text is not None:
        people.break_file(path, text)


def _delete(people: People, shape: Shape) -> None:
    if people.read(shape.canary_path) is not None:
        people.write({shape.canary_path: None}, "Delete the Canary")


def _create(people: People, shape: Shape) -> None:
    tip = people.world.remote.refs[CONFIG]
    now = people.world.facts(tip, shape)
    if shape.canary_path not in people.world.files(tip) and (now is None or not now.present):
        people.write({shape.canary_path: shape.canary().encode()}, "Create the Canary")


def _move(people: People, shape: Shape) -> None:
    """Move the Canary to another file; its id stays."""
    text = people.read(shape.canary_path)
    if text is not None:
        other = f"apps/moved/{shape.name}-canary.yaml"
        people.write({shape.canary_path: None, other: text}, "Move the Canary")


def _edit_policy(people: People, shape: Shape) -> None:
    text = people.read(shape.canary_path)
    if text is not None:
        steps = people.world.rng.choice((b"[30, 60]", b"[5, 10, 20]", b"[40]"))
        new = text.replace(b"stepWeights: [", b"stepWeights: " + steps + b" # [")
        people.write({shape.canary_path: new}, "Edit the steps")


def _lift(people: People, shape: Shape) -> None:
    """Empty the quarantine."""
    del shape
    if people.read(QUARANTINE):
        people.write({QUARANTINE: b""}, "Lift the quarantine")


def _date_s(world: Simulation, revision: Revision) -> int:
    return parse_commit(world.remote.body(ObjectId(revision))).date_s


DEEDS: Mapping[str, Deed] = {
    "bump": People.bump,
    "bump again": People.bump,
    "take back": _take_back,
    "move the weight": _move_weight,
    "move the primary": _move_primary,
    "note": _note,
    "merge with a foxtrot": _merge_foxtrot,
    "pause": _control(paused="true"),
    "go on": _control(),
    "go on again": _control(),
    "suspend": _control(suspend="true"),
    "abort": _address("abort"),
    "retry": _address("retry"),
    "resume": _address("resume"),
    "revert": _revert_abort,
    "automation": automate,
    "forge": _forge,
    "break": _break,
    "delete": _delete,
    "create": _create,
    "move": _move,
    "edit the policy": _edit_policy,
    "lift": _lift,
}
