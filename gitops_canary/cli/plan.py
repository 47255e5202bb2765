"""`plan`: what would be committed now, and why, without committing it."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from gitops_canary.app.tick import Report
from gitops_canary.cli.looked import chosen, complaints, looked, names
from gitops_canary.cli.options import (
    DEFAULT_CONFIG,
    AllowMissingOption,
    CanariesArgument,
    ConfigOption,
    Form,
    OutputOption,
)
from gitops_canary.cli.outcome import exit_code
from gitops_canary.cli.plan_request import NOTHING, changed, tell
from gitops_canary.cli.printing import Row, diff, say, show, write
from gitops_canary.core.explain import ladder, sentence
from gitops_canary.core.pages import words
from gitops_canary.core.plan import Plan
from gitops_canary.core.sheet import sheet as write_sheet
from gitops_canary.manifest.spec_file import policy_json


def plan(
    canaries: CanariesArgument = None,
    config: ConfigOption = DEFAULT_CONFIG,
    allow_missing: AllowMissingOption = "",
    sheet: Annotated[  # noqa: FBT002 - typer's way to say a flag
        bool, typer.Option("--sheet", help="Write the go/no-go sheet in Markdown instead.")
    ] = False,
    against: Annotated[
        Path | None,
        typer.Option(help="Only what would be decided otherwise with these settings, e.g. a base."),
    ] = None,
    pull_request: Annotated[
        int | None, typer.Option(help="Keep the sheet as a comment on this pull request.")
    ] = None,
    output: OutputOption = Form.TABLE,
) -> int:
    """Show the next commits as diffs with their messages, and how each canary would go on."""
    reports = looked(config, allow_missing=names(allow_missing))
    if against:
        reports = changed(reports, looked(against, allow_missing=names(allow_missing)))
    wanted = chosen(reports, canaries)
    for report in reports:
        for told in complaints(report):
            say(told)
    if sheet or pull_request is not None:
        text = "\n".join(_sheets(reports, wanted))
        if text or not any(report.error for report in reports):
            write(text or NOTHING)
        if pull_request is not None:
            tell(config, pull_request, text)
        return exit_code(reports)
    rows = [_row(r, name) for r in reports for name in sorted(r.decisions) if wanted(name)]
    if output is not Form.TABLE:
        show(rows, (), output)
    else:
        _print(rows)
    return exit_code(reports)


def _print(rows: Sequence[Row]) -> None:
    for row in rows:
        write(str(row["decision"]))
        write(f"  ladder: {row['ladder']}")
        for missing in row["deferred"]:
            write(f"  not honoured yet: {missing}")
        if row["message"]:
            write(f"\n{row['message']}\n{row['diff']}")


def _sheets(reports: Sequence[Report], wanted: Callable[[str], bool]) -> Iterator[str]:
    for report in reports:
        for name, decision in sorted(report.decisions.items()):
            one, said = report.seen.get(name), sentence(decision)
            if wanted(name) and one:
                policy = one.policy
                yield write_sheet(name, one.tip.owned, policy_json(policy), policy.digest, said)
            elif wanted(name):
                yield f"# No-go: {words(name)}\n\n{words(said)}\n"


def _row(report: Report, canary: str) -> Row:
    decision = next(d for name, d in report.decisions.items() if name == canary)
    one = next((s for name, s in report.seen.items() if name == canary), None)
    made = next((p for p in report.planned if p.act.canary == canary), None)
    return {
        "canary": canary,
        "decision": sentence(decision),
        "ladder": ladder(one.policy) if one else "-",
        "deferred": list(one.spec.deferred) if one else [],
        "message": made.commit.message if made else "",
        "diff": _diff(made) if made else "",
    }


def _diff(made: Plan) -> str:
    return "".join(
        diff(path, made.before.get(path, ""), text) for path, text in sorted(made.files.items())
    )
