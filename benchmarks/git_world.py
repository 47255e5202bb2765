"""Generated config repositories of any size, written by one `git fast-import`.

Layout: `apps/<namespace>/<application>/`, five files each; every n-th application has a Canary.
`flat` puts every application into one directory.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PER_NAMESPACE = 100
_FILES = 5
_FILES_MAX, _COMMITS_MAX = 10_000, 10_000
_BEGIN_S = 1_700_000_000
_WHO = "Ada Example <ada@example.com>"
ENVIRONMENT = {
    "PATH": os.environ.get("PATH", os.defpath),
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "LC_ALL": "C",
}

DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: {namespace}
  labels: {{app: {name}, team: {namespace}}}
spec:
  replicas: 2
  selector:
    matchLabels: {{app: {name}}}
  template:
    metadata:
      labels: {{app: {name}}}
    spec:
      containers:
        - name: app
          image: ghcr.io/acme/{app}:1.0.0
          ports: [{{name: http, containerPort: 8080}}]
          resources:
            requests: {{cpu: 100m, memory: 128Mi}}
            limits: {{memory: 256Mi}}
"""
SERVICE = """apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  selector: {{app: {name}}}
  ports: [{{name: http, port: 80, targetPort: http}}]
"""
ROUTE = """apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  hosts: [{name}]
  http:
    - route:
        - destination: {{host: {name}-primary}}
          weight: 100
        - destination: {{host: {name}-canary}}
          weight: 0
"""
PLAIN_ROUTE = """apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  hosts: [{name}]
  http: [{{route: [{{destination: {{host: {name}}}, weight: 100}}]}}]
"""
CANARY = """apiVersion: flagger.app/v1beta1
kind: Canary
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  provider: istio
  targetRef: {{apiVersion: apps/v1, kind: Deployment, name: {name}}}
  service: {{port: 8080}}
  analysis:
    interval: 1m
    threshold: 5
    stepWeights: [5, 25, 50]
    metrics:
      - name: request-success-rate
        thresholdRange: {{min: 99}}
        interval: 1m
"""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Size:
    """How large a repository is; commits beyond the first change one file each."""

    files: int
    commits: int = 1
    canaries: int = 0
    flat: bool = False

    @property
    def told(self) -> str:
        """Say it in a few words."""
        flat = " flat" if self.flat else ""
        return f"{self.files:,}{flat} files, {self.commits:,} commits"

    @property
    def large(self) -> bool:
        """Whether it takes minutes, and is left out unless asked for."""
        return self.files > _FILES_MAX or self.commits > _COMMITS_MAX

    @property
    def applications(self) -> int:
        """How many applications that makes."""
        return max(1, self.files // _FILES)


def folder(size: Size, number: int) -> str:
    """Name the folder of one application."""
    if size.flat:
        return f"apps/a{number:05}"
    return f"apps/n{number // _PER_NAMESPACE:03}/a{number:05}"


def files(size: Size) -> Iterator[tuple[str, bytes]]:
    """Write every file of the first commit."""
    every = size.applications // size.canaries if size.canaries else 0
    for number in range(size.applications):
        at, app = folder(size, number), f"a{number:05}"
        names = {"name": app, "app": app, "namespace": f"n{number // _PER_NAMESPACE:03}"}
        texts = {"deployment.yaml": DEPLOYMENT, "service.yaml": SERVICE}
        if every and number % every == 0 and number // every < size.canaries:
            texts |= {"canary.yaml": CANARY, "virtualservice.yaml": ROUTE}
            primary = DEPLOYMENT.format(**{**names, "name": f"{app}-primary"})
            yield f"{at}/primary.yaml", primary.encode()
        else:
            texts |= {"virtualservice.yaml": PLAIN_ROUTE, "kustomization.yaml": "resources: []\n"}
            texts |= {"values.yaml": "team: {namespace}\nreplicas: 2\n"}
        for name, text in texts.items():
            yield f"{at}/{name}", text.format(**names).encode()


def copy_of(worlds: Path, size: Size, path: Path) -> Path:
    """Make a repository of a size to measure with: a copy of the one kept among the worlds."""
    kept = worlds / f"{size.files}-{size.commits}-{size.canaries}{'-flat' * size.flat}.git"
    if not kept.exists():
        fresh = kept.with_suffix(".making")
        shutil.rmtree(fresh, ignore_errors=True)
        worlds.mkdir(parents=True, exist_ok=True)
        build(fresh, size)
        fresh.rename(kept)
    shutil.copytree(kept, path)
    return path


def build(path: Path, size: Size) -> None:
    """Make a bare repository of a size; one pack, with a commit graph and a bitmap."""
    git(path, "init", "-q", "--bare", "--template=", "-b", "main", bare=False)
    for key in ("http.receivepack", "uploadpack.allowFilter"):
        git(path, "config", key, "true")
    for key in ("gc.auto", "receive.autogc"):
        git(path, "config", key, "0")
    subprocess.run(
        ["git", f"--git-dir={path}", "fast-import", "--quiet"],
        input=b"".join(_stream(size)), env=ENVIRONMENT, check=True,
    )  # fmt: skip
    git(path, "commit-graph", "write", "--reachable")


def git(path: Path, *argv: str, bare: bool = True, stdin: bytes = b"") -> str:
    """Run git on a bare repository; what it prints."""
    where = [f"--git-dir={path}"] if bare else []
    tail = [] if bare else [str(path)]
    done = subprocess.run(
        ["git", *where, *argv, *tail], env=ENVIRONMENT, check=True, capture_output=True, input=stdin
    )
    return done.stdout.decode().strip()


def _stream(size: Size) -> Iterator[bytes]:
    yield _commit(0)
    for path, data in files(size):
        yield b"M 100644 inline %s\n%s" % (path.encode(), _data(data))
    for number in range(1, size.commits):
        at = folder(size, number * 7919 % size.applications)
        yield b"\n" + _commit(number)
        yield b"M 100644 inline %s/service.yaml\n" % at.encode()
        yield _data(b"# change %d\n" % number)
    yield b"\n"


def _commit(number: int) -> bytes:
    stamp = f"{_WHO} {_BEGIN_S + number} +0000"
    head = f"commit refs/heads/main\ncommitter {stamp}\n".encode()
    return head + _data(b"Change %d\n" % number)


def _data(data: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(data), data)
