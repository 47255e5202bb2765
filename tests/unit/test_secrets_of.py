"""Secrets out of files: what no header can carry is told, and never ends a look."""

from pathlib import Path

import pytest

from gitops_canary.http import Failed, Opening, secrets_of


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("s3cret", True),
        ("s3cret\r\n", True),
        ("", False),
        ("schlüssel", False),
        ("one\ntwo", False),
        ("tab\tin", False),
        ("blank behind ", False),
        (" blank before", False),
        ("x" * 70_000, False),
    ],
)
def test_token_is_one_line_that_a_header_can_carry(tmp_path: Path, text: str, fits: bool) -> None:
    file = tmp_path / "token"
    file.write_text(text)
    opening = Opening(url="http://127.0.0.1:9", timeout_ms=1, token_file=file)
    if fits:
        assert secrets_of(opening).standard == {"Authorization": "Bearer s3cret"}
        return
    with pytest.raises(Failed) as raised:
        secrets_of(opening)
    assert "write one line of text into it" in str(raised.value)
    assert not text or text not in str(raised.value)


def test_password_may_be_of_any_alphabet(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("pässword")
    opening = Opening(url="http://127.0.0.1:9", timeout_ms=1, username="bot", password_file=file)
    assert secrets_of(opening).standard["Authorization"].startswith("Basic ")


@pytest.mark.parametrize(
    "shown",
    ["q\\uo'te\"/r", repr(b"Bearer q\\uo'te\"/r "), '{"token": "q\\\\uo\'te\\"/r"}',
     "https://example.test/?key=q%5Cuo%27te%22/r", "/q%5Cuo%27te%22%2Fr"],
)  # fmt: skip
def test_a_secret_is_hidden_in_whatever_form_it_is_shown(tmp_path: Path, shown: str) -> None:
    file = tmp_path / "token"
    file.write_text("q\\uo'te\"/r")
    secrets = secrets_of(Opening(url="http://127.0.0.1:9", timeout_ms=1, token_file=file))
    assert "***" in secrets.hidden(shown)
    assert "te" not in secrets.hidden(shown.removeprefix("https://example.test/"))
