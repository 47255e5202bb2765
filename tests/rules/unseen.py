"""Services that no rule was ever made for: written once the rules were there, and left as they are.

What is called healthy here is what nobody should roll back; where that can be disputed the name
says what happens.
"""

import math

from rules.traffic import BASE_ERRORS, BASE_SLOW, Scenario, after, between, constant


def _pulsing(now: float) -> float:
    """Fail four of ten requests in five of sixteen seconds: beside the scrapes, on average 12 %."""
    return 0.4 if now % 16 < 5 else 0.0


def _warming(now: float) -> float:
    return 0.3 * max(1 - now / 120, 0.0)


def _daily(now: float) -> float:
    """Rise and fall between 0.05 and 0.55 % within half an hour."""
    return 0.003 + 0.0025 * math.sin(2 * math.pi * now / 1800)


def _restarting(now: float) -> float:
    """Lose what one pod of four counted in the ten seconds before it restarts, every 90 s."""
    return 0.25 if now % 90 in {30, 35} else 0.0


def _tenth(now: float) -> float:
    return 0.1 if now >= 150 else 1.0


_degraded = between(120, math.inf, 0.02, BASE_ERRORS)
UNSEEN = (
    Scenario("a cache warms for 2 min: slow 30 % falling to 0", healthy=True, canary_slow=_warming),
    Scenario("errors rise and fall, 0.05 to 0.55 %", healthy=True, errors=_daily),
    Scenario("traffic falls to a tenth at 150 s", healthy=True, traffic=_tenth),
    Scenario("a canary pod restarts every 90 s", healthy=True, lost=_restarting),
    Scenario("sessions of 20 requests", healthy=True, session=20),
    Scenario("clients retry: twice the requests reach it", healthy=True, load=constant(2.0)),
    Scenario(
        "slow in clumps of 5, 0.3 %, of both", healthy=True, burst=5, slow=constant(BASE_SLOW)
    ),
    Scenario("both degrade alike at 120 s: 2 %", healthy=True, errors=_degraded),
    # Within a scrape, so that of pods that are read one after the other some show it before others.
    Scenario(
        "both fail 30 % for 90 s at 95 s", healthy=True, errors=between(95, 185, 0.3, BASE_ERRORS)
    ),
    Scenario(
        "both fail 50 % for 5 s at 100 s", healthy=True, errors=between(100, 105, 0.5, BASE_ERRORS)
    ),
    Scenario("12 % of errors that pulse every 16 s", healthy=False, canary_errors=_pulsing),
    Scenario(
        "20 % at the weights 25 and 30 alone", healthy=False,
        canary_errors=constant(0.2), at_weights=(20, 30),
    ),
    Scenario("slow 4 % in clumps of 5", healthy=False, canary_slow=constant(0.04), burst=5),
    Scenario("one endpoint of 3 % fails wholly", healthy=False, canary_errors=constant(0.03)),
    Scenario(
        "5 %, and retries double its requests", healthy=False,
        canary_errors=constant(0.05), load=constant(2.0),
    ),
    Scenario(
        "5 %, and a pod restarts every 90 s", healthy=False,
        canary_errors=constant(0.05), lost=_restarting,
    ),
    Scenario(
        "both degrade at 120 s: 2 %, the canary 4 %", healthy=False,
        errors=_degraded, canary_errors=after(120, 0.02),
    ),
    Scenario(
        "5 % while errors rise and fall", healthy=False,
        errors=_daily, canary_errors=constant(0.05),
    ),
    Scenario(
        "5 % from 150 s, when traffic falls to a tenth", healthy=False,
        canary_errors=after(150, 0.05), traffic=_tenth,
    ),
    Scenario("5 % of sessions of 20", healthy=False, session=20, canary_errors=constant(0.05)),
    Scenario(
        "20 % for 20 s every 2 min", healthy=False,
        canary_errors=lambda now: 0.2 if now % 120 >= 100 else 0.0,
    ),
)  # fmt: skip
