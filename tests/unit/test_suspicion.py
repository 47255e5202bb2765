"""Who is worse than the primary is held, where that matters."""

from dataclasses import replace

from test_judge_sequential import METRIC, PASS, block
from test_sequential_rulings import ruled

from gitops_canary.core.judges.sequential import Config


def test_a_difference_that_does_not_matter_holds_nobody() -> None:
    """3 in 10,000 fail where 1 did, of a limit that lets 100 pass; then of 1,000 there are 11."""
    config = replace(Config(metrics=(METRIC,)), dwell_ms=0)
    few = [block(i, (10_000, 3, 90_000, 9)) for i in range(8)]
    words = "is suspicious: 24 of 80,000 canary requests failed, 72 of 720,000 on the primary"
    assert words in ruled(replace(config, rule=60), *few)[3]
    assert ruled(config, *few)[0] is PASS
    more = block(8, (1_000, 11, 9_000, 1))
    assert "is suspicious: 35 of 81,000 canary requests failed" in ruled(config, *few, more)[3]
