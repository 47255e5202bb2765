"""Whatever is wrong, one clear error says what to do about it, and everything else goes on."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from console import (
    CANARY,
    CANDIDATE,
    PRIMARY,
    another,
    config,
    edited,
    example,
    run,
    watched,
)
from prometheus_server import prometheus

from gitops_canary.lab.origin import Origin

Settings = dict[str, Any]
SECRET = "s3cret-of-the-bot"  # noqa: S105 - of servers that live for one test
BEGIN = int(time.time()) - 3600
"""Long enough ago that every instant asked about is over; seconds since the epoch."""
NOWHERE = "http://127.0.0.1:9"
ODD = b"""\
apiVersion: flagger.app/v1beta1
kind: MetricTemplate
metadata: {name: odd, namespace: prod}
spec:
  provider: {type: prometheus}
  query: vector(0) / vector(0)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One thing that is wrong."""

    spoil: Callable[[Origin, Settings], object]
    code: int
    said: tuple[str, ...]
    shop: bool = True
    """Whether the other canary of the same repository can go on."""
    rounds: int = 1
    """How many looks it takes to get there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Two repositories, one of them about to be spoilt, and a Prometheus that knows nothing."""

    bad: Origin
    good: Origin
    config: Path

    def settings(self) -> Settings:
        found: Settings = json.loads(self.config.read_text())
        return found

    def configure(self, settings: Mapping[str, Any]) -> None:
        self.config.write_text(json.dumps(settings, indent=1))


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with prometheus(tmp_path_factory.mktemp("prometheus"), ()) as url:
        yield url


@pytest.fixture
def place(tmp_path: Path, blank: str) -> Iterator[Place]:
    with ExitStack() as stack:
        origins = []
        for name, files in (("bad", {**example(), **another("shop")}), ("good", another("good"))):
            (tmp_path / name).mkdir()
            origin = stack.enter_context(Origin.start(tmp_path / name, {"bot": SECRET}))
            patient = {
                path: content and content.replace(b"Seconds: 60", b"Seconds: 86400")
                for path, content in files.items()
            }
            origin.commit(patient, "Begin\n", at=BEGIN)
            origins.append(origin)
        bad, good = origins
        for origin, name in ((bad, "checkout"), (bad, "shop"), (good, "good")):
            release(origin, name)
        file = config(tmp_path, bad.url, blank, password=secret(tmp_path, SECRET))
        found = Place(bad=bad, good=good, config=file)
        settings = found.settings()
        second = {**settings["repositories"][0], "name": "second", "url": good.url}
        found.configure({**settings, "repositories": [settings["repositories"][0], second]})
        yield found


def release(origin: Origin, name: str) -> None:
    path = f"apps/{name}/deployment.yaml"
    origin.commit(
        edited(origin, path, rf"{name}:\S+", f"{name}:1.1.0"), f"Release {name}\n", at=BEGIN + 10
    )


def secret(directory: Path, text: str) -> Path:
    file = directory / f"secret-{len(text)}"
    file.touch(mode=0o600)
    file.write_text(text)
    return file


def first(settings: Settings, **changes: Any) -> None:
    settings["repositories"][0] |= changes


def replaced(path: str, old: str, new: str) -> Callable[[Origin, Settings], object]:
    return lambda origin, _: origin.commit(edited(origin, path, old, new), "Oops\n", at=BEGIN + 20)


def committed(path: str, change: Callable[[bytes], bytes | None], *, source: str = "") -> Any:
    def spoil(origin: Origin, _: Settings) -> None:
        origin.commit({path: change(origin.show(source or path))}, "Oops\n", at=BEGIN + 20)

    return spoil


def wrong_password(origin: Origin, settings: Settings) -> None:
    file = secret(origin.path.parent, "another-password")
    first(settings, credentials={"username": "bot", "passwordFile": str(file)})


def measured_by_nan(origin: Origin, _: Settings) -> None:
    check = (
        "      - name: odd\n        templateRef: {name: odd}\n        interval: 2s\n"
        "        thresholdRange: {max: 1}\n"
    )
    files = edited(origin, CANARY, "      - name: request-duration", f"{check}\\g<0>")
    origin.commit({**files, "apps/checkout/odd.yaml": ODD}, "Odd\n", at=BEGIN + 5)
    release(origin, "checkout")


CASES = {
    "unreachable remote": Case(
        spoil=lambda _, s: first(s, url=f"{NOWHERE}/origin.git"),
        code=6, said=("git ls-remote failed", "look at the Git server"), shop=False,
    ),
    "refusing remote": Case(
        spoil=lambda o, _: o.faults.status(503, times=50),
        code=6, said=("503", "look at the Git server"), shop=False,
    ),
    "wrong password": Case(
        spoil=wrong_password, code=7, said=("wrong user or password", "passwordFile"), shop=False
    ),
    "missing branch": Case(
        spoil=lambda _, s: first(s, branch="nope"),
        code=6, said=("not on the server", "correct its name"), shop=False,
    ),
    "protected branch": Case(
        spoil=lambda o, _: o.protect("main"),
        code=7, said=("GH006", "cannot go on", "by pull request"), shop=False,
    ),
    "missing Prometheus": Case(
        spoil=lambda _, s: s["metrics"]["sources"]["default"].update(url=NOWHERE),
        code=6, said=("waits for", "prod/checkout"), rounds=2,
    ),
    "a path with nothing below it": Case(
        spoil=lambda _, s: first(s, paths=["apps/", "app/"]),
        code=1, said=("There is no file below app/", "correct `paths`"),
    ),
    "a typo in a Canary": Case(
        spoil=replaced(CANARY, "threshold: ", "treshold: "),
        code=1, said=(f"{CANARY}:19:5", "did you mean threshold?"),
    ),
    "a Canary that is no YAML": Case(
        spoil=committed(CANARY, lambda text: text + b"  bad: [\n"),
        code=1, said=(f"{CANARY}:31:1", "This is not YAML", "gitops-canary lint"),
    ),
    "two Canaries owning one value": Case(
        spoil=committed(
            "apps/checkout/second.yaml",
            lambda text: text.replace(b"name: checkout\n  names", b"name: second\n  names"),
            source=CANARY,
        ),
        code=1, said=("is owned by prod/checkout, prod/second", "only one Canary"),
    ),
    "one Canary twice": Case(
        spoil=committed("apps/again.yaml", lambda text: text, source=CANARY),
        code=1, said=("used twice", f"{CANARY}:3:1", "another spec.id"),
    ),
    "a missing primary": Case(
        spoil=committed(PRIMARY, lambda _: None),
        code=1, said=("no primary Deployment checkout-primary", "a copy of checkout"),
    ),
    "a candidate that is no text": Case(
        spoil=committed(CANDIDATE, lambda text: text + b"# \xff\n"),
        code=1, said=(CANDIDATE, ":3: The file is not UTF-8", "save it as UTF-8"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_told_once_and_stops_nobody_else(place: Place, name: str) -> None:
    case, settings = CASES[name], place.settings()
    case.spoil(place.bad, settings)
    place.configure(settings)

    for _ in range(case.rounds):
        ended = run("once", "--config", place.config)

    assert ended.code == case.code, ended.err
    for words in case.said:
        assert words in ended.err, ended.err
    assert "\\x0a" not in ended.err
    assert ended.out == ""
    assert SECRET not in ended.err
    assert "canary(prod/good): " in log(place.good)
    assert ("canary(prod/shop): " in log(place.bad)) is case.shop
    told(case, place)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (
            lambda _, s: s["metrics"]["sources"]["default"].update(url=NOWHERE),
            ("Metric source default cannot be reached", "look at its url"),
        ),
        (measured_by_nan, ("no traffic: no request to the canary", "odd: the value is NaN")),
    ],
    ids=["missing Prometheus", "empty and NaN results"],
)
def test_what_is_not_measured_never_advances(
    place: Place, spoil: Callable[[Origin, Settings], object], said: tuple[str, ...]
) -> None:
    settings = place.settings()
    spoil(place.bad, settings)
    first(settings, poll="200ms")
    settings["sync"]["delay"] = "200ms"
    settings["metrics"]["sources"]["default"].update(scrapeInterval="1s", lag="200ms")
    place.configure(settings)

    code, lines = watched("prod/checkout: waits for data", "run", "--config", place.config)

    assert (code, lines[-1].count("waits for data")) == (0, 1)
    assert all(words in lines[-1] for words in said), lines[-1]
    assert "canary(prod/checkout): 0% -> 5%" in log(place.bad)
    assert "5% -> 10%" not in log(place.bad)


def told(case: Case, place: Place) -> None:
    """See that `status` says the same, with data and talk apart."""
    ended = run("status", "-o", "json", "--config", place.config)
    assert "prod/good" in [row["canary"] for row in ended.rows()]
    if "GH006" not in case.said:  # the server refuses a push, and nothing is pushed here
        assert ended.code == case.code
        assert case.said[0] in f"{ended.err}{json.dumps(ended.rows())}"


def log(origin: Origin) -> str:
    return origin.git("log", "--format=%s", "main")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda s: first(s, bransh="x"), (":14:4: ", "no field 'bransh'", "did you mean branch?")),
        (lambda s: first(s, url="ext::sh -c id"), ("cannot be used", "https://host/owner")),
        (lambda s: first(s, poll="soon"), ("poll", ":1", "30s")),
        (lambda s: s.update(sync={"type": "luck"}), ("luck", "traffic")),
        (lambda s: s["repositories"].append(s["repositories"][0]), ("used twice",)),
        (
            lambda s: first(s, credentials={"username": "bot", "passwordFile": "/nope"}),
            ("/nope cannot be read", "correct the path"),
        ),
    ],
)
def test_wrong_settings_are_told_before_anything_is_done(
    place: Place, spoil: Callable[[Settings], object], said: tuple[str, ...]
) -> None:
    settings = place.settings()
    spoil(settings)
    place.configure(settings)
    asked = len(place.bad.requests)

    ended = run("once", "--config", place.config)

    assert (ended.code, ended.out) == (5, "")
    assert str(place.config) in ended.err
    for words in said:
        assert words in ended.err, ended.err
    assert len(place.bad.requests) == asked
