"""The files that the page about a HelmRelease shows are sound as they stand there."""

import re
from pathlib import Path

from test_two_sides import told

PAGE = Path(__file__).resolve().parents[2] / "docs/how-to/with-a-helm-release.md"


def test_what_the_page_shows_is_bound(tmp_path: Path) -> None:
    blocks = re.findall(r"```yaml\n# (\S+)\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(blocks) == 6
    canary, chart = told(dict(blocks), tmp_path)
    assert canary.error is None
    assert canary.summary == "idle at 0 %; 3 steps (5% -> 25% -> 50%), 1 check"
    assert chart.warning
    assert "what a chart makes of apps/prod/shop.yaml" in chart.warning.problem
