"""What the outside must offer, on one page. Each Protocol names what the caller needs."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Protocol

from gitops_canary.errors import Place
from gitops_canary.model.announcement import Announcement
from gitops_canary.model.commits import Blob, Commit
from gitops_canary.model.decision import PlannedCommit
from gitops_canary.model.initial import Wanted
from gitops_canary.model.names import BlobId, CanaryId, Digest, Path, Revision
from gitops_canary.model.notice import Notice
from gitops_canary.model.observation import Answer, Expectation, Halt, Liveness, Question, Touched
from gitops_canary.model.webhooks import Call, Reply, Webhook
from gitops_canary.rule_ports import Keeper, Matcher, Mirror, Pointer


class Store(Protocol):
    """Where the bytes of revisions are read from."""

    def files(self, revision: Revision) -> Mapping[Path, Blob]:
        """List the regular files of a revision, executable or not; links and submodules not."""

    def read(self, blobs: Sequence[BlobId]) -> Mapping[BlobId, bytes]:
        """Read blobs; one over the size limit raises SpecError naming the limit."""


class Sift(Protocol):
    """What finds the files that matter without handing all of them over."""

    def changed(self, before: Revision, after: Revision) -> Mapping[Path, Blob | None]:
        """List the regular files that differ between two revisions; None where one is gone."""

    def named(self, revision: Revision, names: Collection[str]) -> Mapping[Path, Blob]:
        """List the regular files that have one of some names, in whatever folder."""

    def mentioning(
        self, revision: Revision, words: Sequence[str], folders: Sequence[str]
    ) -> Mapping[Path, Blob]:
        """List the YAML files that may name one of the words.

        Each in which a word stands by itself, as no part of a longer run of letters, digits and
        hyphens; each that may hide one, behind YAML's escapes or in UTF-16; perhaps some more. Only
        those below one of the folders; no folder means all.
        """


class Git(Store, Protocol):
    """One repository: the config branch and the evidence branch. Synchronous, one thread.

    Every method may raise Unavailable; no method leaves a half-written state behind.
    """

    def poll(self) -> Revision | None:
        """Ask the remote for the config branch's tip, cheaply; None where it has no such branch."""

    def fetch(self) -> tuple[Revision, Revision | None]:
        """Fetch both branches; their tips (the evidence branch may not exist yet)."""

    def commit(self, revision: Revision) -> Commit:
        """Read one commit that was fetched."""

    def several(self, revisions: Sequence[Revision]) -> Sequence[Commit]:
        """Read several commits that were fetched, in the order given."""

    def history(
        self, tip: Revision, *, since: Revision | None = None, mentioning: str | None = None
    ) -> Iterator[Commit]:
        """Walk everything reachable from the tip, children before parents, newest first.

        `since` leaves out whatever is reachable from that commit, `mentioning` every commit in
        whose message these words do not stand.
        """

    def contains(self, revision: Revision, ancestor: Revision) -> bool:
        """Tell whether `ancestor` is `revision` or reachable from it."""

    def push(
        self,
        *,
        onto: Revision,
        commits: Sequence[PlannedCommit],
        evidence_onto: Revision | None,
        evidence: Sequence[PlannedCommit],
    ) -> tuple[Revision, ...]:
        """Commit on top of the tips and push both branches at once, or change nothing.

        Returns the new revisions of the config branch, oldest first. The same arguments make the
        same commit ids on any machine with the same key; pushing them again is a no-op.

        Raises:
            Conflict: a tip moved; fetch and decide again.
            Refused: the server will not have it (protection, hook, permission).
        """

    def abandon(self) -> None:
        """End what another thread waits for, even a push; only `close` follows."""

    def close(self) -> None:
        """End what is still running; the repository is not used after this."""


class Metrics(Protocol):
    """Where measurements come from. Never raises for a question: that answer has `error`."""

    async def ask(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        """Answer all questions at once, under one deadline."""


class Hooks(Protocol):
    """Who calls webhooks. Never raises for a call: its answer has `passed` None."""

    async def ask(self, call: Call, body: Mapping[str, object]) -> Reply:
        """Call one webhook, with its retries, under its own deadlines."""


class Listeners(Protocol):
    """Who is told what was decided. Never raises; what went wrong is given in words."""

    async def hear(self, hook: Webhook, key: str, body: Mapping[str, object]) -> str:
        """Tell a webhook; empty where it heard."""

    async def notify(self, notifier: str, told: Announcement) -> str:
        """Tell people by a notifier; empty where it arrived."""


class SyncSource(Protocol):
    """What tells that a commit is live."""

    async def observe(
        self, expected: Sequence[Expectation], metrics: Metrics, now_ms: int
    ) -> Mapping[Expectation, Liveness]:
        """Tell for each expectation whether it holds, and since when."""


class Engine(Protocol):
    """A sync engine that can be asked to look at Git now, instead of at its next interval."""

    async def refresh(self, touched: Sequence[Touched], now_ms: int) -> None:
        """Ask for everything a push touched; the hardest way the engine has where it is urgent.

        Raises:
            Unavailable: it was not asked for all of it; its own interval goes on.
        """

    async def halting(self, touched: Sequence[Touched]) -> Mapping[CanaryId, Halt]:
        """Say how a person makes the engine look away from each canary, changing nothing.

        What nothing applies is left out.

        Raises:
            Unavailable: it cannot be told.
        """

    async def aclose(self) -> None:
        """Close its connections."""


class Founder(Protocol):
    """How one kind of routing object comes to split between primary and canary for the first time.

    Pure functions as a Router's: texts in, texts and new documents (plain values) out.
    """

    @property
    def kinds(self) -> frozenset[tuple[str, str]]:
        """(API group, kind) of the objects that may route to the Service users call."""

    def leads(self, text: str, document: int, wanted: Wanted) -> bool:
        """Tell whether this object sends traffic to the Service users call."""

    def adopt(
        self, text: str, document: int, wanted: Wanted, *, file: Path
    ) -> tuple[str, Sequence[Mapping[str, object]]]:
        """Let it send that traffic to the primary, with the canary beside it at weight 0.

        Gives the file's new text, and documents to add.

        Raises:
            BindingError: it cannot split so.
        """

    def create(self, wanted: Wanted, *, place: Place) -> Sequence[Mapping[str, object]]:
        """Write new objects where none leads to the Service yet.

        Raises:
            BindingError: this kind has to be written by a person first.
        """


class Forge(Protocol):
    """Where the authors of changes are told how their version fares."""

    async def tell(self, notice: Notice) -> None:
        """Bring what the forge shows up to date; the same notice twice changes nothing.

        Raises:
            Refused: the forge will not have it.
            Unavailable: it did not answer.
        """

    async def comment(self, request: int, key: str, body: str, *, create: bool = True) -> None:
        """Keep one comment of ours on a pull request up to date; `body` begins with its marker.

        Without `create` only one that is there already is edited.

        Raises:
            Refused: the forge will not have it.
            Unavailable: it did not answer.
        """


class Router(Protocol):
    """One kind of routing object; pure functions of YAML texts.

    `document` counts the documents of the text from 0; hosts are the Services' short names.
    Anything that cannot be resolved to exactly one primary and one canary entry per weighted list
    raises BindingError with file:line:column.
    """

    @property
    def kinds(self) -> frozenset[tuple[str, str]]:
        """(API group, kind) of the objects it can drive; the core group is empty."""

    @property
    def matcher(self) -> Matcher | None:
        """What can match requests here, for A/B tests; None where nothing can."""

    @property
    def mirror(self) -> Mirror | None:
        """What can copy requests here; None where nothing can."""

    @property
    def keeper(self) -> Keeper | None:
        """What can keep users on one side here; None where nothing can."""

    def matches(self, text: str, document: int, *, namespace: str, apex: str) -> bool:
        """Tell whether this object splits between the apex's `-primary` and `-canary`."""

    def claims(self, text: str, document: int) -> tuple[str, ...]:
        """Say in words which traffic this object has for itself.

        Two objects with one claim would fight over it.
        """

    def places(self, text: str, document: int, *, namespace: str, apex: str) -> tuple[Pointer, ...]:
        """Point at the parts of this object that are this apex's, and nobody else's.

        No move for it writes elsewhere, and its shape is the same whatever another apex of whom
        nothing lies in them does. `()` is the whole object.
        """

    def exposure(
        self, text: str, document: int, *, namespace: str, apex: str
    ) -> tuple[Pointer, ...]:
        """Point at every entry that sends traffic to the canary whatever the weight is."""

    def weight(self, text: str, document: int, *, file: Path, namespace: str, apex: str) -> Decimal:
        """Read the canary's weight, in percent of primary + canary."""

    def shape(self, text: str, document: int, *, file: Path, namespace: str, apex: str) -> Digest:
        """Digest everything but the weights of the primary and the canary."""

    def set_weight(
        self, text: str, document: int, weight: Decimal, *, file: Path, namespace: str, apex: str
    ) -> str:
        """Write the weight into every list that has both; touch no other byte."""

    def restore(
        self,
        text: str,
        document: int,
        stable: str,
        stable_document: int,
        *,
        file: Path,
        namespace: str,
        apex: str,
    ) -> str:
        """Write the weights' bytes of `stable` back; weight 0 where the lists no longer match."""
