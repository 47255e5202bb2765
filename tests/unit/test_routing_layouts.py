"""Every kind of routing object in many shapes and layouts: weights go round, all else stays.

A case's object gets further routes, hosts, destinations and fields, and is written down again in
an odd but legal layout; then the rules of the conformance suite have to hold.
"""

import copy
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from routes import CASES, Case

from gitops_canary.errors import CanaryError
from gitops_canary.manifest.block_yaml import block
from gitops_canary.manifest.document import Pointer, data, parse
from gitops_canary.model.names import Path
from gitops_canary.routing import ROUTERS
from gitops_canary.routing.either import Either
from gitops_canary.routing.lists import Lists

FILE = Path("route.yaml")
WHERE = {"namespace": "prod", "apex": "shop"}
PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9./-]*")
WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
SETTINGS = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)


class Layout:
    """Writes plain values as YAML, in a layout that is drawn."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def text(self, value: dict[str, Any]) -> str:
        head = str(self._one_of("", "---\n", "# ours\n---\n", "\ufeff"))
        end = str(self._one_of("", "\n", "# the end\n"))
        return head + "\n".join(self._mapping(value, "", top=True)) + "\n" + end

    def _mapping(self, value: dict[str, Any], indent: str, *, top: bool = False) -> Iterator[str]:
        deeper = indent + " " * self._one_of(1, 2, 4)
        for key, one in value.items():
            name = key if PLAIN.fullmatch(key) else self._word(key)
            if one and isinstance(one, dict) and (top or self._coin(2)):
                yield f"{indent}{name}:{self._note()}"
                yield from self._mapping(one, deeper)
            elif one and isinstance(one, list) and self._coin(2):
                yield f"{indent}{name}:{self._note()}"
                yield from self._list(one, self._one_of(indent, deeper))
            else:
                yield f"{indent}{name}: {self._flow(one)}{self._note()}"

    def _list(self, value: list[Any], indent: str) -> Iterator[str]:
        for one in value:
            if one and isinstance(one, dict) and self._coin(1):
                first, *rest = self._mapping(one, indent + "  ")
                yield f"{indent}- {first.lstrip()}"
                yield from rest
            else:
                yield f"{indent}- {self._flow(one)}"

    def _flow(self, value: Any) -> str:
        space = self._one_of("", " ")
        if isinstance(value, dict):
            inner = (f"{self._word(k)}: {self._flow(v)}" for k, v in value.items())
            return f"{{{space}{', '.join(inner)}{space}}}"
        if isinstance(value, list):
            return f"[{space}{', '.join(map(self._flow, value))}{space}]"
        if isinstance(value, str):
            return self._word(value)
        return str(value).lower()

    def _word(self, value: str) -> str:
        if PLAIN.fullmatch(value) and value.lower() not in WORDS and self._coin(1):
            return value
        if '"' in value:
            return "'" + value.replace("'", "''") + "'"
        return self._one_of(f"'{value}'", f'"{value}"') if "'" not in value else f'"{value}"'

    def _coin(self, odds: int) -> bool:
        return self._draw(st.integers(0, odds)) > 0

    def _note(self) -> str:
        return str(self._one_of("", "", "", "  # why"))

    def _one_of(self, *options: Any) -> Any:
        return self._draw(st.sampled_from(options))


def engine(case: Case, value: dict[str, Any]) -> Lists | None:
    """Give the engine of a case's kind, where it is the one for lists."""
    router = ROUTERS[case.provider]
    if isinstance(router, Either):
        group = value["apiVersion"].rpartition("/")[0]
        router = router._by_kind[group, value["kind"]]
    return router if isinstance(router, Lists) else None


def at(value: Any, path: Pointer) -> Any:
    for part in path:
        value = value[part]
    return value


def widened(draw: st.DrawFn, value: dict[str, Any], one: Lists, text: str) -> None:
    """Add routes, and destinations of others that keep the total where there is one."""
    root = parse(text, file="case")[0]
    assert root is not None
    groups = [group for group in one.groups(root) if group.path]
    if not groups:
        return
    path = groups[0].path
    assert path is not None
    key = one.meaning.weight_at[-1]
    totals = [100, 200, 1000] if one.meaning.total is None else [100]
    total = min(draw(st.sampled_from(totals)), one.meaning.most)
    # Of Knative every revision that is named is the primary.
    shared = total == 100 and value["kind"] != "Service"
    other = draw(st.sampled_from([0, 20] if shared else [0]))
    entries = at(value, path)
    milli = one.meaning.form.resolution != 1
    entries[0][key] = f"{total - other}" if milli else total - other
    if other:
        entries.append(renamed(copy.deepcopy(entries[0]), "legacy"))
        entries[-1][key] = str(other) if milli else other
    outer = [n for n, part in enumerate(path) if isinstance(part, int)]
    twice: bool = draw(st.booleans())
    if outer and twice:
        routes = at(value, path[: outer[0]])
        again = copy.deepcopy(routes[0])
        routes.insert(draw(st.integers(0, 1)), again)


def renamed(value: Any, name: str) -> Any:
    """Let whatever names the primary name somebody else."""
    if isinstance(value, dict):
        return {key: renamed(one, name) for key, one in value.items()}
    if isinstance(value, list):
        return [renamed(one, name) for one in value]
    return name if isinstance(value, str) and value not in {"Service", "prod"} else value


@st.composite
def written(draw: st.DrawFn, case: Case) -> str:
    """Write a case's object in some shape and layout."""
    root = parse(case.text, file="case")[0]
    assert root is not None
    value: Any = data(root, file="case")
    one = engine(case, value)
    if one is not None:
        widened(draw, value, one, case.text)
    notes = value["metadata"].get("annotations", {})
    for key, note in notes.items():
        notes[key] = json.dumps(json.loads(note)) if note.startswith("{") else note
    if draw(st.booleans()):
        value["metadata"]["labels"] = {"team": "shop", "on": "yes"}
    if draw(st.booleans()):
        value["spec"]["more"] = {"weight": 7, "of": [{"name": "x", "weight": 3}]}
    text = Layout(draw).text(value)
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


def leaves(value: Any, path: Pointer = ()) -> Iterator[tuple[Pointer, Any]]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield from leaves(one, (*path, key))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from leaves(one, (*path, index))
    else:
        yield path, value


def read(text: str) -> dict[Pointer, Any]:
    root = next(one for one in parse(text, file="case") if one is not None)
    return dict(leaves(data(root, file="case")))


def holds(path: Pointer) -> bool:
    """Whether a weight may stand there."""
    last = str(path[-1])
    return last in {"weight", "percent", "app"} or "annotations" in path


def total(found: dict[Pointer, Any]) -> Decimal:
    """Sum what is a number beside a name."""
    return sum(
        (Decimal(str(one).removesuffix("m")) * (Decimal("0.001") if str(one)[-1:] == "m" else 1)
         for path, one in found.items() if path[-1] in {"weight", "percent"}),
        Decimal(0),
    )  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_weights_go_round_in_any_shape_and_layout(name: str) -> None:
    case = CASES[name]
    router = ROUTERS[case.provider]

    @SETTINGS
    @given(written(case))
    def holds_for(text: str) -> None:
        index = next(i for i, root in enumerate(parse(text, file=FILE)) if root is not None)
        assert router.matches(text, index, **WHERE)
        assert router.weight(text, index, file=FILE, **WHERE) == 0
        stable, now = read(text), text
        for weight in ("5", "50", "100") if len(case.weights) > 1 else ("100",):
            try:
                new = router.set_weight(now, index, Decimal(weight), file=FILE, **WHERE)
            except CanaryError as error:
                # A total that has no such part, told before anything is written.
                refused(error)
                return
            assert router.weight(new, index, file=FILE, **WHERE) == Decimal(weight)
            assert router.set_weight(new, index, Decimal(weight), file=FILE, **WHERE) == new
            shape = router.shape(text, index, file=FILE, **WHERE)
            assert router.shape(new, index, file=FILE, **WHERE) == shape
            found = read(new)
            assert found.keys() == stable.keys()
            assert all(holds(path) for path in found if found[path] != stable[path])
            if case.provider not in {"nginx", "emissary"}:
                assert total(found) == total(stable)
            assert len(new.splitlines()) == len(text.splitlines())
            now = new
        assert router.set_weight(now, index, Decimal(0), file=FILE, **WHERE) == text
        assert router.restore(now, index, text, index, file=FILE, **WHERE) == text

    holds_for()


def refused(error: CanaryError) -> None:
    assert error.place is not None
    assert re.search("no whole number", error.problem), error


LISTED = [name for name, case in CASES.items() if case.lone or case.bare]


@pytest.mark.parametrize("name", LISTED)
def test_a_rule_with_the_canary_alone_is_exposure_and_no_weight(name: str) -> None:
    """Whatever it matches by; with weight 0 nobody gets there."""
    case = CASES[name]
    root = parse(case.text, file="case")[0]
    assert root is not None
    value: Any = data(root, file="case")
    one = engine(case, value)
    assert one is not None
    path = next(one.groups(root)).path
    assert path is not None
    depth = next((n for n, part in enumerate(path) if isinstance(part, int)), None)
    if depth is None:
        pytest.skip("this kind has a single list")
    routes = at(value, path[:depth])
    alone = copy.deepcopy(routes[0])
    at(alone, path[depth + 1 :])[:] = [{"name": "shop-canary", "port": 80}]
    routes.insert(0, alone)
    router, text = ROUTERS[case.provider], block(value)
    assert router.exposure(text, 0, **WHERE)
    new = router.set_weight(text, 0, Decimal(5), file=FILE, **WHERE)
    assert router.weight(new, 0, file=FILE, **WHERE) == 5
    at(alone, path[depth + 1 :])[0]["weight"] = 0
    assert not router.exposure(block(value), 0, **WHERE)
