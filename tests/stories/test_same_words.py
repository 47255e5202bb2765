"""Of one moment everything that people read says the same: state, reason, weight, step, remedy."""

from html import escape
from pathlib import Path

import pytest
from telling import WEB, Telling

from gitops_canary.app.figures import Figures
from gitops_canary.app.noticing import notices
from gitops_canary.app.standing import Newest, standings
from gitops_canary.app.tick import Report
from gitops_canary.cli.explain import told
from gitops_canary.cli.status import row
from gitops_canary.core.decide import SAME
from gitops_canary.core.pages import words
from gitops_canary.web.page import page

STORIES = ("condemned", "override_off_the_ladder", "changed_by_hand", "words_that_name_nothing")


@pytest.mark.parametrize("story", STORIES)
def test_every_reader_is_told_the_same(story: str) -> None:
    telling = Telling()
    telling.play((Path(__file__).parent / f"{story}.txt").read_text())
    reports = [one for one in telling.reports if WEB in one.seen and not one.pushed]
    assert len(reports) > 1
    for report in reports:
        agree(report)


def agree(report: Report) -> None:
    (one,) = standings(report)  # a story has one canary
    newest = Newest([report.repository])
    newest.take(report, 0)
    shown = row(one)
    text = "\n".join(told(report, WEB))
    html = page(newest.looked(), "", 0)
    figures = Figures("", newest).text().decode()
    assert one.weight is not None
    assert f"{one.canary}: {shown['state']}. {one.reason}" in text
    assert f"Now: {shown['weight'][:-1]} % of the traffic" in text
    assert (f"step {shown['step']} of rollout {one.rollout}." in text) is one.running
    assert f'<span class="state">{one.state}</span>' in html
    at_rest = one.version == one.primary
    reason = one.reason.removeprefix(SAME).lstrip() if at_rest else one.reason
    assert f"<p>{escape(reason)}</p>".replace(" %", "&nbsp;%") in html or not reason
    assert ("serves everyone" in html) is at_rest
    assert f'state="{one.state}"}} 1.0' in figures
    assert f'weight_ratio{{canary="{WEB}",repository="story"}} {one.weight / 100:.2g}' in figures
    step = shown["step"].partition("/")[0] if one.running else "0"
    assert f'step{{canary="{WEB}",repository="story"}} {step}.0' in figures
    remedy = f"Try: {one.remedy}"
    assert (remedy in text) is bool(one.remedy)
    for notice in notices(report):
        if notice.source == report.seen[WEB].situation.bypass:
            continue
        assert words(one.reason) in notice.body
        assert notice.body.count(f" {shown['weight'][:-1]} % of the traffic") == 1
        assert ("\nTry: " in notice.body) is bool(one.remedy)


def test_an_author_who_edits_beside_the_version_gets_no_failed_mark() -> None:
    telling = Telling()
    telling.play((Path(__file__).parent / "changed_by_hand.txt").read_text())
    told = [one for one in telling.reports if WEB in one.seen and one.seen[WEB].situation.bypass]
    sources = {notice.source for report in told for notice in notices(report)}
    assert told
    assert not sources & {report.seen[WEB].situation.bypass for report in told}
