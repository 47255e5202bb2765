"""Whom a change of one object concerns: whoever is left out has the same values after it."""

from random import Random

import pytest
from neighbours import SHARED, STRATEGIES, App, two
from routes import CASES

from gitops_canary.errors import CanaryError
from gitops_canary.manifest.screen import labels
from gitops_canary.manifest.touched import touched
from gitops_canary.manifest.without import without
from gitops_canary.routing import ROUTERS
from gitops_canary.rule_ports import Sharing

HOWS = [(name, how) for name in SHARED for how in STRATEGIES.get(name, ("weights",))]


def by_hand(text: str, rng: Random) -> str:
    """Do what a person, or a slip, does to a text somewhere."""
    lines = text.split("\n")
    at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    match rng.randrange(6):
        case 0:
            lines[at] += " # said"
        case 1:
            lines[at:at] = [lines[other]]
        case 2:
            del lines[at]
        case 3:
            lines[at] = lines[at].replace("shop", "cart")
        case 4:
            lines[at] = lines[at].replace("cart", "mail")
        case _:
            lines[at] = lines[at].replace("weight: ", "weight: 1")
    return "\n".join(lines)


def said(app: App, text: str) -> object:
    """Everything that is said of an application, or why that cannot be."""
    try:
        return app.owns(text)
    except (CanaryError, AssertionError) as error:
        return type(error)


def rules(old: str, new: str) -> str | None:
    return touched(old, new, ROUTERS.values(), {"prod"})


@pytest.mark.parametrize(("name", "how"), HOWS, ids=["-".join(one) for one in HOWS])
def test_whoever_is_left_out_has_the_same_values(name: str, how: str) -> None:
    rng = Random(f"{name} {how}")  # noqa: S311 - no secret
    apps = [App.of(CASES[name], apex, how) for apex in ("shop", "cart")]
    stable = two(CASES[name])
    text, left_out = stable, 0
    for turn in range(12):
        mover = rng.choice(apps)
        new = by_hand(text, rng) if turn % 3 == 2 else mover.move(text, stable, rng)
        found = rules(text, new)
        for app in apps:
            if found is not None and not any(one in found for one in labels(app.spec)):
                assert said(app, new) == said(app, text), f"{text}\n-> {new}"
                left_out += 1
        text = new if turn % 3 != 2 else stable
    # With a rule of its own goes another claim to traffic in the Gateway API.
    assert left_out or (how in {"match", "cookies"} and name.startswith("gateway"))


@pytest.mark.parametrize("name", SHARED)
def test_a_change_of_what_both_have_concerns_everybody(name: str) -> None:
    text = two(CASES[name])
    assert rules(text, text.replace("\nspec:", "\nspec:\n  timeout: 3s", 1)) is None
    assert rules(text, text.replace("kind: ", "kind: No", 1)) is None


def test_a_rule_to_somebody_who_is_no_side_concerns_everybody() -> None:
    """It may be the way past a split."""
    plain = "  - {route: [{destination: {host: mail}}]}\n"
    text = two(CASES["istio-http"]) + plain
    assert rules(text, text.replace("host: mail", "host: post")) is None
    assert rules(text, text.replace(plain, "")) is None


def test_a_rule_that_begins_like_the_one_behind_it_concerns_everybody() -> None:
    """What differs began behind its first words, where only the old rule seemed to be touched."""
    text = two(CASES["istio-tcp"])
    assert rules(text, text.replace("  - route:\n", "  - route:\n  - route:\n", 1)) is None
    assert rules(text.replace("  - route:\n", "  - route:\n  - route:\n", 1), text) is None


def test_an_object_that_is_one_s_alone_concerns_everybody_who_is_named_there() -> None:
    text = CASES["traefik"].text
    assert rules(text, text.replace("weight: 0", "weight: 5")) is None


@pytest.mark.parametrize("name", SHARED)
def test_what_is_left_without_the_others_rules_reads_as_before(name: str) -> None:
    case = CASES[name]
    text, shop = two(case, twice=True), App.of(case, "shop", "weights")
    router = ROUTERS[case.provider]
    assert isinstance(router, Sharing)
    others = router.sided(text, 0, namespace="prod") - set(router.places(text, 0, **shop.where))
    assert len(others) == 1
    short = without(text, 0, others)
    assert short is not None
    assert "cart" not in short
    assert shop.owns(short) == shop.owns(text)
    assert without(text.replace("weight: 0", "weight: &none 0", 1), 0, others) is None
