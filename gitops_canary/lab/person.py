"""What people do: clone the config repository, change a line, merge, push."""

import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gitops_canary.errors import Unavailable
from gitops_canary.lab.loopback import basic_auth
from gitops_canary.lab.snapshot import environment

_IMAGE = re.compile(r"(image: *ghcr\.io/acme/checkout:)(\S+)")
_DEPLOYMENT = "apps/checkout/deployment.yaml"
_ATTEMPTS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A developer with a clone of their own."""

    directory: Path
    """The clone's work tree."""
    url: str
    username: str
    password: str
    name: str = "Mira Okafor"
    email: str = "mira@acme.example"

    def clone(self) -> None:
        """Clone the repository."""
        self._git("clone", "-q", self.url, str(self.directory), inside=False)

    def begin(self, example: Path) -> str:
        """Push the first commit, a copy of the example; its revision."""
        for source in sorted(p for p in example.rglob("*") if p.is_file()):
            target = self.directory / source.relative_to(example)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
        self._git("checkout", "-q", "-B", "main")
        self._git("add", ".")
        self._git("commit", "-q", "-m", "Begin with checkout 1.0.0")
        self._git("push", "-q", "origin", "main")
        return self._git("rev-parse", "HEAD")

    def release(self, version: str) -> str:
        """Change the image tag on a branch, merge it as a pull request would be; its revision."""
        return self.change(
            _DEPLOYMENT,
            lambda text: _IMAGE.sub(rf"\g<1>{version}", text),
            f"checkout: Release {version}",
            branch=f"checkout-{version}",
        )

    def change(
        self, path: str, edit: Callable[[str], str], message: str, *, branch: str = "edit"
    ) -> str:
        """Change a file, merge, push; again from the start where somebody pushed first.

        Raises:
            Unavailable: the push is refused every time.
        """
        for attempt in range(_ATTEMPTS):
            self._git("fetch", "-q", "origin")
            self._git("checkout", "-q", "-B", branch, "origin/main")
            file = self.directory / path
            file.write_text(edit(file.read_text(encoding="utf-8")), encoding="utf-8")
            self._git("commit", "-q", "-m", message, "--", path)
            self._git("checkout", "-q", "-B", "main", "origin/main")
            self._git("merge", "-q", "--no-ff", "-m", f"Merge branch '{branch}'", branch)
            try:
                self._git("push", "-q", "origin", "main")
            except Unavailable:
                if attempt == _ATTEMPTS - 1:
                    raise
                continue
            break
        return self._git("rev-parse", "HEAD")

    def follow(self, origin: Path) -> None:
        """Bring the clone to what the server's repository holds, when its server has ended."""
        refs = "+refs/heads/*:refs/remotes/origin/*"
        self._git("fetch", "-q", str(origin), refs)
        self._git("checkout", "-q", "-B", "main", "origin/main")

    def _git(self, *argv: str, inside: bool = True) -> str:
        variables = {
            "GIT_AUTHOR_NAME": self.name,
            "GIT_AUTHOR_EMAIL": self.email,
            "GIT_COMMITTER_NAME": self.name,
            "GIT_COMMITTER_EMAIL": self.email,
            "GIT_CONFIG_COUNT": "1",  # here and not in argv, which every user may read
            "GIT_CONFIG_KEY_0": "http.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: {basic_auth(self.username, self.password)}",
        }
        where = ["-C", str(self.directory)] if inside else []
        done = subprocess.run(
            ["git", *where, *argv],
            env=environment(variables),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Unavailable(
                f"git {argv[0]} said: {done.stderr.strip()}", remedy="is the lab's origin running?"
            )
        return done.stdout.strip()
