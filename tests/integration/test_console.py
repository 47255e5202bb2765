"""What every command keeps to: data on one side, talk on the other, and no surprises."""

import json
import re
import subprocess
import sys
from importlib.metadata import version as installed
from pathlib import Path

import pytest
import typer
from console import CANARY, another, example, run
from routes import CASES
from typer.testing import CliRunner

from gitops_canary.cli import application, exits
from gitops_canary.cli.options import Form
from gitops_canary.cli.printing import show, show_fitting

GROUPS = {"quarantine": ("list", "lift")}


def verbs() -> list[list[str]]:
    """List every command there is, each as its words."""
    found = []
    for name in typer.main.get_command(application()).commands:  # type: ignore[attr-defined] # a group
        found += [[name, below] for below in GROUPS[name]] if name in GROUPS else [[name]]
    return found


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Two applications, the Canary of one with a typo."""
    for path, content in {**example(), **another("shop")}.items():
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content or b"")
    file = tmp_path / CANARY
    file.write_text(file.read_text().replace("threshold: ", "treshold: "))
    return tmp_path


@pytest.mark.parametrize("words", verbs(), ids=" ".join)
def test_every_command_explains_itself(words: list[str]) -> None:
    ended = run(*words, "--help")

    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith(f"Usage: gitops-canary {' '.join(words)}")
    undescribed = re.findall(r"^  (--[a-z-]+)(?: <[^>]*>)? *$", ended.out, re.MULTILINE)
    assert undescribed == []


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_data_for_programs_is_all_there_is_on_standard_output(checkout: Path, form: str) -> None:
    ended = run("lint", checkout, "-o", form)

    assert ended.code == 1
    wrong, right = sorted(json.loads(ended.out), key=lambda row: str(row["canary"]))
    assert f"{CANARY}:19:5" in wrong["result"]
    assert "did you mean threshold?" in wrong["result"]
    assert right["result"].startswith("ok: ")


def test_lint_fails_where_nothing_would_ever_pass(checkout: Path) -> None:
    """OpenShift's router counts no latency, and the example asks for it."""
    file = checkout / CANARY
    text = file.read_text().replace("treshold: ", "threshold: ")
    text = text.replace("flagger.app/v1beta1", "gitops-canary.dev/v1alpha1")
    text = text.replace("  service:\n    port: 8080\n", "")
    file.write_text(text.replace("provider: istio", "provider: openshift"))
    route = CASES["openshift"].text.replace("shop", "checkout")
    (checkout / "apps/checkout/route.yaml").write_text(route)
    ended = run("lint", checkout, "-o", "json")

    assert ended.code == 1
    (found,) = [row for row in ended.rows() if row["canary"] == "prod/checkout"]
    assert found["result"].startswith("never: idle at 0 %")
    assert "take this check out" in found["remedy"]


def test_lint_warns_of_files_that_are_no_yaml_and_of_no_template(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("a: [1\nb: 2\n")
    (tmp_path / "latin.yml").write_bytes(b"a: \xff\n")
    (tmp_path / "template.yaml").write_text("a: {{ .Values.a }}\n")
    (tmp_path / "fine.yaml").write_text("a: 1\n")
    ended = run("lint", tmp_path, "-o", "json")

    assert ended.code == 0
    assert [row["where"] for row in ended.rows()] == ["broken.yaml:2:2", "latin.yml:1:4"]
    assert all(row["result"].startswith("warning: ") for row in ended.rows())


def test_problems_of_one_document_stand_on_lines_of_their_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    row = {"where": "a.yaml:1:1", "result": "It has 2 problems:\n  a: one\n  b: two\nkind"}
    show([row], ("where", "result"), Form.TABLE)
    told = [line.split() for line in capsys.readouterr().out.splitlines()[2:]]
    assert told == [
        ["a.yaml:1:1", "It", "has", "2", "problems:"], ["a:", "one"], ["b:", "two\\x0akind"],
    ]  # fmt: skip
    show([row], ("where", "result"), Form.CSV)
    assert "problems: a: one b: two" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["lint", "nope"],
        ["doctor", "--repo", "nope"],
        ["import", "flagger", "file.yaml"],
        ["judge", "nope.json"],
        ["verify", "-C", "nope", "--committer", "a <b>"],
        ["verify"],
        ["verify", "--trusted-keys", "nope.pub"],
        ["report", "-C", "nope"],
        ["pause", "prod/web", "-C", "nope"],
        ["init", "--checkout", "nope"],
    ],
    ids=" ".join,
)
def test_a_command_line_that_names_what_is_not_there_ends_with_2(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file.yaml").write_text("a: 1\n")
    ended = run(*words)

    assert (ended.code, ended.out) == (2, ""), ended.err


def test_explain_without_settings_names_the_clone_that_needs_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = run("explain", "prod/web")

    assert (ended.code, ended.out) == (5, "")
    assert "explain prod/web -C ." in ended.err


def test_lint_names_a_kind_that_would_be_passed_over(tmp_path: Path) -> None:
    text = "apiVersion: flagger.app/v1beta1\nkind: Canry\nmetadata: {name: shop}\n"
    (tmp_path / "canary.yaml").write_text(text)
    ended = run("lint", tmp_path)

    assert ended.code == 1
    assert "canary.yaml:2:7" in ended.out
    assert "did you mean Canary?" in ended.out


def test_a_table_s_headings_are_words(capsys: pytest.CaptureFixture[str]) -> None:
    row = {"failedRequests": "2"}
    show([row], ("failedRequests",), Form.TABLE)
    assert capsys.readouterr().out.split("\n")[0].strip() == "FAILED REQUESTS"
    show([row], ("failedRequests",), Form.CSV)
    assert capsys.readouterr().out.split("\n")[0] == "failedRequests"


def test_a_table_that_is_too_wide_drops_its_last_columns_and_names_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = [f"c{number}" for number in range(12)]
    row = dict.fromkeys(names, "x" * 20) | {"more": "y"}
    show_fitting([row], [*names, "more"], Form.TABLE, names[::-1])
    told = capsys.readouterr()
    assert told.out.split("\n")[0].split() == [name.upper() for name in names[4:]]
    assert "left out of the table: c0, c1, c2, c3, more; " in told.err.lower()
    show_fitting([row], names, Form.CSV, names)
    assert capsys.readouterr().out.split("\n")[0] == ",".join([*names, "more"])


@pytest.mark.parametrize("colour", [{}, {"NO_COLOR": "1"}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}])
def test_a_pipe_gets_no_colours(checkout: Path, colour: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gitops_canary", "lint", checkout],
        env={"PATH": "/usr/bin:/bin", **colour}, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 1
    assert "prod/shop" in done.stdout
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", done.stdout + done.stderr)


@pytest.mark.parametrize(
    ("verb", "out", "problem"),
    [
        ("version", ">&-", "There is no standard output."),
        ("schema judge", ">/dev/full", "Standard output cannot be written:"),
    ],
)
def test_an_output_that_takes_nothing_is_an_error_with_a_remedy(
    verb: str, out: str, problem: str
) -> None:
    command = f"{sys.executable} -m gitops_canary {verb} {out}"
    done = subprocess.run(
        ["/bin/sh", "-c", command], stderr=subprocess.PIPE, text=True, check=False
    )

    assert (done.returncode, done.stderr.split("\n")[0][:7]) == (2, "error: ")
    assert problem in done.stderr
    assert "try: " in done.stderr


def test_a_name_of_any_letters_is_told_whatever_the_locale_is() -> None:
    judge = {"type": "threshold", "metrics": [{"name": "é漢", "min": 1}]}
    done = subprocess.run(
        [sys.executable, "-m", "gitops_canary", "judge"],
        env={"PATH": "/usr/bin:/bin", "PYTHONIOENCODING": "ascii"}, capture_output=True,
        input=json.dumps({"judge": judge, "blocks": [{}]}).encode(), check=True,
    )  # fmt: skip

    assert json.loads(done.stdout)["checks"][0]["name"] == "é漢"


def test_what_nobody_foresaw_is_a_report_to_paste() -> None:
    def broken() -> int:
        raise ZeroDivisionError("https://bot:s3cret@git.example/x.git said Basic Ym90OnMzY3JldA==")

    app = typer.Typer()
    app.command()(exits(broken))
    ended = CliRunner().invoke(app, [])

    assert (ended.exit_code, ended.stdout) == (70, "")
    for words in (
        "this is a bug in gitops-canary", f"gitops-canary {installed('gitops-canary')}",
        "Python 3.", "ZeroDivisionError", "https://***@git.example/x.git", "in broken",
    ):  # fmt: skip
        assert words in ended.stderr
    assert "s3cret" not in ended.stderr
    assert "Ym90" not in ended.stderr


def test_the_version_comes_with_what_a_report_needs() -> None:
    ended = run("version")

    assert ended.out.splitlines()[0] == f"gitops-canary {installed('gitops-canary')}"
    for words in ("Python 3.", "git 2.", "GitPython ", "ruamel.yaml ", "pydantic "):
        assert words in ended.out


@pytest.mark.parametrize("words", [v for v in verbs() if v != ["demo"]], ids=" ".join)
def test_a_verb_alone_is_what_it_is_among_the_others(words: list[str]) -> None:
    alone, among = (
        CliRunner().invoke(app, [*words, "--help"]).output
        for app in (application(words[0]), application())
    )

    assert alone == among


def test_a_verb_starts_without_what_others_need() -> None:
    code = (
        "import sys; from gitops_canary.cli import application; application('version');"
        "print([name for name in ('pydantic', 'uvicorn', 'ruamel') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
