"""What decision-NN.json looks like: strict models, from which its JSON Schema is made."""

from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from gitops_canary.app.evidence_policy import Commit, Exact, Policy, Sha256
from gitops_canary.core.canonical import reformed
from gitops_canary.core.evidence import SCHEMA
from gitops_canary.core.recorded import REMEDY, newer
from gitops_canary.errors import NewerRecordError, VerificationError

Instant = Annotated[
    str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$", description="UTC")
]
Span = Annotated[
    str, Field(pattern=r"^[0-9T:.-]+Z/[0-9T:.-]+Z$", description="Both ends included, UTC")
]
Share = Annotated[str, Field(pattern=r"^\d{1,3}(\.\d{1,3})?$", description="Percent")]
Count = Annotated[str, Field(pattern=r"^\d+/\d+$")]
Number = Annotated[str, Field(pattern=r"^\d+(\.\d+)?$")]
Outcome = Literal["pass", "fail", "inconclusive"]


class Weight(Exact):
    """The canary's weight before and after the move."""

    from_: Share = Field(alias="from")
    to: Share


class Measured(Exact):
    """Who was measured; the builtin queries follow from this."""

    namespace: str
    name: str
    target: str
    service: str
    provider: str
    kind: str | None = None
    """Of the target; a Deployment where absent."""
    workload: str | None = None
    """Who was judged where it is not the target: the primary, in the watch after a finish."""


class Timing(Exact):
    """How late samples are: an instant is asked for once its scrapes are over, and the lag."""

    scrape_ms: int
    lag_ms: int
    scrape_timeout_ms: int | None = None
    """How long a scrape is waited for that is not seen to be over; where absent, its interval."""
    underway: bool = False
    """Whether what is seen while a weight is on its way counts; not so before decision 23."""
    rule: int = 0
    """The newest decision on the weighing of evidence that holds: 39; 0 before decision 29."""
    landed: bool = False
    """Whether moves were dated by the merges that brought them (decision 30)."""
    sealed: bool = False
    """Whether commits that a forge wrote were dated by themselves even so; absent in old ones."""


class Live(Exact):
    """The proof that the previous move was live."""

    since: Instant
    proof: list[str]
    detail: dict[str, str]


class Measurement(Exact):
    """One check at one evaluation time; numbers as they were compared."""

    name: str
    verdict: Outcome
    value: str | None
    baseline: str | None
    limit: str
    samples: str
    why: str
    numbers: dict[str, str]
    """What the judge computed; counts as whole numbers."""


class Verdict(Exact):
    """What all checks said at one evaluation time."""

    at: Instant
    outcome: Outcome
    window: Span
    judge: str
    reason: str
    final: bool
    heard: bool
    checks: list[Measurement]
    shadows: list["Verdict"]
    """What judges that do not decide would have said."""


class Series(Exact):
    """One time series of an answer; values are the strings received."""

    labels: dict[str, str]
    samples: list[tuple[int, str]]
    """Milliseconds since the epoch, and the value."""


class Webhook(Exact):
    """What one webhook said, which nobody can ask again."""

    name: str
    type: str
    at: Instant
    """The instant it was asked about."""
    passed: bool | None
    """Null where there was no answer."""
    status: int | None
    why: str


class Query(Exact):
    """One question with its evaluation times, and its whole answer up to the decision."""

    source: str
    expression: str
    from_: Instant = Field(alias="from")
    to: Instant
    step_ms: int
    lookback_ms: int
    error: str | None
    series: list[Series]


class Side(Exact):
    """One workload's owned values."""

    digest: Sha256
    images: dict[str, str]
    replicas: int | None


class Owned(Exact):
    """Every owned value in one revision."""

    weight: Share
    shape: Sha256
    """Of the routing objects without their weights."""
    candidate: Side
    primary: Side


class BeforeAfter(Exact):
    """The owned values as the move found and left them."""

    before: Owned
    after: Owned


class Change(Exact):
    """One file of the commit."""

    path: str
    diff: str


class Arriving(Exact):
    """What met the canary while its newest weight was on its way: pushed, not yet seen live."""

    requests: Number
    failed_requests: Number
    counted: Span
    unseen: Number | None = None
    """Minutes of that span of which no sample tells; absent where all was seen, and in old ones."""


class Exposure(Exact):
    """What met the canary since the previous move; requests where a check counts them."""

    weight: Share
    from_: Instant = Field(alias="from")
    to: Instant
    minutes: Number
    requests: Number | None
    failed_requests: Number | None
    counted: Span | None
    unseen: Number | None = None
    """Minutes of what was looked at of which no sample tells; absent as in `Arriving`."""
    arriving: Arriving | None = None
    """Apart from the requests above; null where no judge looks there, absent before it was told."""


class Alternative(Exact):
    """What else could have been done."""

    action: str
    why_not: str


class Decision(Exact):
    """One decision of gitops-canary with everything it rested on; RFC 8785 canonical JSON."""

    schema_: Literal[SCHEMA] = Field(alias="schema")  # type: ignore[valid-type] # one constant
    pages: int | None = None
    """How the pages beside it are worded; absent before that was told."""
    canary: str
    rollout: Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]
    action: Literal[
        "initialise", "start", "advance", "promote", "finish", "idle", "abort", "retreat"
    ]
    decided_at: Instant
    reason: str
    override: bool | None = None
    """Whether a person's word stands in the place of checks that were left."""
    step: Count
    weight: Weight
    version: str
    source: Commit
    stable: Commit
    previous: Commit | None
    reverts: list[Commit]
    verdict: Literal["pass", "fail", "inconclusive", "none"]
    failed: Count
    window: Span | None
    measured: Measured
    policy: Policy
    timing: Timing
    live: Live | None
    verdicts: list[Verdict]
    webhooks: list[Webhook] | None = None
    """What webhooks said; left out where none was asked."""
    queries: list[Query]
    owned: BeforeAfter
    changes: list[Change]
    exposure: Exposure | None
    alternatives: list[Alternative]


def schema() -> dict[str, Any]:
    """Give the JSON Schema (draft 2020-12) of decision-NN.json."""
    made = Decision.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}


def read_decision(data: bytes, *, name: str) -> dict[str, Any]:
    """Read decision-NN.json; nothing but its one canonical form is accepted.

    Raises:
        VerificationError: it is no decision, or the same decision is written in another way.
    """
    try:
        value, form = reformed(data)
        Decision.model_validate_json(data)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors(include_url=False)[0]["loc"])
        raise _unreadable(name, f"{where} is not as its schema says", value) from None
    except (ValueError, RecursionError) as error:
        raise _unreadable(name, str(error)) from None
    if form != data:
        raise _unreadable(name, "it is not in canonical form")
    assert isinstance(value, dict), "the model is an object"
    return value


def _unreadable(name: str, why: str, value: object = None) -> VerificationError:
    if made := newer(value):
        return NewerRecordError(f"{name} cannot be read: {made}.", remedy=REMEDY)
    return VerificationError(
        f"{name} is no decision of gitops-canary: {why}.",
        remedy="compare it with `gitops-canary schema evidence`; fetch the evidence branch again",
    )
