"""`init`: the first canary in a repository that knows none."""

import re
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from gitops_canary.app.initialising import Prepared, asking, prepare, terrain
from gitops_canary.cli.misplaced import tell_top
from gitops_canary.cli.options import CheckoutOption, Form, OutputOption
from gitops_canary.cli.printing import diff, hush, say, settled, show, write
from gitops_canary.core.text import one_line
from gitops_canary.errors import CanaryError, Place, Refused, SpecError, UsageError
from gitops_canary.git.worktree import Commit, WorkTree
from gitops_canary.manifest import document
from gitops_canary.manifest.initial.answers import checked
from gitops_canary.manifest.initial.draft import Stage
from gitops_canary.manifest.initial.questions import Asking, Misanswered, Question
from gitops_canary.manifest.initial.stages import SCHEMA
from gitops_canary.manifest.initial.terrain import Terrain
from gitops_canary.model.names import Path as RepositoryPath
from gitops_canary.model.names import Revision

SHORT = 12
WIDTH = 72
UNCLEAR = 2


class _Unasked(Exception):  # noqa: N818 - not an error: a question with nobody there to answer
    """A question is open, and there is no terminal."""


def init(
    checkout: CheckoutOption = Path(),
    answers: Annotated[
        Path | None, typer.Option(help="YAML with the answers, for where nobody can be asked.")
    ] = None,
    paths: Annotated[str, typer.Option(help="Folders to look at, comma-separated.")] = "",
    patches: Annotated[
        Path | None, typer.Option(help="Write the commits as patches into this folder.")
    ] = None,
    *,
    commit: Annotated[
        bool, typer.Option("--commit", help="Make the commits, on a new local branch.")
    ] = False,
    output: OutputOption = Form.TABLE,
) -> int:
    """Show, or make, the commits that give an application its first canary."""
    tell_top(checkout)
    folders = [one for one in paths.split(",") if one]
    found = terrain(checkout, folders)
    try:
        said = _answered(asking(found), _file(answers) if answers else {})
    except _Unasked:
        return UNCLEAR
    prepared = prepare(found, asking(found).choice(said), folders)
    title = prepared.choice.title
    if not prepared.stages:
        write(f"{title}: everything is there already; `gitops-canary lint` reads it")
        return 0
    try:
        _tell(found, prepared, output)
        settled()
    except BrokenPipeError:
        # Whoever reads the diffs has seen enough; what was asked for is done all the same.
        hush()
    asked = sys.stdin.isatty() and not commit and not patches
    if asked and typer.confirm("Make these commits on a new local branch?", err=True):
        commit = True
    if commit or patches:
        _write(checkout, prepared, apart=answers, commit=commit, patches=patches)
    else:
        say("nothing is written yet; --commit makes these commits, --patches DIR writes patches")
    return 0


def _file(path: Path) -> dict[str, str]:
    file = str(path)
    try:
        text = document.text_of(path.read_bytes(), file=file)
        root = next((one for one in document.parse(text, file=file) if one is not None), None)
        values = document.data(root, file=file) if root else {}
    except OSError as error:
        raise Misanswered(
            f"The answers cannot be read: {error.strerror}.",
            remedy="name a YAML file with lines such as `workload: prod/web`",
            place=Place(file),
        ) from error
    except SpecError as error:
        raise Misanswered(error.problem, remedy=error.remedy, place=error.place) from error
    if not isinstance(values, dict):
        raise Misanswered(
            "The answers are no mapping.",
            remedy="write lines such as `workload: prod/web`",
            place=Place(file, 1, 1),
        )
    return checked(values, file=file)


def _answered(questions: Asking, said: Mapping[str, str]) -> Mapping[str, str]:
    """Ask what is open; what only one answer fits is told, not asked."""
    terminal = sys.stdin.isatty()
    while (question := questions.next(said)) is not None:
        if question.certain or (question.safe and not terminal):
            say(f"{question.text} {question.default}")
            said = {**said, question.key: question.default}
        elif terminal:
            say(f"{question.text} {', '.join(question.options)}".rstrip())
            answer = typer.prompt(question.key, default=question.default or None, err=True)
            said = _taken(questions, said, question, str(answer))
        else:
            options = ", ".join(question.options) or "any word"
            say(f"error: {question.text}\n  it may be: {options}")
            say(f"  try: write `{question.key}: ...` into a file, and name it with --answers")
            raise _Unasked
    return said


def _taken(
    questions: Asking, said: Mapping[str, str], question: Question, answer: str
) -> Mapping[str, str]:
    """Take an answer if it is one; else the question is asked again."""
    then = {**said, question.key: answer}
    try:
        questions.next(then)
    except CanaryError as error:
        say(str(error))
        return said
    return then


def _tell(found: Terrain, prepared: Prepared, output: Form) -> None:
    """Print the commits as messages and diffs, and besides what a person has to look at."""
    if output is Form.TABLE:
        for stage, before in _before(found, prepared):
            write(_message(prepared, stage))
            for path, text in sorted(stage.files.items()):
                if path == SCHEMA:
                    write(f"new file {path}: the JSON Schema that editors check the Canary by\n")
                else:
                    write(diff(path, before.get(path, ""), text))
    else:
        rows = [
            {
                "step": stage.step,
                "message": _message(prepared, stage),
                "files": {p: diff(p, before.get(p, ""), t) for p, t in stage.files.items()},
            }
            for stage, before in _before(found, prepared)
        ]
        show(rows, (), output)
    for one in prepared.remarks:
        say(f"look at {one.place}: {one.what}\n  try: {one.remedy}")
    for error in prepared.unread:
        say(f"not read: {error}")


def _before(
    found: Terrain, prepared: Prepared
) -> Iterator[tuple[Stage, Mapping[RepositoryPath, str]]]:
    """Give each stage with the texts it begins with."""
    texts = dict(found.texts)
    for stage in prepared.stages:
        yield stage, dict(texts)
        texts.update(stage.files)


def _message(prepared: Prepared, stage: Stage) -> str:
    title = one_line(prepared.choice.title)
    wait = f" Wait until {stage.until} before the next commit is merged." if stage.until else ""
    why = textwrap.fill(f"{stage.why}{wait}", WIDTH)
    return (
        f"Initialise {title} {stage.step}: {stage.title}\n\n{why}\n\n"
        "Written by `gitops-canary init`.\n"
    )


def _write(
    checkout: Path, prepared: Prepared, *, apart: Path | None, commit: bool, patches: Path | None
) -> None:
    tree = WorkTree(checkout)
    own = apart.resolve() if apart else None  # the answers may lie in the checkout
    changed = (one for one in tree.changed() if (checkout / one).resolve() != own)
    dirty = [one for one in changed if re.search(r"\.ya?ml$", one)]
    if dirty:
        raise Refused(
            f"These files are not as they were committed: {', '.join(dirty[:5])}.",
            remedy="commit them, stash them or move them away, so that what was shown is what is "
            "committed",
        )
    label = prepared.label
    name = f"init-{label}" if commit else None
    commits: list[Commit] = [(one.files, _message(prepared, one)) for one in prepared.stages]
    made = tree.chain(name, commits)
    if patches:
        _save(tree, patches, label, made)
    if name is None:
        return
    say(f"made on the branch {name}; merge each by itself, and wait until it is live:")
    for stage, revision in zip(prepared.stages, made, strict=True):
        target = tree.branch or "main"
        say(f"  git push {tree.remote} {revision[:SHORT]}:{target}  # {stage.step} {stage.title}")


def _save(tree: WorkTree, folder: Path, name: str, made: Sequence[Revision]) -> None:
    """Write patches; each appears whole, and in the place of what had its name."""
    texts = {
        folder / f"{number:04}-init-{name}.patch": tree.patch(revision)
        for number, revision in enumerate(made, 1)
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in texts.items():
            begun = file.with_suffix(".part")
            begun.write_text(text)
            begun.replace(file)
    except OSError as error:
        raise UsageError(
            f"The patches cannot be written to {folder}: {error.strerror}.",
            remedy="name a folder that is there or can be made",
        ) from error
    for file in texts:
        say(f"written: {file}")
