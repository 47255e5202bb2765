import hashlib
import hmac
import json

import pytest

from gitops_canary.errors import Refused, SpecError
from gitops_canary.web.health import GRACE_S, late, unready
from gitops_canary.web.webhook import (
    DELIVERIES_MAX,
    Deliveries,
    address,
    check_signature,
    pushed,
)

SECRET = b"it's a secret"
BODY = json.dumps(
    {
        "ref": "refs/heads/main",
        "repository": {
            "clone_url": "https://git.example/acme/config.git",
            "ssh_url": "git@git.example:acme/config.git",
            "html_url": None,
        },
    }
).encode()


def signature(body: bytes, secret: bytes = SECRET) -> str:
    return "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()


def test_published_vector_of_the_signature_holds() -> None:
    # The example of GitHub's documentation on validating deliveries.
    check_signature(
        b"Hello, World!",
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        b"It's a Secret to Everybody",
    )


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "sha256=",
        signature(BODY)[:-1],
        signature(BODY + b" "),
        signature(BODY, b"other"),
        signature(BODY).upper(),
        signature(BODY).removeprefix("sha256="),
        "sha1=" + "0" * 40,
        "sha256=\udcff",
    ],
)
def test_wrong_signature_is_refused(wrong: str) -> None:
    with pytest.raises(Refused):
        check_signature(BODY, wrong, SECRET)


def test_push_names_its_repository_in_one_form() -> None:
    assert pushed(BODY) == (frozenset({"git.example/acme/config"}), "main")


@pytest.mark.parametrize(
    "url",
    [
        "https://git.example/acme/config.git",
        "https://git.example/acme/config/",
        "https://bot:secret@git.example:8443/acme/config",
        "ssh://git@git.example:22/acme/config.git",
        "git@git.example:acme/config.git",
        "https://GIT.example/acme/config",
    ],
)
def test_forms_of_an_address_are_one(url: str) -> None:
    assert address(url) == "git.example/acme/config"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b'"push"',
        b"\xff",
        b"[" * 100_000,
        b'{"ref": "refs/heads/main"}',
        b'{"ref": "refs/heads/main", "repository": "config"}',
        b'{"ref": "refs/heads/main", "repository": null}',
        b"payload=%7B%7D",
    ],
)
def test_what_is_no_push_is_refused(body: bytes) -> None:
    with pytest.raises(SpecError):
        pushed(body)


def test_delivery_counts_once_and_memory_is_bounded() -> None:
    deliveries = Deliveries()
    assert deliveries.take("a")
    assert not deliveries.take("a")
    for number in range(DELIVERIES_MAX):
        assert deliveries.take(str(number))
    assert deliveries.take("a")


def test_health_counts_from_the_last_look_or_from_the_beginning() -> None:
    poll_s = 30.0
    allowed_s = 2 * poll_s + GRACE_S
    fresh, stale = (allowed_s, poll_s), (allowed_s + 1, poll_s)
    assert late({"a": fresh, "b": (None, poll_s)}, up_s=allowed_s) == ()
    assert late({"a": stale, "b": fresh}, up_s=0) == ("a",)
    assert late({"b": (None, poll_s)}, up_s=allowed_s + 1) == ("b",)
    assert unready({"a": fresh, "b": (None, poll_s)}) == ("b",)
