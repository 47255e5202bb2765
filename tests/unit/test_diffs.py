"""What the record shows of a change: nothing beside it, and nothing of a Secret."""

from gitops_canary.core.diffs import diff, diff_around
from gitops_canary.model.names import Path

FILE = Path("apps/web.yaml")
POD = "kind: Deployment\nspec:\n  password: hunter2\n  image: web:1\n  token: hunter2\n"
HIDDEN = "# hunter2\nkind: Secret\nstringData:\n  p: hunter2\n  q: x\n# hunter2\n"


def test_only_the_changed_lines_are_told() -> None:
    assert diff(FILE, POD, POD.replace("web:1", "web:2")) == (
        "--- a/apps/web.yaml\n+++ b/apps/web.yaml\n@@ -4 +4 @@\n-  image: web:1\n+  image: web:2\n"
    )


def test_of_a_secret_it_is_told_where_and_how_many_lines() -> None:
    before = f"{POD}---\n{HIDDEN}---\n{POD}"
    after = before.replace("  p: hunter2\n", "  p: hunter3\n").replace("# hunter2", "# hunter3")

    assert diff(FILE, before, after).splitlines()[2:] == [
        "@@ -7 +7 @@",
        "-(a line of a Secret)",
        "+(a line of a Secret)",
        "@@ -10 +10 @@",
        "-(a line of a Secret)",
        "+(a line of a Secret)",
        "@@ -12 +12 @@",
        "-(a line of a Secret)",
        "+(a line of a Secret)",
    ]


def test_a_secret_in_a_list_or_written_as_json_is_none_the_less_one() -> None:
    listed = "kind: List\nitems:\n- kind: Secret\n  data: {p: aHVudGVyMg==}\n- kind: ConfigMap\n"
    json = '{"kind": "Secret",\n "data": {\n "p": "aHVudGVyMg=="}}\n'

    for text in (listed, json):
        assert "aHV" not in diff(FILE, text, text.replace("aHVudGVyMg", "aHVudGVyMw"))
        assert "aHV" not in diff(FILE, text, "") + diff(FILE, "", text)


def test_a_line_that_ends_without_a_break_is_shown_whole() -> None:
    assert diff(FILE, "a: 1", "a: 2").endswith("@@ -1 +1 @@\n-a: 1\n+a: 2\n")


def test_what_stands_beside_a_secret_in_its_file_is_shown() -> None:
    before = f"---\n{HIDDEN}---\n{POD}"
    after = before.replace("web:1", "web:2")

    assert "+  image: web:2" in diff(FILE, before, after)
    assert "+  image: web:2" in diff(FILE, f"{POD}---\n{HIDDEN}", f"{POD}---\n{HIDDEN}".replace(
        "web:1", "web:2"))  # fmt: skip
    assert "+odd: 2" in diff(FILE, f"---\n{HIDDEN}---\nodd: 1\n", f"---\n{HIDDEN}---\nodd: 2\n")


def test_decisions_of_the_first_versions_hold_three_lines_around_a_change() -> None:
    before = "".join(f"{n}\n" for n in range(1, 10))
    assert diff_around(FILE, before, before.replace("5\n", "five\n")) == (
        "--- a/apps/web.yaml\n+++ b/apps/web.yaml\n@@ -2,7 +2,7 @@\n"
        " 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n"
    )
