"""What every metric source must do, whatever it speaks: one suite, one row a provider.

The server is a stand-in over real HTTP; its answers are those of `provider_answers.py`.
"""

import asyncio
import json
import logging
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from provider_answers import AT, PROVIDERS, SECOND, SECRET, account_key, keptn
from provider_asking import Asking, Watch
from provider_nasty import FUTURE, ODD, PARTIAL, TWICE, body, drips, endless
from provider_server import Handler, Reply, Server, sends

from gitops_canary.app.config import load
from gitops_canary.app.outside import client
from gitops_canary.http import BODY_MAX, Opening
from gitops_canary.manifest.providers import METRIC_PROVIDERS
from gitops_canary.metrics import METRICS, Prometheus
from gitops_canary.metrics.http import Source


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    made = Server(("127.0.0.1", 0), Handler)
    made.asked = []
    thread = threading.Thread(target=made.serve_forever, args=(0.02,))
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(params=PROVIDERS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def openings(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Opening]:
    """Write every provider's secrets into files, as an operator would."""
    made = {}
    for name, one in PROVIDERS.items():
        folder = tmp_path_factory.mktemp(name)
        files = {}
        for key, secret in one.secrets.items():
            files[key] = folder / key
            account = {"private_key": account_key(), "token_uri": f"{server.url}/token",
                       "client_email": "canary@acme", "private_key_id": "k1"}  # fmt: skip
            text = json.dumps(account) if key == "serviceAccountKey" else secret + "\n"
            files[key].write_text(text)
        made[name] = Opening(
            url=server.url, timeout_ms=5000, token_file=files.pop("token", None),
            secret_files=files, options=one.options,
        )  # fmt: skip
    return made


@pytest.fixture
def ask(
    server: Server, loop: asyncio.Runner, openings: Mapping[str, Opening], name: str
) -> Iterator[Asking]:
    root, watch = logging.getLogger(), Watch()
    level = root.level
    root.addHandler(watch)
    root.setLevel(logging.DEBUG)
    yield Asking(server, loop, openings[name], name)
    root.setLevel(level)
    root.removeHandler(watch)
    assert not [line for line in watch.lines if SECRET in line or SECOND in line]


def test_every_provider_of_flagger_is_here() -> None:
    assert set(METRIC_PROVIDERS) <= METRICS.keys() == PROVIDERS.keys()


def test_value_is_kept_as_text_at_its_instant(name: str, ask: Asking) -> None:
    found = ask(sends(PROVIDERS[name].value))
    assert found.error is None
    [series] = found.series
    assert [(one.at_ms, one.value) for one in series.samples] == [(AT, "99.5")]


def test_question_names_its_times_so_that_a_replay_asks_the_same(name: str, ask: Asking) -> None:
    ask(sends(PROVIDERS[name].value))
    [said] = ask.server.asked
    for part in PROVIDERS[name].asked:
        assert part.replace(":", "%3A") in said or part in said, (part, said)


@pytest.mark.parametrize("kind", ["no_data", "stale"])
def test_no_data_is_no_series_and_no_error(name: str, kind: str, ask: Asking) -> None:
    found = ask(sends(getattr(PROVIDERS[name], kind)))
    assert (found.error, found.series) == (None, ())


def test_several_series_stay_several_or_are_an_error(name: str, ask: Asking) -> None:
    found = ask(sends(PROVIDERS[name].several))
    assert found.error or len(found.series) == 2


def test_no_number_is_handed_on_for_the_judge_to_refuse(name: str, ask: Asking) -> None:
    found = ask(sends(PROVIDERS[name].odd))
    assert found.error is None
    text = found.series[0].samples[0].value
    assert text == ("99.5" if name in {"newrelic", "externalmetrics"} else "NaN")


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [("value", "pass"), ("no_data", "inconclusive"), ("stale", "inconclusive"),
     ("several", "inconclusive"), ("odd", "inconclusive"), (400, "inconclusive"),
     (429, "inconclusive"), (b"{", "inconclusive")],
)  # fmt: skip
def test_judge_passes_one_fresh_number_and_nothing_else(
    name: str, kind: str | int | bytes, outcome: str, ask: Asking
) -> None:
    reply = sends(kind if isinstance(kind, bytes) else {}, kind if isinstance(kind, int) else 200)
    if isinstance(kind, str):
        reply = sends(getattr(PROVIDERS[name], kind))
    if kind == "odd" and name in {"newrelic", "externalmetrics"}:
        outcome = "pass"  # their formats have no such number; what stands there is an odd 99.5
    assert ask.judged(reply) == outcome


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500, 503])
def test_error_is_told_without_the_secret(name: str, status: int, ask: Asking) -> None:
    found = ask(sends(PROVIDERS[name].refused, status))
    assert str(status) in (found.error or "")
    assert not found.series


def test_service_that_limits_requests_is_left_alone(name: str, ask: Asking) -> None:
    limited = sends({}, 429, Retry_After="7")
    first, second = ask.asked([limited, sends(PROVIDERS[name].value)])
    assert "asked again in 7 s" in (first.error or "")
    assert "limits requests" in (second.error or "")
    assert len(ask.server.asked) == 1


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"<html>", b"\xff\xfe", b"[" * 100_000, b'"x"', b"null", b"[]", b"[1]",
     b'{"a": 1, "a": 2}', b"a,b\n1,2,3\n"],
)  # fmt: skip
def test_garbage_is_never_a_value(name: str, body: bytes, ask: Asking) -> None:
    found = ask(sends(body))
    assert not found.series
    silence = {b"[]"} if name == "graphite" else {b""} if name == "influxdb" else set()
    pointer = {b'"x"', b"null", b"[]", b"[1]"} if name == "http-json" else set()
    assert found.error or body in silence | pointer


def test_slow_answer_ends_at_the_deadline(ask: Asking) -> None:
    over = threading.Event()

    def waits(_: BaseHTTPRequestHandler) -> None:
        over.wait(20)

    found = ask(waits, timeout_ms=100)
    over.set()
    assert "within 100 ms" in (found.error or "")
    assert found.silent


@pytest.mark.parametrize("name", ["prometheus", "datadog"])
def test_every_byte_in_time_is_no_answer_in_time(name: str, ask: Asking) -> None:
    found = ask(drips(body(name)), timeout_ms=100)
    assert "within 100 ms" in (found.error or "")


@pytest.mark.parametrize("reply", [sends(b" " * (BODY_MAX + 1)), endless], ids=["large", "endless"])
def test_answer_that_is_too_large_is_refused(reply: Reply, ask: Asking) -> None:
    assert "more than" in (ask(reply).error or "")


@pytest.mark.parametrize("text", ["1e400", "-1e999", "9" * 5000, "true", '"99,5"', '"0x63"', "{}"])
def test_no_number_that_anybody_believes_is_a_pass(name: str, text: str, ask: Asking) -> None:
    told = body(name).replace(b'"99.5"', b"99.5").replace(b"99.5", text.encode())
    assert ask.judged(sends(told)) == "inconclusive"


@pytest.mark.parametrize("kind", ODD)
def test_half_an_answer_is_an_error(name: str, kind: str, ask: Asking) -> None:
    made, why = ODD[kind]
    found = ask(made(body(name)))
    assert why in (found.error or ""), found
    assert not found.series


@pytest.mark.parametrize("more", [b"}", b" oops", b"\x00"])
def test_an_answer_with_more_behind_it_is_an_error(name: str, more: bytes, ask: Asking) -> None:
    # An event stream is over where it says so; what follows is nobody's.
    assert ask(sends(body(name) + more)).error or name == "splunk"


@pytest.mark.parametrize(
    ("name", "answer"), [(name, one) for name, every in PARTIAL.items() for one in every]
)
def test_what_a_service_calls_partial_is_an_error(answer: object, ask: Asking) -> None:
    found = ask(sends(answer))
    assert found.error, found.series
    assert not found.series


@pytest.mark.parametrize(("name", "answer"), TWICE.items(), ids=TWICE)
def test_two_numbers_for_one_instant_are_an_error(answer: object, ask: Asking) -> None:
    assert "several numbers for one instant" in (ask(sends(answer)).error or "")


@pytest.mark.parametrize(("name", "answer"), FUTURE.items(), ids=FUTURE)
def test_a_number_of_the_future_is_not_used(answer: object, ask: Asking) -> None:
    found = ask(sends(answer))
    assert found.error is None
    assert "99.5" not in [sample.value for series in found.series for sample in series.samples]


@pytest.mark.parametrize("name", ["keptn"])
def test_zero_is_a_number_and_not_silence(ask: Asking) -> None:
    found = ask(sends(keptn(0)))
    assert [sample.value for sample in found.series[0].samples] == ["0"]


@pytest.mark.parametrize("status", [301, 307])
def test_redirect_is_never_followed(status: int, ask: Asking) -> None:
    assert "redirects" in (ask(sends(b"", status, Location="/elsewhere")).error or "")
    assert len(ask.server.asked) == 1


@pytest.mark.parametrize("name", ["cloudwatch"])
def test_throttling_in_other_words_is_minded_too(ask: Asking) -> None:
    told = {"__type": "com.amazonaws.cloudwatch#ThrottlingException", "message": "Rate exceeded"}
    first, second = ask.asked([sends(told, 400), sends(PROVIDERS["cloudwatch"].value)])
    assert "asked again in 30 s" in (first.error or "")
    assert "limits requests" in (second.error or "")


@pytest.mark.parametrize("name", ["prometheus", "http-json"])
def test_no_cookie_is_sent_back(ask: Asking) -> None:
    kinds = (PROVIDERS[ask.name].stale, PROVIDERS[ask.name].value)
    ask.asked([sends(kind, Set_Cookie="session=1; Path=/") for kind in kinds])
    assert "session=" not in "".join(ask.server.asked[1:2] or ["session="])


def test_nobody_there_is_told(name: str, ask: Asking) -> None:
    found = ask(sends({}), url="http://127.0.0.1:1")
    assert "cannot be reached" in (found.error or "") or name == "stackdriver"


def test_missing_credentials_are_told(ask: Asking, tmp_path: Path) -> None:
    gone = tmp_path / "none"
    given = ask.opening
    lost = dict.fromkeys(given.secret_files, gone)
    token = gone if given.token_file else None
    found = ask(sends({}), token_file=token, secret_files=lost)
    assert "no usable credentials" in (found.error or "")


def test_instant_is_asked_for_once(name: str, ask: Asking) -> None:
    value = sends(PROVIDERS[name].value)
    first, second = ask.asked([value, value])
    assert first.series == second.series
    assert len(ask.server.asked) == (2 if name == "prometheus" else 1)


def test_controller_yaml_opens_it(name: str, ask: Asking, tmp_path: Path) -> None:
    opening = ask.opening
    source = {"type": name, "url": opening.url, "options": dict(opening.options)}
    source["secretFiles"] = {key: str(path) for key, path in opening.secret_files.items()}
    if opening.token_file:
        source["tokenFile"] = str(opening.token_file)
    for path in (opening.token_file, *opening.secret_files.values()):
        if path:
            path.chmod(0o600)
    document = {
        "repositories": [{"name": "config", "url": "https://git.example/acme/config.git"}],
        "metrics": {"sources": {"one": source}},
        "sync": {"type": "none", "delay": "5m"},
    }
    file = tmp_path / "controller.yaml"
    file.write_text(json.dumps(document))
    made = client(load(file).sources["one"])
    assert isinstance(made, Prometheus | Source)
    loaded = made.opening
    assert (loaded.url, loaded.options) == (opening.url, opening.options)
    assert (loaded.token_file, loaded.secret_files) == (opening.token_file, opening.secret_files)
    ask.loop.run(made.aclose())
