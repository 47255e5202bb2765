import io

from rich.console import Console

from gitops_canary.lab.load import Counts
from gitops_canary.lab.screen import Screen
from gitops_canary.lab.story import Fault, State, catalogue
from gitops_canary.lab.telling import (
    WIDTH,
    Began,
    Ended,
    Landed,
    Noted,
    Scene,
    Shifted,
    after,
    exposure,
    frame,
    lines,
)

STORY = catalogue(Fault.ERRORS)["B"]
MESSAGE = """canary(prod/checkout): abort 1.2.0, 10% -> 0% (step 2/5, 1/2 checks pass)

2 of 2 failed checks are reached, so production goes back to the stable
revision.

Version: app=ghcr.io/acme/checkout:1.2.0.

check                 canary  primary  limit   verdict  samples
request-success-rate  96.2    100      >= 99   fail     30 requests
request-duration      10      9        <= 250  pass     30 requests

Canary-Format: 1
"""
STATE = State(candidate="1.2.0", primary="1.1.0", weight=10, quarantined=frozenset())
LANDED = Landed(revision="a" * 40, message=MESSAGE, state=STATE)
COUNTS = Counts(requests={"1.1.0": 900, "1.2.0": 100}, failed={"1.2.0": 4}, transport_errors=0)


def text(scene: Scene) -> str:
    return "\n".join(line.text for line in frame(scene, 65.0))


def test_the_screen_shows_both_weights_the_checks_and_why() -> None:
    scene = Scene(counts=COUNTS)
    for event in (Began(story=STORY), LANDED, Shifted(weight=5, revision="b" * 40)):
        scene = after(scene, event)

    drawn = text(scene)

    for expected in (
        "story B: 1.2.0 fails 4 % of its requests",
        "01:05",
        "git     10% [##------------------] 1.1.0 -> 1.2.0",
        "envoy    5% [#-------------------] bbbbbbb",
        "request-success-rate  96.2",
        "2 of 2 failed checks are reached",
        "git    aaaaaaa canary(prod/checkout): abort 1.2.0",
        "1000 requests, 4 failed, 0 unanswered",
    ):
        assert expected in drawn


def test_the_screen_fits_a_small_terminal() -> None:
    scene = Scene(counts=COUNTS, title="long " * 40, note="x" * 200)
    for _ in range(30):
        scene = after(scene, LANDED)

    drawn = frame(scene, 3599.0)

    assert len(drawn) <= 24
    assert all(len(line.text) <= WIDTH for line in drawn)


def test_a_person_s_commit_does_not_replace_the_explanation() -> None:
    scene = after(after(Scene(), LANDED), Landed(revision="c" * 40, message="Hi\n\nx", state=STATE))

    assert scene.why.startswith("2 of 2 failed checks")
    assert len(scene.checks) == 3


def test_foreign_words_cannot_act_on_the_terminal() -> None:
    evil = Landed(revision="d" * 40, message="a\x1b[2Jb\rc\n\nd\x1b[31m\n", state=STATE)

    assert lines(evil) == ("git    ddddddd a\\x1b[2Jb\\x0dc",)
    assert "\x1b" not in text(after(Scene(), evil))


def test_foreign_words_are_not_markup() -> None:
    out = io.StringIO()
    with Screen(Console(file=out, width=WIDTH, force_terminal=False)) as screen:
        screen.show(Landed(revision="e" * 40, message="[bold]x[/nope] :smile:", state=STATE))

    assert "[bold]x[/nope] :smile:" in out.getvalue()


def test_a_terminal_gets_one_screen_that_is_drawn_again() -> None:
    out = io.StringIO()
    console = Console(file=out, width=WIDTH, height=24, force_terminal=True, _environ={})
    with Screen(console) as screen:
        screen.show(LANDED)
        screen.show(Noted(words="the controller is killed"))

    assert out.getvalue().count("gitops-canary demo") >= 3
    assert "the controller is killed" in out.getvalue()
    assert "\x1b[2K" in out.getvalue()


def test_every_problem_of_an_ending_is_told() -> None:
    assert lines(Ended(story=STORY, problems=("one", "two"))) == (
        "story B FAILED: one",
        "story B FAILED: two",
    )
    assert lines(Ended(story=STORY, problems=())) == ("story B ended as told",)


def test_exposure_tells_who_met_which_version() -> None:
    assert exposure(COUNTS) == [
        "1000 requests, 4 failed, 0 unanswered",
        "1.1.0: 900 requests, 0 failed",
        "1.2.0: 100 requests, 4 failed",
    ]


def test_every_title_fits_beside_the_clock() -> None:
    for fault in Fault:
        for story in catalogue(fault).values():
            assert story.title in text(after(Scene(), Began(story=story)))
