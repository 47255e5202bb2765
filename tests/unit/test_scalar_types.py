"""What a plain scalar is read as, held against kubectl; and texts that stay texts."""

import json
import subprocess
from pathlib import Path as LocalPath

import pytest
from kustomized import needs_kubectl
from ruamel.yaml import YAML

from gitops_canary.errors import EditRefused
from gitops_canary.manifest.block_yaml import block
from gitops_canary.manifest.document import data, parse, set_scalar
from gitops_canary.manifest.scalars import Json, printed, typed

FILE = "f.yaml"
PLAIN = (
    "yes", "No", "on", "Off", "y", "N", "true", "False", "~", "null", "Null", "0x1F", "-0x1f",
    "1_000", "0o17", "012", "0755", "089", "0123456", "0b11", "1e3", "1E10", "12e03", ".5", "1.",
    "+1", "-0", "0.0", "1.10", "1_0.5", "12:30:45", "20240101", "2024-01-01", "=", "NaN",
    "123456789012345678901", "1.2.3", "v1", "1.10-rc", "e3", "_1", "0x", "1e", "1__0", "oN", "0_7",
)  # fmt: skip


@needs_kubectl
def test_a_plain_scalar_is_read_as_kubectl_reads_it(tmp_path: LocalPath) -> None:
    spec = "".join(f"  - {word}\n" for word in PLAIN)
    text = f"apiVersion: example.com/v1\nkind: Thing\nmetadata: {{name: a}}\nspec:\n{spec}"
    (tmp_path / "a.yaml").write_text(text)
    done = subprocess.run(
        ["kubectl", "annotate", "--local", "-f", str(tmp_path / "a.yaml"), "a=b", "-o", "json"],
        capture_output=True, check=True,
    )  # fmt: skip
    theirs = json.loads(done.stdout, parse_int=lambda d: int(d) if len(d) < 20 else float(d))[
        "spec"
    ]
    ours = [typed(word) for word in PLAIN]

    # 20.0 and 20 are one number in JSON, and True is 1 in Python alone.
    assert [(w, o, isinstance(o, bool)) for w, o in zip(PLAIN, ours, strict=True)] == [
        (w, t, isinstance(t, bool)) for w, t in zip(PLAIN, theirs, strict=True)
    ]


@pytest.mark.parametrize("word", PLAIN)
def test_a_text_is_a_text_to_every_reader_after_it_was_written(word: str) -> None:
    for text in (block({"a": word}), set_scalar("a: old\n", 0, ("a",), word, file=FILE)):
        (root,) = parse(text, file=FILE)
        assert root is not None
        assert data(root, file=FILE) == {"a": word}
        for version in ("1.1", "1.2"):
            reader = YAML(typ="safe", pure=True)
            reader.version = version
            assert reader.load(text) == {"a": word}


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("1.9", "1.10", 'a: "1.10"'),
        ("1.9", "1.11", "a: 1.11"),
        ("2024", "2025", "a: 2025"),
        ("2024", "0x1F", 'a: "0x1F"'),
        ("2024", "1e3", 'a: "1e3"'),
        ("2024", "0755", 'a: "0755"'),
        ("2024", "on", 'a: "on"'),
        ("20240101", "20240102", "a: 20240102"),
        ("'1.9'", "1.10", "a: '1.10'"),
        ("v1", "2024", 'a: "2024"'),
        ("!!str 1.9", "1.10", 'a: !!str "1.10"'),
    ],
)
def test_a_tag_is_printed_as_it_is_spelled(old: str, new: str, line: str) -> None:
    changed = set_scalar(f"a: {old}\n", 0, ("a",), new, file=FILE)
    assert changed == f"{line}\n"
    root = parse(changed, file=FILE)[0]
    node = root.get("a") if root else None
    assert node is not None
    assert (printed(node.value) if node.plain else node.value) == new


@pytest.mark.parametrize("tag", ["!!int", "!!float", "!local"])
def test_a_value_with_a_tag_of_another_type_takes_no_text(tag: str) -> None:
    with pytest.raises(EditRefused, match="tag"):
        set_scalar(f"a: {tag} 1\n", 0, ("a",), "v2", file=FILE)
    assert set_scalar("a: !!int 1\n", 0, ("a",), 2, file=FILE) == "a: !!int 2\n"


def test_numbers_of_a_template_keep_what_they_mean() -> None:
    root = parse("mode: 0755\nflag: yes\nid: 0x1F\n", file=FILE)[0]
    assert root is not None
    found = data(root, file=FILE)
    expected: Json = {"mode": 493, "flag": True, "id": 31}
    assert found == expected
    assert block(found) == "mode: 493\nflag: true\nid: 31\n"
