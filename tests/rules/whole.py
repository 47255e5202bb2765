"""What begins once the canary has all traffic, for rules whose steps go that far."""

from rules.traffic import BASE_ERRORS, Scenario, between, constant

STEPS = (10.0, 50.0, 100.0)
_AT_100 = (99.0, 100.0)


def _to_the_limit(now: float) -> float:
    """Rise from 0.1 % to the limit of 1 % in five minutes, and stay there."""
    return BASE_ERRORS + 0.009 * min(max(now, 0) / 300, 1)


WHOLE = (
    Scenario("usually 0.9 %", healthy=True, errors=constant(0.009)),
    Scenario("common drift to the limit in 5 min", healthy=True, errors=_to_the_limit),
    Scenario(
        "common blip 30 %, 90 s, at 100 %", healthy=True, errors=between(240, 330, 0.3, BASE_ERRORS)
    ),
    Scenario(
        "common outage 50 %, 8 min, at 100 %", healthy=True,
        errors=between(240, 720, 0.5, BASE_ERRORS),
    ),
    Scenario(
        "err 2 % at 100 %", healthy=False, canary_errors=constant(0.02), at_weights=_AT_100
    ),
    Scenario(
        "err 5 % at 100 %", healthy=False, canary_errors=constant(0.05), at_weights=_AT_100
    ),
    Scenario(
        "err 27 % at 100 %", healthy=False, canary_errors=constant(0.27), at_weights=_AT_100
    ),
    Scenario(
        "a canary pod of 4 fails at 100 %", healthy=False,
        canary_errors=constant(0.25), broken=("canary",), at_weights=_AT_100,
    ),
)  # fmt: skip
"""What is called healthy is not the version's fault, which at 100 % nobody can tell."""
