"""Istio VirtualServices: where the weight lies and how it is written."""

from decimal import Decimal

import pytest

from gitops_canary.errors import BindingError, SpecError
from gitops_canary.manifest.document import parse
from gitops_canary.model.names import Path
from gitops_canary.routing import ROUTERS

ROUTER = ROUTERS["istio"]
FILE = Path("vs.yaml")


def service(*routes: str) -> str:
    """A VirtualService with these HTTP routes, written as people write them."""
    lists = "".join(f"    - route:\n{route}" for route in routes)
    return (
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\n"
        f"metadata: {{name: shop}}\nspec:\n  hosts: [shop]\n  http:\n{lists}"
    )


def entry(host: str, weight: str = "", subset: str = "") -> str:
    lines = f"        - destination:\n            host: {host}\n"
    lines += f"            subset: {subset}\n" if subset else ""
    return lines + (f"          weight: {weight} # keep\n" if weight else "")


def read(text: str) -> Decimal:
    return ROUTER.weight(text, 0, file=FILE, namespace="prod", apex="shop")


def write(text: str, weight: str) -> str:
    return ROUTER.set_weight(text, 0, Decimal(weight), file=FILE, namespace="prod", apex="shop")


def shape(text: str) -> str:
    return ROUTER.shape(text, 0, file=FILE, namespace="prod", apex="shop")


BOTH = entry("shop-primary", "100") + entry("shop-canary", "0")


@pytest.mark.parametrize("suffix", ["", ".prod", ".prod.svc", ".prod.svc.cluster.local"])
def test_weight_is_found_under_every_form_of_a_host(suffix: str) -> None:
    text = service(entry(f"shop-primary{suffix}", "90") + entry(f"shop-canary{suffix}", "10"))

    assert read(text) == 10


def test_weight_is_found_by_subset() -> None:
    text = service(entry("shop", "75", "primary") + entry("shop", "25", "canary"))

    assert read(text) == 25
    assert read(write(text, "50")) == 50


def test_set_weight_writes_every_list_and_no_other_byte() -> None:
    text = service(BOTH, BOTH)

    new = write(text, "25")

    assert read(new) == 25
    before, after = text.splitlines(), new.splitlines()
    different = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
    assert (
        different
        == [
            ("          weight: 100 # keep", "          weight: 75 # keep"),
            ("          weight: 0 # keep", "          weight: 25 # keep"),
        ]
        * 2
    )
    assert shape(new) == shape(text)
    assert write(new, "0") == text


def test_set_weight_keeps_other_destinations_and_the_total() -> None:
    text = service(entry("shop-primary", "600") + entry("shop-canary", "200") + entry("old", "200"))

    new = write(text, "12.5")

    assert read(new) == Decimal("12.5")
    assert [n.value for n in _weights(new)] == ["700", "100", "200"]


def _weights(text: str) -> list:  # type: ignore[type-arg] # nodes, compared by value
    root = parse(text, file="vs.yaml")[0]
    assert root is not None
    items = root.get("spec", "http", 0, "route")
    assert items is not None
    return [item.get("weight") for item in items.items]


def test_missing_weights_and_a_missing_canary_are_added() -> None:
    lone = service(entry("shop-primary"))

    new = write(lone, "5")

    assert read(lone) == 0
    assert read(new) == 5
    assert shape(new) == shape(lone)


def test_a_canary_only_route_is_left_alone() -> None:
    text = service(entry("shop-canary"), BOTH)

    assert write(text, "10").count("weight: 10 ") == 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (service(entry("other", "100")), "No route"),
        (service(entry("shop-primary", "0") + entry("shop-canary", "0")), "both have weight 0"),
        (service(entry("shop-primary", "90") + entry("shop-primary", "10")), "twice"),
        (service(BOTH, entry("shop-primary", "50") + entry("shop-canary", "50")), "another weight"),
        *(
            (service(entry("shop-primary", "90") + entry("shop-canary", bad)), "whole number")
            for bad in ("010", "0x10", "1_0", "+10", "1e1", "10.0", '"10"', "true", "-1", "9" * 20)
        ),
    ],
)
def test_weight_refuses_what_is_not_one_clear_number(text: str, why: str) -> None:
    with pytest.raises(BindingError, match=why) as error:
        read(text)

    assert error.value.place is not None
    assert error.value.place.file == "vs.yaml"


def test_set_weight_refuses_what_the_total_cannot_express() -> None:
    with pytest.raises(BindingError, match="whole number"):
        write(service(BOTH), "0.5")


def test_shape_changes_with_the_route_and_not_with_the_weights() -> None:
    text = service(BOTH)

    assert shape(text.replace("[shop]", "[shop, www]")) != shape(text)


def test_restore_puts_the_stable_bytes_back() -> None:
    stable = service(BOTH)
    now = write(stable, "25").replace("[shop]", "[shop, www]")

    new = ROUTER.restore(now, 0, stable, 0, file=FILE, namespace="prod", apex="shop")

    assert new == stable.replace("[shop]", "[shop, www]")


def test_unknown_provider_names_the_nearest() -> None:
    with pytest.raises(SpecError, match="istoi") as error:
        ROUTERS["istoi"]

    assert "did you mean 'istio'" in error.value.remedy
