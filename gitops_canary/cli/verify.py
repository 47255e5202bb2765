"""`verify`: the whole record of a clone, recomputed; no server and no configuration needed."""

import asyncio
from collections.abc import Iterable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from gitops_canary.app.replaying import Decided, sources
from gitops_canary.app.replaying import replay as replay_all
from gitops_canary.app.verifying import Scope, Verified, decided
from gitops_canary.app.verifying import verify as verify_all
from gitops_canary.cli.clones import EvidenceOption, evidence_or_none, ownership
from gitops_canary.cli.options import Form, OutputOption
from gitops_canary.cli.printing import say, show, write
from gitops_canary.cli.replay_sources import Chosen, chosen
from gitops_canary.core.requery import Agreement, words
from gitops_canary.core.text import counted
from gitops_canary.errors import Unavailable, VerificationError
from gitops_canary.git.plain import PlainClone
from gitops_canary.metrics import Sources
from gitops_canary.model.finding import Kind

_Processes = Annotated[
    int, typer.Option(min=1, help="So many work at once; what comes out is the same.")
]
_Replay = Annotated[
    list[str] | None,
    typer.Option(
        metavar="[NAME=]URL",
        help="Ask the source again at the recorded times; one for each source of the record, "
        "`NAME=none` leaves one out.",
    ),
]
_ReplayConfig = Annotated[
    Path | None, typer.Option(help="Ask again the sources of these settings.")
]
COLUMNS = ("kind", "commit", "problem", "remedy")


def verify(
    revisions: Annotated[
        str, typer.Argument(metavar="RANGE", help="A..B, or a tip; the checked-out one if none.")
    ] = "HEAD",
    clone: Annotated[Path, typer.Option("--clone", "-C", help="A plain clone.")] = Path(),
    trusted_keys: Annotated[
        list[Path] | None, typer.Option(help="allowed_signers or *.pub files; may be repeated.")
    ] = None,
    revoked_keys: Annotated[
        list[Path] | None, typer.Option(help="Public keys that count no more, whatever the date.")
    ] = None,
    committer: Annotated[
        str, typer.Option(help="Without keys: `Name <email>` whose commits count. Weaker.")
    ] = "",
    evidence: EvidenceOption = "",
    tip: Annotated[str, typer.Option(help="The last tip you know: it must still be there.")] = "",
    rewritten: Annotated[  # noqa: FBT002 - typer's way to say a flag
        bool, typer.Option("--rewritten", help="The history was squashed or rebased on purpose.")
    ] = False,
    forge_commits: Annotated[  # noqa: FBT002 - as above
        bool, typer.Option("--forge-commits", help="Commits written by the forge count if sealed.")
    ] = False,
    replay: _Replay = None,
    replay_config: _ReplayConfig = None,
    paths: Annotated[str, typer.Option(help="Folders the controller works in.")] = "",
    processes: _Processes = 2,
    output: OutputOption = Form.TABLE,
) -> int:
    """Recompute every verdict and hold every commit against its record; 8 where one differs."""
    since, _, until = revisions.rpartition("..")
    with (
        closing(ownership(trusted_keys or [], revoked_keys or [], committer)) as whose,
        closing(PlainClone(clone)) as opened,
    ):
        scope = Scope(
            tip=opened.resolve(until or "HEAD"),
            since=opened.resolve(since) if since else None,
            evidence=opened.resolve(evidence) if evidence else evidence_or_none(opened),
            known_tip=opened.resolve(tip) if tip else None,
            rewritten=rewritten,
            sealed=forge_commits,
            paths=tuple(part for part in paths.split(",") if part),
        )
        found = verify_all(opened, whose, scope, processes=processes)
        if replay or replay_config:
            every = partial(decided, opened, scope, found)
            picked = chosen(replay or [], replay_config, sources(every()))
            asyncio.run(_replay(found, every(), picked))
    return _told(found, output)


async def _replay(found: Verified, decisions: Iterable[Decided], picked: Chosen) -> None:
    asked = Sources(picked.clients)
    try:
        findings, counted = await replay_all(decisions, asked, picked.left_out)
    finally:
        await asked.aclose()
    for name, own in sorted(counted.items()):
        say(f"{name}: {words(own)}.")
    for name in sorted(picked.left_out):
        say(f"{name}: left out, it is believed what it said.")
    if not picked.clients and not picked.left_out:
        say("No decision in this record asked a metric source: nothing to replay.")
    elif not counted:
        say("There is nothing that could be asked again.")
    found.findings += findings
    found.unanswered = any(Agreement.UNAVAILABLE in own for own in counted.values())


def _told(found: Verified, output: Form) -> int:
    rows = [
        {
            "kind": one.kind.value,
            "commit": one.revision or "-",
            "problem": one.problem,
            "remedy": one.remedy,
        }
        for one in found.findings
    ]
    if output is Form.TABLE:
        for one, row in zip(found.findings, rows, strict=True):
            where = f"commit {row['commit']}: " if one.revision else ""
            write(f"{row['kind']}: {where}{row['problem']}")
            write(f"  try: {row['remedy']}")
    else:
        show(rows, COLUMNS, output)
    wrong, newer = found.differences, found.of(Kind.NEWER)
    say(
        f"{counted(found.commits, 'commit')} of the controller "
        f"in {counted(found.rollouts, 'rollout')}, "
        f"{counted(found.verdicts, 'decision')}; {counted(len(wrong), 'difference')}, "
        f"{len(found.of(Kind.UNREADABLE))} not readable"
        f"{f', {len(newer)} of a newer version and so not proven' if newer else ''}."
    )
    if not wrong:
        say(
            "What a clone cannot show: commits cut off its end. Write the tip down, and give it "
            "next time: --tip REV."
        )
    if wrong or newer:
        return VerificationError.exit_code
    return Unavailable.exit_code if found.unanswered else 0
