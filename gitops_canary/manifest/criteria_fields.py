"""The fields of one check that the judge `conditions` reads: Argo Rollouts', by its names."""

from gitops_canary.manifest.checked import Checked
from gitops_canary.manifest.fields import Field, Status, Type
from gitops_canary.model.spec import Criteria

_AT = "analysis.metrics[]"
_MOST = 1_000_000
_LIMITS = {
    "failureLimit": ("failed measurements at a weight that are let by; 0 where absent", -1),
    "inconclusiveLimit": ("inconclusive ones that are let by; 0 where absent", -1),
    "consecutiveErrorLimit": ("errors of the source in a row that are let by; 4 where absent", -1),
    "consecutiveSuccessLimit": ("good measurements in a row that are enough; off where absent", 0),
    "count": ("measurements wanted at each weight; one good one where absent", 1),
}


def _field(name: str, type_: Type, why: str, **rest: int) -> Field:
    return Field(path=f"{_AT}.{name}", type=type_, status=Status.HONOURED, why=why, **rest)  # type: ignore[arg-type]  # the rows below name the rest


CRITERIA = (
    _field("successCondition", Type.WORD, "for conditions: what has to hold, on `result`"),
    _field("failureCondition", Type.WORD, "for conditions: what must not hold, on `result`"),
    *(
        _field(name, Type.WHOLE, f"for conditions: {why}", low=low, high=_MOST)
        for name, (why, low) in _LIMITS.items()
    ),
    _field(
        "initialDelay", Type.DURATION, "for conditions: wait at each weight before the first look",
        low=1_000, high=86_400_000,
    ),
    _field("dryRun", Type.FLAG, "for conditions: measured and told, decides nothing"),
)  # fmt: skip
_NAMES = tuple(field.path.rpartition(".")[2] for field in CRITERIA)


def conditioned(doc: Checked, path: str) -> bool:
    """Whether a check has a condition, which then stands for its limits."""
    return doc.has(f"{path}.successCondition") or doc.has(f"{path}.failureCondition")


def read_criteria(doc: Checked, path: str) -> Criteria | None:
    """Read one check's; None where it has none of these fields."""
    given = [name for name in _NAMES if doc.has(f"{path}.{name}")]
    if not given:
        return None
    judges = {doc.text("analysis.judge.type"), *map(doc.text, doc.items("analysis.judge.shadows"))}
    if "conditions" not in judges:
        remedy = "choose analysis.judge.type: conditions, or remove it"
        doc.complain(f"{path}.{given[0]}", "is for the judge conditions only", remedy)

    def limit(name: str, absent: int) -> int:
        found = doc.whole(f"{path}.{name}")
        return absent if found is None else found

    wanted, most = limit("consecutiveSuccessLimit", 0), doc.whole(f"{path}.count")
    if most is not None and wanted > most:
        problem = f"asks for {wanted} good measurements in a row, and count ends them after {most}"
        doc.complain(f"{path}.consecutiveSuccessLimit", problem, f"give count {wanted} or more")
    return Criteria(
        success=doc.text(f"{path}.successCondition") or "",
        failure=doc.text(f"{path}.failureCondition") or "",
        failure_limit=limit("failureLimit", 0),
        inconclusive_limit=limit("inconclusiveLimit", 0),
        consecutive_error_limit=limit("consecutiveErrorLimit", 4),
        consecutive_success_limit=limit("consecutiveSuccessLimit", 0),
        count=doc.whole(f"{path}.count"),
        initial_delay_ms=limit("initialDelay", 0),
        dry_run=doc.flag(f"{path}.dryRun"),
    )
