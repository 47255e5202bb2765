"""However long a rollout was, its page stays below 1 MiB and says what it leaves out."""

import copy
import re

from test_report import Json, decision, failed, story

from gitops_canary.core.brief import brief, left_out
from gitops_canary.core.report import report
from gitops_canary.core.text import iso
from gitops_canary.core.told import Told

START_MS = 1_772_445_600_000


def long(number: int, looks: int) -> Json:
    """A decision after many looks, with five checks each, that changed a long file."""
    one = decision(number, "advance")
    verdict = copy.deepcopy(one["verdicts"][0])
    verdict["checks"] = [{**verdict["checks"][0], "name": f"check-{n}"} for n in range(5)]
    begin = START_MS + number * looks * 2000
    one["verdicts"] = [{**verdict, "at": iso(begin + n * 2000)} for n in range(looks)]
    one["decidedAt"] = iso(begin + looks * 2000)
    lines = "".join(f"+{'x' * 3000}\n" for _ in range(800))
    one["changes"] = [{"path": "a.yaml", "diff": f"--- a/a.yaml\n+++ b/a.yaml\n{lines}"}]
    checks = one["policy"]["effective"]["checks"]
    one["policy"]["effective"]["checks"] = [{**checks[0], "name": f"check-{n}"} for n in range(5)]
    return one


def test_a_rollout_of_twenty_thousand_looks_fits() -> None:
    page = report(story(*(long(number, 1000) for number in range(20))))

    assert len(page.encode()) < 1 << 20
    assert "Left out here and in the plots: 19800 looks in the middle of long steps" in page
    assert "... 652 more lines: see the decision" in page


def test_the_look_that_decided_is_there() -> None:
    whole = failed(9)
    first = whole["verdicts"][0]
    whole["verdicts"] = [{**first, "at": iso(START_MS + n * 2000)} for n in range(1000)]
    short = report(story(*(long(n, 1000) for n in range(8)), whole))

    assert len(re.findall(re.escape(iso(START_MS + 999 * 2000)), short)) > 1


def test_of_a_short_rollout_nothing_is_left_out() -> None:
    page = report(story(decision(1, "start"), failed(9)))

    assert "Left out" not in page
    assert "more lines" not in page


def test_the_middle_of_many_looks_is_left_out() -> None:
    whole = story(long(0, 1000))
    shown = brief(whole).last["verdicts"]
    every = whole.last["verdicts"]

    assert shown == [*every[:100], *every[-100:]], "200 looks of 5 checks are 1000 rows"
    assert left_out(whole, brief(whole)) == 800


def test_without_a_look_there_is_room_for_all_lines() -> None:
    quiet = decision(1, "start", verdicts=[])
    quiet["changes"] = [{"path": "a", "diff": "".join(f"+{n}\n" for n in range(3001))}]

    assert (
        brief(story(quiet))
        .last["changes"][0]["diff"]
        .endswith("+2999\n... 1 more lines: see the decision")
    )


def steps(number: int, looks: int) -> Told:
    """So many decisions of so many looks at five checks, each with a diff of ten lines."""
    one = long(0, looks)
    diff = "".join(f"+{n}\n" for n in range(10))
    return Told(decisions=({**one, "changes": [{"path": "a", "diff": diff}]},) * number)


def test_of_each_of_very_many_steps_the_first_and_the_last_look_are_shown() -> None:
    shown, whole = brief(steps(1000, 3)).last, steps(1000, 3).last

    assert shown["verdicts"] == [whole["verdicts"][0], whole["verdicts"][-1]]
    assert shown["changes"][0]["diff"] == "+0\n+1\n+2\n... 7 more lines: see the decision"
    least = brief(steps(3000, 3)).last["changes"][0]["diff"]
    assert least == "+0\n+1\n... 8 more lines: see the decision"


def test_of_an_odd_number_of_looks_one_more_of_the_newest_is_shown() -> None:
    shown, every = brief(steps(40, 7)).last["verdicts"], steps(1, 7).last["verdicts"]

    assert shown == [*every[:2], *every[-3:]], "5 looks at 5 checks of 40 decisions are 1000 rows"
