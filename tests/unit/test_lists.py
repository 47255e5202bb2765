"""Documents inside of a `List`, as `kubectl get -o yaml` writes them."""

from decimal import Decimal
from textwrap import indent

import pytest
from first_canary import DEPLOYMENT, SERVICE, Texts, after, initialised, objects
from first_routes import ISTIO

from gitops_canary.errors import EditRefused
from gitops_canary.manifest import template
from gitops_canary.manifest.catalog import headers
from gitops_canary.manifest.document import insert_key, parse, remove, set_scalar
from gitops_canary.manifest.image_changes import image_changes
from gitops_canary.manifest.naming import Names
from gitops_canary.manifest.nodes import Node
from gitops_canary.manifest.tree import within
from gitops_canary.model.names import Path
from gitops_canary.routing import ROUTERS

FILE = Path("all.yaml")


def listed(*documents: str, column: int = 0) -> str:
    pad = " " * column
    items = "".join(f"{pad}- {indent(one, pad + '  ')[column + 2 :]}" for one in documents)
    return f"# got\napiVersion: v1\nkind: List\nmetadata: {{}}\nitems:\n{items}"


WEB = DEPLOYMENT.replace("# the shop\n", "")
PRIMARY = WEB.replace("name: web\n", "name: web-primary\n").replace("app: web", "app: web-primary")
ALL = listed(WEB.replace("1.0.0", "1.1.0"), PRIMARY, ISTIO.replace("---\n", ""))


@pytest.mark.parametrize("column", [0, 2])
def test_items_are_documents_that_know_where_they_stand(column: int) -> None:
    text = f"a: 1\n---\n{listed(WEB, PRIMARY, column=column)}---\nb: 2\n"
    roots = parse(text, file=FILE)
    assert [within(roots, index) for index in range(len(roots))] == [
        (0, ()), (1, ()), (2, ()), (1, ("items", 0)), (1, ("items", 1)),
    ]  # fmt: skip
    assert [(one.index, one.name) for one in headers(text, file=FILE)] == [
        (3, "web"), (4, "web-primary"),
    ]  # fmt: skip
    changed = set_scalar(text, 4, ("spec", "replicas"), 5, file=FILE)
    assert changed == "replicas: 5".join(text.rsplit("replicas: 3", 1))
    added = insert_key(text, 3, ("spec",), "paused", value=True, file=FILE)
    assert remove(added, 3, ("spec", "paused"), file=FILE) == text


def test_a_version_is_promoted_from_item_to_item() -> None:
    web, primary, _ = headers(ALL, file=FILE)
    promoted = template.promote(ALL, primary, ALL, web, names=Names("web"))
    assert promoted == "1.1.0".join(ALL.rsplit("1.0.0", 1))
    (change,) = image_changes(ALL, promoted, file=FILE)
    assert (change.document, change.line) == (
        primary.index,
        ALL[: ALL.rfind("1.0.0")].count("\n") + 1,
    )


def test_an_anchor_in_another_item_is_seen() -> None:
    text = listed("kind: A\nx: &x 1\n", "kind: B\ny: *x\n")
    with pytest.raises(EditRefused, match="used elsewhere"):
        set_scalar(text, 1, ("x",), 2, file=FILE)
    with pytest.raises(EditRefused, match="SOPS"):
        set_scalar(f"sops: {{mac: x}}\n{text}", 1, ("x",), 2, file=FILE)


def test_a_kind_that_only_ends_like_one_is_none() -> None:
    for text in ("kind: AllowList\nitems: [a, b]\n", "kind: List\nitems: {a: b}\n", "kind: List\n"):
        assert len(parse(text, file=FILE)) == 1


@pytest.mark.parametrize("column", [0, 2])
def test_a_first_canary_in_a_list(column: int) -> None:
    routes = ISTIO.replace("---\n", "")
    texts: Texts = {"all.yaml": listed(DEPLOYMENT, SERVICE, routes, column=column)}
    prepared = initialised(texts)
    now = after(texts, prepared)

    assert now.keys() == {"all.yaml", "all-primary.yaml", "canary.yaml"}
    assert now["all-primary.yaml"].startswith("apiVersion: apps/v1\nkind: Deployment\n")
    assert objects(now, "Deployment").keys() == {"web", "web-primary"}
    (root,) = parse(now["canary.yaml"], file=FILE)
    assert isinstance(root, Node)
    split = now["all.yaml"]
    index = next(one.index for one in headers(split, file=FILE) if one.kind == "VirtualService")
    where = {"namespace": "prod", "apex": "web"}
    half = ROUTERS["istio"].set_weight(split, index, Decimal(50), file=FILE, **where)
    assert sum(a != b for a, b in zip(split.split("\n"), half.split("\n"), strict=True)) == 4
    assert initialised(now).stages == ()
