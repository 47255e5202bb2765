"""Which strategy a Canary asks for: told by the shape of its analysis, as in Flagger."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from gitops_canary.manifest.checked import Checked
from gitops_canary.manifest.providers import (
    KEEPING_PROVIDERS,
    MATCHING_PROVIDERS,
    MIRRORING_PROVIDERS,
)
from gitops_canary.manifest.scalars import spelled
from gitops_canary.manifest.steps import exact
from gitops_canary.manifest.strategy_fields import HOW, STEPS_MAX
from gitops_canary.model.spec import Affinity, Match, Strategy

_AT = "analysis.match"
_ALL = Decimal(100)
_DAY_S = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What a policy says of its strategy."""

    strategy: Strategy = Strategy.WEIGHTED
    iterations: int = 1
    match: tuple[Match, ...] = ()
    mirror: Decimal | None = None
    return_step: Decimal | None = None
    affinity: Affinity | None = None


def read_strategy(
    doc: Checked, provider: str, *, steps: Sequence[Decimal], interval_ms: int
) -> Chosen:
    """Read iterations and match: both are an A/B test, iterations alone blue/green.

    What is wrong, or what the provider cannot do, is noted in `doc`.
    """
    return replace(
        _strategy(doc, provider),
        mirror=_mirror(doc, provider),
        return_step=_return_step(doc, provider, steps),
        affinity=_affinity(doc, provider, interval_ms),
    )


def _affinity(doc: Checked, provider: str, interval_ms: int) -> Affinity | None:
    """Read the cookies; nothing where everybody changes sides at once."""
    at = "analysis.sessionAffinity"
    if not doc.has(at):
        return None
    if doc.has("analysis.iterations"):
        doc.complain(at, "has no use beside iterations, which move all or none", "remove it")
    if provider not in KEEPING_PROVIDERS:
        remedy = f"remove it, or route by one of {', '.join(KEEPING_PROVIDERS)}"
        doc.complain(at, f"is not possible with {provider or 'this provider'}", remedy)
    cookie, primary = doc.text(f"{at}.cookieName"), doc.text(f"{at}.primaryCookieName")
    if cookie and cookie == primary:
        doc.complain(f"{at}.primaryCookieName", "is the candidate's cookie", "give it another name")
    none, secure = doc.text(f"{at}.sameSite") == "None", doc.flag(f"{at}.secure")
    if (none or doc.flag(f"{at}.partitioned")) and not secure:
        # Browsers drop such a cookie (RFC 6265bis, 5.7), and then nobody is kept.
        doc.complain(at, "has a cookie that only a secure one may be", "set secure: true")
    if doc.flag("skipAnalysis"):
        return None
    return Affinity(
        cookie=cookie or "",
        max_age_s=doc.whole(f"{at}.maxAge") or _DAY_S,
        primary_cookie=primary or "",
        primary_max_age_s=-(-interval_ms // 1000) if primary else 0,
        attributes="; ".join(_attributes(doc, at)),
    )


def _attributes(doc: Checked, at: str) -> Iterator[str]:
    """Give a cookie's attributes as RFC 6265 writes them, in one order."""
    for name, word in (("domain", "Domain"), ("path", "Path"), ("sameSite", "SameSite")):
        if value := doc.text(f"{at}.{name}"):
            yield f"{word}={value}"
    for name, word in (
        ("httpOnly", "HttpOnly"),
        ("secure", "Secure"),
        ("partitioned", "Partitioned"),
    ):
        if doc.flag(f"{at}.{name}"):
            yield word


def _return_step(doc: Checked, provider: str, steps: Sequence[Decimal]) -> Decimal | None:
    """Read how much traffic goes back at a time; 0 is all at once, as in Flagger."""
    at = "analysis.stepWeightPromotion"
    step = doc.number(at)
    if not step:
        return None
    why = "an A/B test has no share to return" if doc.has(_AT) else ""
    if provider == "kubernetes":
        why = "the provider kubernetes knows all or nothing"
    if why:
        doc.complain(at, f"has no use, {why}", "remove it")
    exact(doc, at, step)
    most = steps[-1] if steps else _ALL
    if step * STEPS_MAX < most:
        least = spelled(most / STEPS_MAX)
        doc.complain(at, f"makes more than {STEPS_MAX} steps", f"raise it to at least {least}")
    return step


def _mirror(doc: Checked, provider: str) -> Decimal | None:
    """Read what is mirrored before the first weight; nothing where nothing is judged."""
    at = "analysis.mirror"
    if not doc.flag(at):
        return None
    if doc.has("analysis.iterations") and doc.has(_AT):
        doc.complain(at, "has no use in an A/B test", "remove it")
    if provider not in MIRRORING_PROVIDERS:
        remedy = f"remove it, or route by one of {', '.join(MIRRORING_PROVIDERS)}"
        doc.complain(at, f"is not possible with {provider or 'this provider'}", remedy)
    return None if doc.flag("skipAnalysis") else doc.number("analysis.mirrorWeight") or _ALL


def _strategy(doc: Checked, provider: str) -> Chosen:
    iterations = doc.whole("analysis.iterations")
    matches = tuple(_match(doc, path) for path in doc.items(_AT))
    if iterations is None:
        if doc.has(_AT) and not doc.has("analysis.iterations"):
            remedy = "give analysis.iterations instead of steps, or remove analysis.match"
            doc.complain(_AT, "is for A/B tests, which have iterations", remedy)
        if provider == "kubernetes" and not doc.has("analysis.iterations"):
            remedy = "give analysis.iterations instead of steps (blue/green)"
            doc.complain("provider", "is kubernetes, which has no weights", remedy)
        return Chosen()
    if not doc.has(_AT):
        return Chosen(strategy=Strategy.BLUE_GREEN, iterations=iterations)
    if not matches:
        doc.complain(_AT, "is empty", "say which requests go to the candidate, or remove it")
    if provider not in MATCHING_PROVIDERS:
        known = ", ".join(MATCHING_PROVIDERS)
        remedy = f"remove it (blue/green), or route by one of {known}"
        doc.complain(_AT, f"is not possible with {provider or 'this provider'}", remedy)
    return Chosen(strategy=Strategy.AB_TEST, iterations=iterations, match=matches)


def _match(doc: Checked, path: str) -> Match:
    found = Match(
        headers={n.lower(): v for n, v in _compared(doc, f"{path}.headers").items()},
        query=_compared(doc, f"{path}.queryParams"),
        source_labels=doc.texts(f"{path}.sourceLabels"),
    )
    if not (found.headers or found.query or found.source_labels) and not doc.problems:
        doc.complain(path, "matches everything", "name a header, a query parameter or a label")
    return found


def _compared(doc: Checked, path: str) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for name in doc.keys(path):
        given = [how for how in HOW if doc.has(f"{path}.{name}.{how}")]
        if len(given) != 1:
            problem = "is compared in several ways" if given else "is compared with nothing"
            doc.complain(f"{path}.{name}", problem, f"give one of {', '.join(HOW)}")
            continue
        value = doc.text(f"{path}.{name}.{given[0]}")
        if value is not None:
            found[name] = (given[0], value)
    return found
