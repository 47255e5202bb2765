"""One suite that every router passes, whatever object it drives."""

import re
from decimal import Decimal

import pytest
from routes import CASES, Case

from gitops_canary.errors import BindingError, CanaryError
from gitops_canary.manifest.providers import FLAGGER_PROVIDERS, OWN_PROVIDERS
from gitops_canary.model.names import Path
from gitops_canary.routing import ROUTERS

FILE = Path("apps/route.yaml")
WHERE = {"namespace": "prod", "apex": "shop"}
WORDS = ("balance", "weight", "percent", "app:", '"shop-canary"')
every = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
with_lone = pytest.mark.parametrize(
    "case", [c for c in CASES.values() if c.lone], ids=[n for n, c in CASES.items() if c.lone]
)
with_bare = pytest.mark.parametrize(
    "case", [c for c in CASES.values() if c.bare], ids=[n for n, c in CASES.items() if c.bare]
)


def read(case: Case, text: str) -> Decimal:
    return ROUTERS[case.provider].weight(text, 0, file=FILE, **WHERE)


def write(case: Case, text: str, weight: str) -> str:
    return ROUTERS[case.provider].set_weight(text, 0, Decimal(weight), file=FILE, **WHERE)


def shape(case: Case, text: str) -> str:
    return ROUTERS[case.provider].shape(text, 0, file=FILE, **WHERE)


def test_every_name_a_canary_may_use_has_a_router_and_none_is_left_over() -> None:
    assert set(ROUTERS) == set(OWN_PROVIDERS)
    assert set(FLAGGER_PROVIDERS) <= set(OWN_PROVIDERS)
    assert {case.provider for case in CASES.values()} | {"gatewayapi:v1beta1", "field"} == set(
        ROUTERS
    )


@every
def test_weights_go_round_and_back_to_the_same_bytes(case: Case) -> None:
    router = ROUTERS[case.provider]
    assert router.matches(case.text, 0, **WHERE)
    assert not router.matches(case.text, 0, namespace="prod", apex="sho")
    assert read(case, case.text) == 0
    text = case.text
    for weight in case.weights:
        text = write(case, text, weight)
        assert read(case, text) == Decimal(weight)
        assert write(case, text, weight) == text
        assert shape(case, text) == shape(case, case.text)
    assert write(case, text, "0") == case.text


@every
def test_only_the_lines_of_the_two_weights_differ(case: Case) -> None:
    new = write(case, case.text, case.weights[0])
    before, after = case.text.splitlines(), new.splitlines()
    changed = [a for a, b in zip(before, after, strict=True) if a != b]
    assert 1 <= len(changed) <= 2
    assert all(any(c in line.lower() for c in WORDS) for line in changed)


@every
def test_windows_line_endings_and_a_byte_order_mark_survive(case: Case) -> None:
    text = "\ufeff" + case.text.replace("\n", "\r\n")
    new = write(case, text, case.weights[0])
    assert new == "\ufeff" + write(case, case.text, case.weights[0]).replace("\n", "\r\n")


@every
def test_restore_gives_the_stable_bytes_and_keeps_what_else_changed(case: Case) -> None:
    router = ROUTERS[case.provider]
    rolling = write(case, case.text, case.weights[0])
    labelled = rolling.replace("\nspec:", "\nother: {kept: true}\nspec:", 1)
    back = router.restore(labelled, 0, case.text, 0, file=FILE, **WHERE)
    assert back == case.text.replace("\nspec:", "\nother: {kept: true}\nspec:", 1)


@every
def test_shape_tells_a_change_of_the_route(case: Case) -> None:
    changed = case.text.replace("\nspec:", "\nspec:\n  timeout: 3s", 1)
    assert shape(case, changed) != shape(case, case.text)


@every
def test_a_weight_of_the_wrong_kind_is_refused_with_its_place(case: Case) -> None:
    if not case.illegal:
        pytest.skip("a selector has no weight")
    zero = list(re.finditer(r"(eight|percent|canary)\"?: ?(0m?|\"0\")(?=[\s},])", case.text))[-1]
    start, end = zero.span(2)
    with pytest.raises(BindingError) as error:
        read(case, case.text[:start] + case.illegal + case.text[end:])
    assert error.value.place is not None
    assert error.value.place.file == FILE
    assert error.value.place.line is not None


@with_lone
def test_a_missing_canary_is_added_for_the_first_weight_only(case: Case) -> None:
    assert read(case, case.lone) == 0
    assert write(case, case.lone, "0") == case.lone
    new = write(case, case.lone, "5")
    assert read(case, new) == 5
    assert new.count("weight: 95") == new.count("weight: 5") == 1
    assert shape(case, new) == shape(case, case.lone)
    back = ROUTERS[case.provider].restore(new, 0, case.lone, 0, file=FILE, **WHERE)
    assert back == case.lone


@with_lone
def test_a_finer_total_is_chosen_only_where_none_is_written(case: Case) -> None:
    new = write(case, case.lone, "0.1")
    assert read(case, new) == Decimal("0.1")
    assert "weight: 999\n" in new
    with pytest.raises(BindingError, match="no whole number"):
        write(case, case.text, "0.1")


@with_bare
def test_missing_weights_are_written_into_both_entries(case: Case) -> None:
    assert read(case, case.bare) == case.bare_weight
    new = write(case, case.bare, "5")
    assert read(case, new) == 5
    assert len(new.splitlines()) == len(case.bare.splitlines()) + 2
    assert ROUTERS[case.provider].restore(new, 0, case.bare, 0, file=FILE, **WHERE) == write(
        case, case.bare, "0"
    )


@every
def test_a_side_named_twice_is_refused(case: Case) -> None:
    doubled = (
        case.text.replace("shop-canary", "shop-primary")
        .replace("latestRevision: true", "revisionName: shop-00002")
        .replace("app=shop=", "app=shop-primary=")
    )
    if case.provider in {"nginx", "emissary", "kubernetes"}:
        assert ROUTERS[case.provider].matches(doubled, 0, **WHERE) == (
            case.provider == "kubernetes"
        )
        return
    with pytest.raises(CanaryError):
        read(case, doubled)


_ACTION = "    - routeAction:"
ALONE = {
    "gloo": (_ACTION, f"{_ACTION} {{single: {{kube: {{ref: {{name: shop-canary}}}}}}}}"),
    "gloo ": (_ACTION, f"{_ACTION} {{single: {{upstream: {{name: prod-shop-canary-80}}}}}}"),
    "virtualserver": ("    - path: /", "    - {path: /new, action: {pass: new}}"),
    "virtualserver ": (
        "    - path: /",
        "    - {path: /a, matches: [{conditions: [], action: {proxy: {upstream: new}}}]}",
    ),
    "alb": ("paths: [", "paths: [{path: /new, backend: {service: {name: shop-canary}}}, "),
}


@pytest.mark.parametrize("name", ALONE)
def test_a_way_to_the_canary_beside_the_lists_is_exposure(name: str) -> None:
    case = CASES[name.strip()]
    old, more = ALONE[name]
    added = more if old == "paths: [" else f"{more}\n{old}"
    text = case.text.replace(old, added, 1)
    router = ROUTERS[case.provider]
    assert router.exposure(case.text, 0, **WHERE) == ()
    assert len(router.exposure(text, 0, **WHERE)) == 1
    new = write(case, text, "5")
    assert read(case, new) == 5
    assert read(case, text) == 0
