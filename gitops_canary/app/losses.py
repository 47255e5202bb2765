"""Lost history that a person accepted: what `.gitops-canary/history` says, and who says so."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from gitops_canary.app.lineage import Lineage, parents_of
from gitops_canary.app.shelf import DECISION
from gitops_canary.core.text import one_line
from gitops_canary.errors import CanaryError
from gitops_canary.git.objects import RawCommit
from gitops_canary.git.plain import PlainClone
from gitops_canary.manifest import accepted
from gitops_canary.model.finding import Finding, Kind
from gitops_canary.model.names import Path, Revision

_FILE = Path(accepted.FILE)
_SHORT = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """One accepted loss, and the commit that accepts it."""

    lost: Revision
    seen: Revision
    """What the person had looked at."""
    by: Revision
    commit: RawCommit

    @property
    def sentence(self) -> str:
        """Say who accepted what."""
        day = datetime.fromtimestamp(self.commit.date_s, UTC).date()
        return (
            f"The loss of {self.lost[:_SHORT]} was accepted on {day} by "
            f"{one_line(self.commit.author)}, looking at {self.seen[:_SHORT]}"
        )


@dataclass(frozen=True, slots=True)
class Losses:
    """The accepted losses of one tip, by the commit that is lost, and what is wrong with them."""

    known: Mapping[Revision, Loss]
    findings: tuple[Finding, ...] = ()


def losses(clone: PlainClone, lineage: Lineage, tip: Revision) -> Losses:
    """Read what was accepted; a line counts as for the controller, if its commit was looked at."""
    try:
        every = accepted.parse(_text(clone, tip))
    except (CanaryError, UnicodeDecodeError) as error:
        problem = getattr(error, "problem", str(error))
        return Losses({}, (_finding(Kind.UNREADABLE, tip, f"{_FILE}: {problem}"),))
    counting = [a for a in every if lineage.descends(tip, a.accepted) and a.lost not in lineage]
    known = {}
    for one in counting:
        by = _writer(clone, lineage, tip, one)
        commit = lineage.raw(by)
        known[one.lost] = Loss(lost=one.lost, seen=one.accepted, by=by, commit=commit)
    return Losses(known)


def told(known: Mapping[Revision, Loss], lost: Mapping[Path, Revision]) -> Iterator[Finding]:
    """Say of each accepted loss which decisions went with it; `lost` gives them with the loss."""
    for loss in known.values():
        paths = sorted(p for p, by in lost.items() if by == loss.lost and DECISION.fullmatch(p))
        gone = "; ".join(_rollouts(paths)) or "no decision"
        rest = ": verdicts were recomputed, place in history and diff cannot be read"
        text = f"{loss.sentence}. Gone with it: {gone}{rest if paths else ''}."
        yield _finding(Kind.UNREADABLE, loss.by, text)


def _rollouts(paths: Sequence[Path]) -> Iterator[str]:
    folders: dict[str, list[str]] = {}
    for path in paths:
        folder, _, name = path.rpartition("/")
        folders.setdefault(folder, []).append(name.removeprefix("decision-").removesuffix(".json"))
    for folder, numbers in folders.items():
        yield f"{folder} decision {', '.join(numbers)}"


def _writer(
    clone: PlainClone, lineage: Lineage, tip: Revision, wanted: accepted.Acceptance
) -> Revision:
    """Find the commit that wrote a line: the last one going down that has it."""

    def holding(revisions: Iterable[Revision]) -> Revision | None:
        here = (r for r in revisions if r in lineage and wanted in _lines(clone, r))
        return next(here, None)

    revision = tip
    while parent := holding(parents_of(lineage.raw(revision))):
        revision = parent
    return revision


def _lines(clone: PlainClone, revision: Revision) -> tuple[accepted.Acceptance, ...]:
    try:
        return accepted.parse(_text(clone, revision))
    except (CanaryError, UnicodeDecodeError):
        return ()  # there it said nothing that counts


def _text(clone: PlainClone, revision: Revision) -> str:
    blob = clone.files(revision).get(_FILE)
    return clone.read([blob.id])[blob.id].decode() if blob else ""


def _finding(kind: Kind, revision: Revision, problem: str) -> Finding:
    return Finding(
        kind=kind,
        revision=revision,
        problem=problem,
        remedy="ask whoever accepted it why; what was decided is on the evidence branch",
    )
