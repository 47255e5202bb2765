"""An evidence package for an auditor: commits, decisions, keys and a verifier in one zip."""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

from gitops_canary.app.lineage import Lineage
from gitops_canary.app.shelf import decisions, stories
from gitops_canary.core.asked import whys
from gitops_canary.core.controls import Control
from gitops_canary.core.fleet import Fleet, fleet
from gitops_canary.core.message import claims
from gitops_canary.core.text import counted
from gitops_canary.core.told import Told
from gitops_canary.errors import SpecError
from gitops_canary.git.ownership import Ownership
from gitops_canary.git.plain import PlainClone
from gitops_canary.model.names import Path, Revision

_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What goes into a package."""

    tip: Revision
    evidence: Revision
    since_ms: int
    until_ms: int
    keys: str
    """Text of allowed_signers."""
    controls: tuple[Control, ...]


def package(clone: PlainClone, ownership: Ownership, wanted: Wanted) -> bytes:
    """Build the zip; the same clone and period give the same bytes.

    Raises:
        SpecError: no rollout began in the period.
        VerificationError: the clone holds changed objects, or a decision that cannot be read.
    """
    found = dict(stories(clone, wanted.evidence))
    lineage = Lineage(clone, wanted.tip)
    commits = tuple(lineage.commits())
    asked = {str(name): raw.date_s * 1000 for name, raw in commits}
    said = whys((name, raw.message) for name, raw in reversed(commits))
    chosen = fleet(found.values(), wanted.since_ms, wanted.until_ms, asked, said)
    folders = {folder: one for folder, one in found.items() if one in chosen.rollouts}
    if not folders:
        raise SpecError("No rollout began in that period.", remedy="widen --since and --until")
    members = dict(_evidence(clone, wanted.evidence, folders))
    rollouts = {one.last["rollout"] for one in folders.values()}
    members |= dict(_commits(lineage, ownership, rollouts))
    members |= _tables(chosen, wanted.controls)
    members["public-keys/allowed_signers"] = wanted.keys.encode()
    members["verify.py"] = files("gitops_canary.offline").joinpath("verify.py").read_bytes()
    members["README.md"] = _readme(folders, wanted.controls).encode()
    sums = "".join(
        f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(members.items())
    )
    return _zip({**members, "SHA256SUMS": sums.encode()})


def _evidence(
    clone: PlainClone, tip: Revision, folders: Mapping[str, Told]
) -> Iterator[tuple[str, bytes]]:
    blobs = {path: blob.id for path, blob in clone.files(tip).items()}
    for folder, numbers in decisions(blobs).items():
        if folder not in folders:
            continue
        for number, blob in numbers.items():
            name = f"evidence/{folder}/decision-{number:02}.json"
            yield name, clone.read([blob])[blob]
        for page in ("README.md", "report.html"):
            path = Path(f"{folder}/{page}")
            if path in blobs:
                yield f"evidence/{path}", clone.read([blobs[path]])[blobs[path]]


def _commits(
    lineage: Lineage, ownership: Ownership, rollouts: set[str]
) -> Iterator[tuple[str, bytes]]:
    for revision, raw in lineage.commits():
        if not claims(raw.message) or ownership.doubt(raw):
            continue
        if any(f"\nCanary-Rollout: {name}\n" in raw.message for name in rollouts):
            yield f"commits/{revision}", raw.body


def _tables(chosen: Fleet, controls: Sequence[Control]) -> dict[str, bytes]:
    figures = [
        {"figure": key, "value": value, "meaning": text} for key, value, text in chosen.rows()
    ]
    rows = [
        {"framework": c.framework, "control": c.name, "asks": c.asks, "shown": c.shown}
        for c in controls
    ]
    return {
        "changes.json": _json(list(chosen.changes())),
        "figures.json": _json(figures),
        "overrides.json": _json([list(row) for row in chosen.overrides()]),
        "controls.json": _json(rows),
    }


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True) + "\n").encode()


def _zip(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(members.items()):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


_HEAD = """\
{count} changes. Everything here can be checked on this machine with Python's standard library;
no server, no network and none of our software is needed.

## Verify everything

```sh
python3 verify.py
```

It ends with `0 differences`, or names what differs and ends with 8. Commits signed with OpenPGP are
checked by `gpg`, which has to be there.
"""
_FOOT = """\
## See that a change would be found

Change any digit in any file below `evidence/` and run `python3 verify.py` again.

## What lies here

- `changes.json`: every change of the period, the population to sample from
- `figures.json`, `overrides.json`: rates, times, DORA keys; persons' words and their reasons
- `controls.json`: which control is shown by what
- `evidence/<canary>/<rollout>/`: decisions with raw samples, and their pages
- `commits/`: the signed commits, as Git stores them; `public-keys/`: whose they are
- `SHA256SUMS`, `verify.py`

## What this package does not show

Who reviewed a change, and whether that was somebody else: your forge knows the pull request of each
`source` commit. Whether the keys are the right ones: compare them with a copy you got another way.
Whether commits are missing at the end: compare `changes.json` with your own list. What a judge
other than `threshold` makes of the samples: `gitops-canary verify` in a clone computes that again.

## Controls
"""


def _readme(folders: Mapping[str, Told], controls: Sequence[Control]) -> str:
    lines = (
        "# Evidence package\n",
        _HEAD.format(count=len(folders)),
        *_example("Recompute a pass", folders, "pass"),
        *_example("Recompute a fail", folders, "fail"),
        _FOOT,
        *(f"- **{c.framework} {c.name}**: {c.asks} Shown by: {c.shown}." for c in controls),
    )
    return "\n".join(lines) + "\n"


def _example(title: str, folders: Mapping[str, Told], verdict: str) -> Iterator[str]:
    for folder, one in sorted(folders.items()):
        for decision in one.decisions:
            if decision["verdict"] == verdict:
                number = (
                    1
                    + one.decisions.index(decision)
                    + sum(missing <= one.decisions.index(decision) + 1 for missing in one.missing)
                )
                path = f"evidence/{folder}/decision-{number:02}.json"
                yield f"## {title}\n"
                yield f"```sh\npython3 verify.py --explain {path}\n```\n"
                count = len(decision["verdicts"])
                yield (
                    "It prints each query with its last samples, then every check computed from "
                    f"them: {counted(count, 'evaluation')}.\n"
                )
                return
    yield f"## {title}\n"
    yield f"There is none in this period: no verdict was `{verdict}`.\n"
