"""The alerts of a Canary: their fields, and how they are read."""

from collections.abc import Iterator

from gitops_canary.manifest.checked import Checked
from gitops_canary.manifest.fields import Field, Status, Type
from gitops_canary.model.announcement import Alert, Severity

AT = "analysis.alerts"
ALERTS_MAX = 20
_SEVERITIES = tuple(one.name.lower() for one in Severity)


def _field(path: str, type_: Type, why: str, **rest: object) -> Field:
    return Field(path=f"{AT}[].{path}", type=type_, status=Status.HONOURED, why=why, **rest)  # type: ignore[arg-type]  # the rows below name the rest


def alert_fields(*, own: bool) -> Iterator[Field]:
    """List the fields of one alert; our own dialect names one of the operator's notifiers."""
    yield _field("name", Type.WORD, "what it is called")
    yield _field(
        "severity", Type.TEXT, "from which severity on; info where absent",
        choices=_SEVERITIES if own else ("", *_SEVERITIES),
    )  # fmt: skip
    if own:
        yield _field("notifier", Type.NAME, "name of a notifier in controller.yaml")
    else:
        yield _field(
            "providerRef.name", Type.NAME,
            "name of a notifier in controller.yaml, or of an AlertProvider that one lists",
        )  # fmt: skip
        yield _field("providerRef.namespace", Type.NAME, "its namespace; the Canary's if absent")


def read_alerts(doc: Checked, *, namespace: str) -> tuple[Alert, ...]:
    """Read `analysis.alerts`; what is wrong is noted in `doc`."""
    if doc.has(AT) and AT in doc.allowed:
        doc.deferred[AT] = None
        return ()
    found = []
    for path in doc.items(AT):
        name, notifier = doc.text(f"{path}.name"), doc.text(f"{path}.notifier")
        if provider := doc.text(f"{path}.providerRef.name"):
            notifier = f"{doc.text(f'{path}.providerRef.namespace') or namespace}/{provider}"
        word = (doc.text(f"{path}.severity") or "info").upper()
        if name is not None and notifier is not None and word in Severity.__members__:
            found.append(Alert(name=name, notifier=notifier, severity=Severity[word]))
    return tuple(found)
