"""Ways to alter a recorded history, its evidence and its signatures, with real git objects."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from recorded_world import EVIDENCE, git

from gitops_canary.core.canonical import canonical
from gitops_canary.core.evidence import digest
from gitops_canary.git.objects import add_signature
from gitops_canary.git.signing import SigningKey, generate_key

Json = dict[str, Any]
ADA = b"Ada <ada@example.com>"


@dataclass
class Forge:
    """One bare clone in the hands of somebody who may write anything."""

    clone: pathlib.Path
    key: SigningKey
    """The controller's own key: some attackers have it."""

    def log(self, branch: str = "main") -> list[str]:
        """List a branch's first parents, newest first."""
        return git(self.clone, "rev-list", "--first-parent", branch).split()

    def body(self, revision: str) -> bytes:
        return self._raw("cat-file", "commit", revision)

    def put(self, body: bytes, kind: str = "commit") -> str:
        argv = ("hash-object", "--literally", "-w", "-t", kind, "--stdin")
        return git(self.clone, *argv, stdin=body)

    def move(self, branch: str, revision: str) -> None:
        git(self.clone, "update-ref", f"refs/heads/{branch}", revision)

    def sign(self, body: bytes, key: SigningKey | None = None) -> bytes:
        """Sign a commit anew, whatever it was signed by."""
        plain = unsigned(body)
        return add_signature(plain, (key or self.key).sign(plain))

    def alter(
        self,
        back: int,
        change: Callable[[bytes], bytes],
        branch: str = "main",
        *,
        sign: bool = False,
    ) -> None:
        """Change the commit so many steps behind the tip and plant its children on it."""
        chain = self.log(branch)[: back + 1]
        body = change(self.body(chain[back]))
        old, new = chain[back], self.put(self.sign(body) if sign else body)
        for child in reversed(chain[:back]):
            body = self.body(child).replace(f"parent {old}".encode(), f"parent {new}".encode())
            old, new = child, self.put(body)
        self.move(branch, new)

    def tree(self, revision: str, files: Mapping[str, bytes | None], mode: str = "100644") -> str:
        """Write a tree with other files."""
        with tempfile.TemporaryDirectory() as folder:
            index = str(pathlib.Path(folder) / "index")
            self._raw("read-tree", revision, index=index)
            for path, data in files.items():
                blob, kind = (self.put(data, "blob"), mode) if data is not None else ("0" * 40, "0")
                line = f"{kind} {blob}\t{path}\n".encode()
                self._raw("update-index", "--index-info", stdin=line, index=index)
            return self._raw("write-tree", index=index).decode().strip()

    def files(
        self, branch: str, files: Mapping[str, bytes | None], mode: str = "100644"
    ) -> Callable[[bytes], bytes]:
        """Give a change of a commit: the same commit with other files."""
        tree = self.tree(branch, files, mode)
        return lambda body: re.sub(rb"^tree [0-9a-f]{40}", b"tree " + tree.encode(), body)

    def on_top(
        self, message: str, author: bytes = ADA, branch: str = "main", extra: str = ""
    ) -> str:
        """Commit the same tree again with another message."""
        tip = self.log(branch)[0]
        tree = git(self.clone, "rev-parse", f"{tip}^{{tree}}")
        stamp = author.decode() + " 1770009999 +0000"
        head = f"tree {tree}\nparent {tip}\nauthor {stamp}\ncommitter {stamp}\n{extra}"
        made = self.put(f"{head}\n{message}".encode())
        self.move(branch, made)
        return made

    def last_decision(self) -> str:
        """Name the newest decision of the rollout at the tip."""
        rollout = trailer(self.body("main"), "Canary-Rollout")
        names = git(self.clone, "ls-tree", "-r", "--name-only", EVIDENCE).split()
        return max(name for name in names if re.search(rf"/{rollout}/decision-\d+\.json", name))

    def read(self, path: str, branch: str = EVIDENCE) -> bytes:
        return self._raw("cat-file", "blob", f"{branch}:{path}")

    def decide(self, change: Callable[[Json], object]) -> None:
        """Rewrite the newest decision as somebody who holds the key: digests and signatures fit."""
        path = self.last_decision()
        document = json.loads(self.read(path))
        change(document)
        self.redigest(path, canonical(document))

    def redigest(self, path: str, data: bytes) -> None:
        old, new = digest(self.read(path)), digest(data)
        self.alter(0, self.files(EVIDENCE, {path: data}), EVIDENCE, sign=True)
        self.alter(0, lambda body: body.replace(old.encode(), new.encode()), sign=True)

    def loose(self, name: str, kind: str, body: bytes) -> None:
        """Put other bytes on the disk under an object's name."""
        made = self.put(body, kind)
        source = self.clone / "objects" / made[:2] / made[2:]
        target = self.clone / "objects" / name[:2] / name[2:]
        self._raw("unpack-objects", "-q", stdin=b"") if not target.parent.exists() else None
        target.parent.mkdir(exist_ok=True)
        if target.exists():
            target.chmod(0o600)
        target.write_bytes(source.read_bytes())

    def _raw(self, *argv: str, stdin: bytes | None = None, index: str = "") -> bytes:
        finished = subprocess.run(
            ["git", *argv],
            cwd=self.clone,
            check=True,
            capture_output=True,
            input=stdin,
            env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull}
            | ({"GIT_INDEX_FILE": index} if index else {}),
        )
        return finished.stdout


def unsigned(body: bytes) -> bytes:
    return re.sub(rb"gpgsig (?:.*\n )*.*\n", b"", body, count=1)


def signature(body: bytes) -> bytes:
    found = re.search(rb"gpgsig (?:.*\n )*.*\n", body)
    assert found
    return found.group()


def trailer(body: bytes, key: str) -> str:
    found = re.search(rf"^{key}: (.*)$".encode(), body, re.MULTILINE)
    assert found
    return found.group(1).decode()


def replaced(old: str, new: str) -> Callable[[bytes], bytes]:
    """Give a change of bytes that must be there."""

    def change(body: bytes) -> bytes:
        assert old.encode() in body, old
        return body.replace(old.encode(), new.encode())

    return change


def stranger(folder: pathlib.Path) -> SigningKey:
    return generate_key(folder / "stranger")


def message(forge: Forge, back: int = 1) -> str:
    return forge.body(forge.log()[back]).partition(b"\n\n")[2].decode()
