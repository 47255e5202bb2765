"""The fields that choose a strategy; both dialects share them."""

from collections.abc import Iterator

from gitops_canary.manifest.fields import Field, Status, Type

ITERATIONS_MAX = 1000
STEPS_MAX = 50
"""Most steps of one rollout, up or down."""
COOKIE_NAME = "[A-Za-z0-9._-]{1,64}"
AGE_MAX_S = 400 * 86_400
"""Longest time browsers keep a cookie (RFC 6265bis, 5.5)."""
HOW = ("exact", "prefix", "suffix", "regex")
"""How a header or a query parameter is compared."""


def strategy_fields() -> Iterator[Field]:
    """Give every leaf below `analysis` that makes an A/B test or blue/green of it."""
    yield _honoured(
        "analysis.iterations", Type.WHOLE, "passing looks of an A/B test, or of blue/green",
        low=1, high=ITERATIONS_MAX,
    )  # fmt: skip
    yield _honoured("analysis.mirror", Type.FLAG, "copy requests before the first weight")
    yield _honoured(
        "analysis.mirrorWeight", Type.WHOLE, "percent of requests copied; 100 where absent",
        low=1, high=100,
    )  # fmt: skip
    yield _honoured(
        "analysis.stepWeightPromotion", Type.NUMBER,
        "percent that return to the promoted primary at a time; all at once where absent or 0",
        low=0, high=100,
    )  # fmt: skip
    yield from _affinity()
    at, why = "analysis.match[]", "requests that go to the candidate in an A/B test"
    for how in HOW:
        yield _honoured(f"{at}.headers.*.{how}", Type.WORD, why)
    for how in HOW:
        yield _honoured(f"{at}.queryParams.*.{how}", Type.WORD, why)
    yield _honoured(f"{at}.sourceLabels.*", Type.WORD, f"labels of the callers; {why}")


def _affinity() -> Iterator[Field]:
    at = "analysis.sessionAffinity"
    token = {"pattern": COOKIE_NAME, "form": "a cookie's name, e.g. checkout-canary"}
    plain = {"pattern": "[!-:<-~]*", "form": "printable ASCII without ; and spaces"}
    yield _honoured(
        f"{at}.cookieName", Type.WORD, "cookie that keeps users on the candidate they met", **token
    )
    yield _honoured(
        f"{at}.primaryCookieName", Type.WORD,
        "cookie that keeps users on the primary for an interval; drawn anew where absent", **token,
    )  # fmt: skip
    yield _honoured(
        f"{at}.maxAge", Type.WHOLE, "seconds the candidate's cookie lasts; 86400 where absent",
        low=1, high=AGE_MAX_S,
    )  # fmt: skip
    for name in ("domain", "path"):
        yield _honoured(f"{at}.{name}", Type.TEXT, "attribute of both cookies", **plain)
    for name in ("httpOnly", "partitioned", "secure"):
        yield _honoured(f"{at}.{name}", Type.FLAG, "attribute of both cookies")
    yield _honoured(
        f"{at}.sameSite", Type.TEXT, "attribute of both cookies", choices=("Strict", "Lax", "None")
    )


def _honoured(path: str, type_: Type, why: str, **rest: object) -> Field:
    return Field(path=path, type=type_, status=Status.HONOURED, why=why, **rest)  # type: ignore[arg-type]  # the rows above name the rest
