"""A config repository on a real Git server, a metric source, and the controller as a process."""

import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from gitops_canary.core.message import parse
from gitops_canary.git.signing import generate_key
from gitops_canary.lab.origin import Origin
from gitops_canary.lab.world import example
from gitops_canary.model.names import Revision
from gitops_canary.model.rollout import Record

from .numbers_server import Numbers, numbers
from .ports import free_port

DEPLOYMENT = "apps/checkout/deployment.yaml"
CANARY = "apps/checkout/canary.yaml"
EVIDENCE = "gitops-canary/evidence"
PASSWORD = "b0t"  # noqa: S105 - of a server that lives for one test
LADDER = ("start", "advance", "advance", "promote", "finish")


@dataclass(slots=True)
class Stage:
    """Everything a controller needs; `start` runs one."""

    directory: pathlib.Path
    origin: Origin
    config: pathlib.Path
    numbers: Numbers
    version: int = 0
    log: list[str] = field(default_factory=list)

    @property
    def cache(self) -> pathlib.Path:
        return self.cache_of(0)

    def cache_of(self, replica: int) -> pathlib.Path:
        return self.directory / f"cache{replica or ''}"

    def release(self) -> str:
        """Merge a new version; its tag."""
        self.version += 1
        tag = f"2.0.{self.version}"
        lines = self.origin.show(DEPLOYMENT).decode().splitlines(keepends=True)
        for number, line in enumerate(lines):
            if "image:" in line:
                head, _, rest = line.partition("checkout:")
                tail = rest.lstrip("0123456789.") or "\n"
                lines[number] = f"{head}checkout:{tag}{tail}"
        self.origin.commit(
            {DEPLOYMENT: "".join(lines).encode()}, f"Release {tag}\n", at=int(time.time())
        )
        return tag

    def start(self, replica: int = 0, *options: str) -> "subprocess.Popen[bytes]":
        """Start the controller, or one beside it with a disk and an address of its own."""
        config = self.config
        if replica:
            config = self.directory / f"controller{replica}.yaml"
            if not config.exists():
                written = json.loads(self.config.read_text())
                written["server"] = {"listen": f"127.0.0.1:{free_port()}"}
                config.write_text(json.dumps(written))
        output = (self.directory / "controller.log").open("ab")
        with output:
            return subprocess.Popen(
                [sys.executable, "-m", "gitops_canary", "run", "--config", str(config), *options],
                stdout=output,
                stderr=output,
                env={**os.environ, "GITOPS_CANARY_CACHE": str(self.cache_of(replica))},
                start_new_session=True,
            )

    def records(self) -> list[Record]:
        """Read all moves on the branch, oldest first."""
        text = self.origin.git("log", "--reverse", "--format=%H%x00%B%x01", self.origin.branch)
        found = []
        for part in text.split("\x01"):
            revision, _, message = part.strip("\n").partition("\0")
            record = parse(message, Revision(revision)) if message else None
            found += [record] if record else []
        return found

    def running(self) -> str | None:
        """Name the newest version while it has not finished; None once it has.

        A push of a controller that was killed may still be on its way, so moves alone do not tell.
        """
        tag = f"2.0.{self.version}"
        ended = (r.version for r in self.records() if r.action.value == "finish")
        return None if any(version.endswith(f":{tag}") for version in ended) else tag

    def check(self) -> Mapping[str, int]:
        """Hold every finished rollout against the ladder; count what there is."""
        records = self.records()
        finished = [r.rollout for r in records if r.action.value == "finish"]
        assert len(finished) == len(set(finished)), "a rollout finished twice"
        listed = self.origin.git("ls-tree", "-r", "--name-only", EVIDENCE).split()
        kept = [path for path in listed if re.search(r"/decision-\d+\.json$", path)]
        for rollout in finished:
            mine = tuple(r.action.value for r in records if r.rollout == rollout)
            assert mine == LADDER, (rollout, mine)
            decisions = [path for path in kept if f"/{rollout}/decision-" in path]
            assert len(decisions) == len(LADDER), decisions
        assert len(kept) == len(records), "a move without its decision, or the other way round"
        assert "was rewritten" not in self.said(), "it halted, and was killed in vain"
        previous = Counter((r.rollout, r.previous) for r in records)
        assert max(previous.values()) == 1, "a move was made twice"
        self.origin.git("fsck", "--full", "--strict")
        return {"rollouts": len(finished), "moves": len(records), "decisions": len(kept)}

    def said(self) -> str:
        """Give what the controllers said."""
        return (self.directory / "controller.log").read_text(errors="replace")

    def tail(self) -> str:
        """Give the end of it."""
        return self.said()[-3000:]


@contextmanager
def stage(directory: pathlib.Path, *, poll: str = "200ms") -> Iterator[Stage]:
    """Set everything up; nothing runs yet but the servers."""
    with Origin.start(directory, {"bot": PASSWORD}) as origin, numbers() as metrics:
        files: dict[str, bytes | None] = {
            str(path.relative_to(example())): path.read_bytes()
            for path in example().rglob("*.yaml")
        }
        canary = (files[CANARY] or b"").decode()
        canary = canary.replace("interval: 2s", "interval: 1s")
        files[CANARY] = canary.replace("[5, 10, 25, 50, 100]", "[10, 50]").encode()
        origin.commit(files, "Begin\n", at=int(time.time()) - 60)
        config = directory / "controller.yaml"
        config.write_text(json.dumps(_config(directory, origin, metrics.port, poll)))
        yield Stage(directory, origin, config, metrics)


def _config(directory: pathlib.Path, origin: Origin, port: int, poll: str) -> dict[str, object]:
    (directory / "password").touch(mode=0o600)
    (directory / "password").write_text(PASSWORD + "\n")
    key = directory / "key"
    (directory / "signers").write_text(f"gitops-canary {generate_key(key).public_line}\n")
    return {
        "repositories": [
            {
                "name": "config",
                "url": origin.url,
                "branch": origin.branch,
                "paths": ["apps/"],
                "poll": poll,
                "credentials": {"username": "bot", "passwordFile": str(directory / "password")},
                "pushesPerMinute": 600,
            }
        ],
        "metrics": {
            "sources": {
                "default": {
                    "type": "prometheus",
                    "url": f"http://127.0.0.1:{port}",
                    "scrapeInterval": "100ms",
                    "lag": "100ms",
                }
            }
        },
        "sync": {"type": "none", "delay": "100ms"},
        "signing": {"format": "ssh", "keyFile": str(key), "trustedKeys": [f"{directory}/signers"]},
        "server": {"listen": f"127.0.0.1:{free_port()}"},
    }  # fmt: skip


def until(holds: Callable[[], object], what: str, stage_: Stage, *, limit_s: float = 90) -> None:
    """Wait for an event, generously; fail with what the controllers said."""
    end = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < end, f"{what} did not happen\n{stage_.tail()}"
        time.sleep(0.05)


def kill(process: "subprocess.Popen[bytes]") -> None:
    """End a controller and every git it started, as a lost machine would."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGKILL)
    process.wait()


def children(pid: int) -> list[int]:
    """List the processes below one."""
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue
        if parent == pid:
            found.append(int(stat.parent.name))
    return found
