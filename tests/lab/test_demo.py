"""`./demo`, as a newcomer runs it: what it told is held against what it left behind."""

import hashlib
import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from gitops_canary.core.message import parse
from gitops_canary.lab.load import Counts, read_counts
from gitops_canary.lab.origin import Push, read_pushes
from gitops_canary.lab.story import LADDER
from gitops_canary.model.names import Revision
from gitops_canary.model.rollout import Action, Record

ROOT = Path(__file__).resolve().parents[2]
POLL_MS, INTERVAL_MS, SLACK_MS = 300, 2000, 6000
"""The lab's poll, the example's interval, and what a busy machine may take besides: far less than a
controller's usual poll of 30 s."""
ROUTE = "apps/checkout/virtualservice.yaml"
EVIDENCE = "gitops-canary/evidence"
BOT, MIRA = "bot", "mira"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A demo that is over."""

    directory: Path
    film: Path
    out: str

    def git(self, *argv: str) -> str:
        done = subprocess.run(
            ["git", f"--git-dir={self.directory}/origin.git", *argv],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.removesuffix("\n")

    def commits(self) -> list[str]:
        return self.git("rev-list", "--first-parent", "--reverse", "main").split("\n")

    def record(self, revision: str) -> Record | None:
        message = self.git("log", "-1", "--format=%B", revision)
        return parse(message, Revision(revision)) if message.startswith("canary(") else None

    def moves(self) -> dict[str, Record]:
        return {rev: found for rev in self.commits() if (found := self.record(rev))}

    def pushes(self) -> list[Push]:
        return read_pushes(self.directory)

    def at_ms(self, revision: str) -> int:
        """Say when the server had a tip of the config branch."""
        return next(p.at_ms for p in self.pushes() if p.tips["main"] == revision)

    def counts(self) -> Counts:
        return read_counts(self.directory / "counts.json")


# The first test waits for the whole demo.
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    scratch = tmp_path_factory.mktemp("demo")
    directory, film = scratch / "kept", scratch / "demo.svg"
    done = subprocess.run(
        [ROOT / "demo", "--keep", directory, "--record", film],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=280, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    yield Told(directory=directory, film=film, out=done.stdout)
    shutil.rmtree(scratch)


def test_every_story_ends_as_told(told: Told) -> None:
    for story in "ABC":
        assert f"story {story} ended as told" in told.out
    at_s = [float(found) for found in re.findall(r"^ *([\d.]+) s  ", told.out, re.MULTILINE)]
    print(f"the whole demo took {at_s[-1]} s")


def test_each_event_is_one_line_where_there_is_no_terminal(told: Told) -> None:
    assert "\x1b" not in told.out
    for revision in told.commits():
        subject = told.git("log", "-1", "--format=%s", revision)
        assert f"git    {revision[:7]} {subject}\n" in told.out


def test_a_merge_is_answered_within_one_poll(told: Told) -> None:
    for merge, start in pairwise(told.commits()):
        record = told.record(start)
        if record and record.action is Action.START:
            took_ms = told.at_ms(start) - told.at_ms(merge)
            print(f"from the merge to the start of {record.version}: {took_ms} ms")
            assert took_ms <= POLL_MS + SLACK_MS


def test_a_rollback_follows_its_last_sample_within_one_interval(told: Told) -> None:
    [(abort, record)] = [x for x in told.moves().items() if x[1].action is Action.ABORT]
    assert record.window is not None

    took_ms = told.at_ms(abort) - record.window.end_ms

    print(f"from the instant that reached the threshold to the abort: {took_ms} ms")
    assert 0 < took_ms <= INTERVAL_MS + SLACK_MS


def test_a_rollback_leaves_the_stable_state_and_a_quarantine(told: Told) -> None:
    [(abort, record)] = [x for x in told.moves().items() if x[1].action is Action.ABORT]

    differing = told.git("diff", "--name-only", record.stable, abort).split("\n")

    assert differing == [".gitops-canary/quarantine"]
    assert "checkout:1.2.0" in told.git("show", f"{abort}:.gitops-canary/quarantine")


def test_no_request_fails_because_of_a_move(told: Told) -> None:
    counts = told.counts()
    failed = sum(counts.failed.values())
    print(f"{counts.answered} requests, {failed} failed, all of them answered by 1.2.0")

    assert f"Envoy counted the same: {counts.answered} requests, {failed} failed" in told.out
    assert set(counts.failed) == {"1.2.0"}
    assert counts.transport_errors == 0
    for version in ("1.0.0", "1.1.0", "1.2.0", "1.3.0"):
        assert f"{version}: {counts.requests[version]} requests" in told.out


def test_steps_cost_three_commits_more(told: Told) -> None:
    moves = list(told.moves().values())
    good = [m for m in moves if m.rollout == moves[0].rollout]
    print(f"{len(LADDER)} steps cost {len(good)} commits")

    assert len(good) == len(LADDER) + 3
    assert [m.action for m in good[-2:]] == [Action.PROMOTE, Action.FINISH]


def test_an_advance_changes_exactly_the_weight_lines(told: Told) -> None:
    advances = [rev for rev, m in told.moves().items() if m.action is Action.ADVANCE]
    for revision in advances:
        lines = told.git("diff", "-U0", f"{revision}~1", revision).split("\n")
        changed = [x for x in lines if re.match(r"[-+](?![-+])", x)]
        assert re.findall(r"^\+\+\+ b/(.*)", "\n".join(lines), re.MULTILINE) == [ROUTE]
        taken, put = ([x[1:] for x in changed if x[0] == sign] for sign in "-+")
        assert [re.sub(r"weight: \d+", "", x) for x in taken] == [
            re.sub(r"weight: \d+", "", x) for x in put
        ]
        assert len(put) == 2
        assert all("weight: " in x for x in put)
    print(f"{len(advances)} advances, each with 2 changed lines")
    assert len(advances) > len(LADDER)


def test_a_crash_in_mid_step_loses_and_repeats_nothing(told: Told) -> None:
    moves = [(rev, m) for rev, m in told.moves().items() if "1.3.0" in m.version]

    weights = [m.weight_to for _, m in moves]
    chained = [(b.previous, a) for (a, _), (_, b) in pairwise(moves)]

    assert "kill -9" in told.out.split("story C")[1]
    assert len(weights) >= 5
    assert tuple(weights) == (0, *LADDER)[: len(weights)]
    assert all(previous == revision for previous, revision in chained)


def test_a_move_and_its_evidence_are_one_push(told: Told) -> None:
    for before, after in pairwise(told.pushes()):
        moved = {b for b, tip in after.tips.items() if before.tips.get(b) != tip}
        assert moved == ({"main", EVIDENCE} if after.user == BOT else {"main"})
    for revision, record in told.moves().items():
        tips = next(p.tips for p in told.pushes() if p.tips["main"] == revision)
        diff = ("diff-tree", "--root", "-r", "--name-only", "--no-commit-id", tips[EVIDENCE])
        [name] = re.findall(r"^\S+/decision-\d\d\.json$", told.git(*diff), re.MULTILINE)
        text = told.git("cat-file", "blob", f"{tips[EVIDENCE]}:{name}")
        assert record.evidence == f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
        assert json.loads(text)["rollout"] == record.rollout


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="git verifies SSH keys by ssh-keygen")
def test_every_move_is_signed_by_the_demo_s_key(told: Told) -> None:
    signers = f"gpg.ssh.allowedSignersFile={told.directory}/allowed_signers"
    told.git("-c", signers, "verify-commit", *told.moves())


def test_its_last_words_work_as_they_stand(told: Told) -> None:
    shown = told.out.split("three to try:\n")[1].split("\n\n")[0]
    commands = [line.strip() for line in shown.strip().split("\n")]

    assert len(commands) == 3
    mira = (told.directory / "mira/.git/refs/heads/main").read_text().strip()
    assert mira == told.git("rev-parse", "main").strip(), "lint reads what Git holds now"
    for command in commands:
        done = subprocess.run(shlex.split(command), capture_output=True, text=True, check=False)
        assert (done.returncode, bool(done.stdout)) == (0, True), f"{command}\n{done.stderr}"


def test_no_secret_is_told(told: Told) -> None:
    secrets = [p.read_text().strip() for p in (told.directory / "secrets").iterdir()]
    logs = [p.read_text(errors="replace") for p in (told.directory / "logs").iterdir()]

    assert len(secrets) >= 4
    for text in (told.out, told.film.read_text(), *logs):
        assert not any(secret in text for secret in secrets)


def test_the_recording_is_small_and_shows_all_three(told: Told) -> None:
    drawn = told.film.read_text()

    assert len(drawn) < 300_000
    for expected in ("story A: 1.1.0", "abort 1.2.0", "kill -9", "Envoy counted the same"):
        assert expected in drawn


def test_it_leaves_no_process_behind(told: Told) -> None:
    listed = subprocess.run(
        ["ps", "-A", "-ww", "-o", "args="], capture_output=True, text=True, check=True
    )
    assert str(told.directory) not in listed.stdout
