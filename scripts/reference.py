"""Write the reference pages that the program itself can tell: commands and settings.

`scripts/reference.py` writes them; the tests hold the pages against what it would write.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import typer

from gitops_canary.app.config import schema
from gitops_canary.cli import application
from gitops_canary.cli.examples import EXAMPLES

ROOT = Path(__file__).resolve().parents[1]
Json = Mapping[str, Any]


def commands() -> str:
    """Write the page of all commands and their options."""
    lines = [
        "# Commands",
        "",
        "Data goes to standard output, talk to standard error; `-o json` is for programs.",
        "Nothing asks a question without a terminal. See also [exit codes](exit-codes.md).",
    ]
    group = typer.main.get_command(application())
    for name, command in sorted(group.commands.items()):  # type: ignore[attr-defined] # it is a group
        below = getattr(command, "commands", None)
        found = {f"{name} {k}": c for k, c in below.items()} if below else {name: command}
        for words, one in found.items():
            lines += ["", f"## {words}", "", _oneline(one.help)]
            lines += ["", "```sh", EXAMPLES[words], "```", *_parameters(one)]
    return "\n".join(lines) + "\n"


def _parameters(command: Any) -> Iterator[str]:
    rows = []
    for one in command.params:
        if one.param_type_name == "argument":
            name = one.name.upper()
            rows.append(f"| `{name}` | {_oneline(one.help)}{_default(one)} |")
        elif one.name != "help":
            names = ", ".join(f"`{x}`" for x in [*one.opts, *one.secondary_opts])
            rows.append(f"| {names} | {_oneline(one.help)}{_default(one)} |")
    if rows:
        yield from ("", "| | |", "|---|---|", *rows)


def _default(parameter: Any) -> str:
    value = parameter.default
    if parameter.required or value in (None, "", False) or callable(value):
        return ""
    return f" Default: `{getattr(value, 'value', value)}`." if value is not True else ""


def _oneline(text: str | None) -> str:
    return " ".join((text or "").split())


def settings() -> str:
    """Write the page of all settings."""
    whole = schema()
    lines = [
        "# Settings",
        "",
        "`controller.yaml`, the operator's file. Its JSON Schema: `gitops-canary schema`.",
        "An unknown field is an error that names the nearest known one; a field without a",
        "default has to be there.",
    ]
    told: set[str] = set()
    for place, model in _models(whole, whole, ""):
        if place.removesuffix("[]") in told:
            continue  # one mapping may stand for a list of one
        told.add(place)
        lines += ["", f"## {place or 'controller.yaml'}", "", _oneline(model.get("description"))]
        lines += ["", "| field | default | meaning |", "|---|---|---|"]
        lines += [_field(name, one, model) for name, one in model["properties"].items()]
    return "\n".join(lines) + "\n"


def _field(name: str, one: Json, model: Json) -> str:
    needed = name in model.get("required", ())
    default = one.get("default")
    if isinstance(default, dict):
        told = "see below"
    elif needed:
        told = ""
    else:
        told = "none" if default in (None, []) else f"`{_plain(default)}`"
    return f"| `{name}` | {told} | {_oneline(one.get('description')) or 'See below.'} |"


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _models(whole: Json, node: Json, place: str) -> Iterator[tuple[str, Json]]:
    """List every mapping of the schema with its place, outermost first."""
    yield place, node
    for name, one in node["properties"].items():
        here = f"{place}.{name}".removeprefix(".")
        for below, suffix in _below(one):
            model = whole["$defs"][below.rpartition("/")[2]]
            if "properties" in model:
                yield from _models(whole, model, f"{here}{suffix}")


def _below(one: Json) -> Iterator[tuple[str, str]]:
    if "$ref" in one:
        yield one["$ref"], ""
    for choice in one.get("anyOf", ()):
        yield from _below(choice)
    if isinstance(one.get("items"), dict):
        yield from ((ref, f"[]{rest}") for ref, rest in _below(one["items"]))
    if isinstance(one.get("additionalProperties"), dict):
        yield from ((ref, f".<name>{rest}") for ref, rest in _below(one["additionalProperties"]))


PAGES = {"docs/reference/commands.md": commands, "docs/reference/settings.md": settings}

if __name__ == "__main__":
    for page, write in PAGES.items():
        (ROOT / page).write_text(write(), encoding="utf-8")
