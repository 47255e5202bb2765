"""The config repository of the simulation: written here, and read here without the product.

What the invariants compare is read by plain patterns over texts of this one form, so that a mistake
of the product's YAML code cannot hide itself.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache

from . import routes

NAMES = ("web", "cart", "mail", "auth", "feed")
WORD = "tell-nobody"
"""Stands where only those shall read it who read the repository."""
QUARANTINE = ".gitops-canary/quarantine"
LEAST = 99

_CANARY = """\
apiVersion: gitops-canary.dev/v1alpha1
kind: Canary
metadata: {{name: {name}, namespace: prod}}
spec:
  provider: istio
  targetRef: {{apiVersion: apps/v1, kind: Deployment, name: {name}}}
  progressDeadlineSeconds: {deadline}
  analysis:
    judge: {judge}
    interval: {interval}s
    threshold: {threshold}
    stepWeights: [{steps}]
    stepWeightPromotion: {back}
{around}    metrics:
      - name: request-success-rate
        interval: {interval}s
        thresholdRange: {{min: {least}}}
{more}{control}"""
_LATENCY = """\
      - name: request-duration
        interval: {interval}s
        thresholdRange: {{max: 500}}
"""
_QUERY = """\
      - name: failures
        interval: {interval}s
        query: sum(increase(app_failures_total{{workload="{{{{ target }}}}"}}[{{{{ interval }}}}]))
        thresholdRange: {{max: 3}}
"""
_WORKLOAD = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: prod}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      containers:
        - name: app # served by the mesh
          image: registry.example/{app}:{tag}
          env: [{{name: NOTE, value: "weight: 7"}}]
"""
_DECOY = """\
apiVersion: v1
kind: ConfigMap
metadata: {{name: {name}-notes, namespace: prod}}
data:
  image: registry.example/{name}:0
  weight: "50"
  note: {note}
  word: tell-nobody
"""
_ALERTS = "    alerts: [{name: people, severity: info, notifier: people}]\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How one canary of a seed is set up; the same for its whole life unless a person edits."""

    name: str
    steps: tuple[int, ...] = (10, 50)
    interval_s: int = 30
    threshold: int = 2
    deadline_s: int = 180
    replicas: int = 2
    latency: bool = False
    query: bool = False
    blank_s: int = 0
    """For how long after a change its own counter has no number: nothing divided by nothing."""
    shared: bool = False
    """Whether its route lies in one file with those of others."""
    joined: bool = False
    """Whether its weights stand in one object with those of others."""
    idles: bool = False
    """Whether the canary is scaled to zero between rollouts."""
    hooks: tuple[str, ...] = ()
    """Types of its webhooks; each is named by its type."""
    watch_s: int = 0
    """How long a finished version is watched."""
    alerts: bool = False
    """Whether people are told."""
    told: tuple[str, ...] = ()
    """Types of the webhooks that are told beside them; each is named by its type."""
    judge: str = "{type: threshold}"
    usual: float = 0.0
    """Share of the requests that fails whatever runs."""
    least: int = LEAST
    """The share of good requests that is asked for, in percent."""

    @property
    def id(self) -> str:
        return f"prod/{self.name}"

    @property
    def weighs(self) -> bool:
        """Whether evidence on counts condemns, instead of limits on looks."""
        return "sequential" in self.judge

    @property
    def back(self) -> int:
        """What returns to the primary at a time; 0 is all at once."""
        return 40 if self.steps == (10, 100) else 0

    @property
    def canary_path(self) -> str:
        return f"apps/{self.name}/canary.yaml"

    @property
    def workload_path(self) -> str:
        return f"apps/{self.name}/deployments.yaml"

    @property
    def route_path(self) -> str:
        return "apps/routes.yaml" if self.shared or self.joined else f"apps/{self.name}/route.yaml"

    def canary(self, **control: str) -> str:
        """Write the Canary document, with `control` as given."""
        more = (_LATENCY if self.latency else "") + (_QUERY if self.query else "")
        around = f"    watch: {{duration: {self.watch_s}s}}\n" if self.watch_s else ""
        if every := self.hooks + self.told:
            rows = (f"      - {{name: {one}, type: {one}, webhook: {one}}}\n" for one in every)
            around += "    webhooks:\n" + "".join(rows)
        around += _ALERTS if self.alerts else ""
        suspend = control.pop("suspend", "")
        lines = "".join(f"    {key}: {value}\n" for key, value in control.items())
        words = (f"  control:\n{lines}" if lines else "") + (
            f"  suspend: {suspend}\n" if suspend else ""
        )
        return _CANARY.format(
            name=self.name,
            judge=self.judge,
            least=self.least,
            deadline=self.deadline_s,
            interval=self.interval_s,
            threshold=self.threshold,
            steps=", ".join(str(step) for step in self.steps),
            back=self.back,
            around=around,
            more=more.format(interval=self.interval_s),
            control=words,
        )


def begin(shapes: tuple[Shape, ...], tag: str = "v0") -> dict[str, bytes]:
    """Write a whole repository in which nothing rolls."""
    files: dict[str, list[str]] = {"README.md": ["weight: 12\n"]}
    for shape in shapes:
        replicas = 0 if shape.idles else shape.replicas
        files[shape.canary_path] = [shape.canary()]
        files[shape.workload_path] = [
            _WORKLOAD.format(name=shape.name, app=shape.name, tag=tag, replicas=replicas),
            _DECOY.format(name=shape.name, note="none"),
            _WORKLOAD.format(
                name=f"{shape.name}-primary", app=shape.name, tag=tag, replicas=shape.replicas
            ),
        ]
        if not shape.joined:
            files.setdefault(shape.route_path, []).append(routes.alone(shape.name))
    if joined := [shape.name for shape in shapes if shape.joined]:
        files.setdefault("apps/routes.yaml", []).append(routes.together(joined))
    return {path: "---\n".join(parts).encode() for path, parts in files.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What one revision says about one canary; None where it says nothing readable."""

    candidate: str
    primary: str
    weight: Decimal
    replicas: int
    primary_replicas: int
    present: bool
    paused: bool
    suspended: bool
    control: Mapping[str, str] = field(hash=False)
    steps: tuple[Decimal, ...] = ()
    least: int = LEAST
    """The share of good requests that is asked for, in percent."""

    @property
    def settled(self) -> bool:
        return self.candidate == self.primary


def facts(files: Mapping[str, bytes], shape: Shape) -> Facts | None:
    """Read one canary; None where a person broke its files."""
    named = f"name: {shape.name},".encode()
    canary = files.get(shape.canary_path, b"")
    if named not in canary:
        others = (text for path, text in files.items() if path.endswith("canary.yaml"))
        canary = next((text for text in others if named in text), b"")
    return _facts(
        canary, files.get(shape.workload_path, b""), files.get(shape.route_path, b""), shape.name
    )


@lru_cache(100_000)
def _facts(canary: bytes, workloads: bytes, route: bytes, name: str) -> Facts | None:
    if b"BROKEN" in canary + workloads + route:
        return None
    found = {}
    for document in workloads.decode().split("---\n"):
        for side in (name, f"{name}-primary"):
            if "kind: Deployment" in document and f"name: {side}, namespace" in document:
                tag = re.search(rf"image: registry.example/{name}:(\S+)", document)
                count = re.search(r"replicas: (\d+)", document)
                assert tag, document
                assert count, document
                found[side] = (tag[1], int(count[1]))
    for document in route.decode().split("---\n"):
        if numbers := routes.weights(document, name):
            share = Decimal(100 * numbers["canary"]) / sum(numbers.values())
            break
    else:
        return None
    text = canary.decode()
    steps = re.search(r"stepWeights: \[(.*?)\]", text)
    least = re.search(r"thresholdRange: {min: (\d+)}", text)
    return Facts(
        candidate=found[name][0],
        primary=found[f"{name}-primary"][0],
        weight=share,
        replicas=found[name][1],
        primary_replicas=found[f"{name}-primary"][1],
        present=bool(canary),
        paused="    paused: true\n" in text,
        suspended="  suspend: true\n" in text,
        control=dict(
            re.findall(r"^    (abort|retry|resume): \"?([^\"\n]*)\"?$", text, re.MULTILINE)
        ),
        steps=tuple(Decimal(s) for s in steps[1].split(", ")) if steps else (),
        least=int(least[1]) if least else LEAST,
    )


def with_tag(text: bytes, name: str, tag: str) -> bytes:
    """Change the image of one workload in the file of both."""
    app = name.removesuffix("-primary")
    pattern = rf"(metadata: {{name: {name}, namespace: prod}}.*?image: registry\.example/{app}:)\S+"
    return re.sub(pattern, rf"\g<1>{tag}", text.decode(), count=1, flags=re.DOTALL).encode()


def with_replicas(text: bytes, name: str, count: int) -> bytes:
    """Scale one workload in the file of both; one that sleeps goes on sleeping."""
    pattern = rf"(metadata: {{name: {name}, namespace: prod}}\nspec:\n  replicas: )[1-9]\d*"
    return re.sub(pattern, rf"\g<1>{count}", text.decode(), count=1).encode()


def with_note(text: bytes, note: str) -> bytes:
    """Change what nobody owns."""
    return re.sub(r"note: \S+", f"note: {note}", text.decode(), count=1).encode()


def unowned(text: bytes, names: tuple[str, ...]) -> str:
    """Blank the places a controller may write for these canaries; all else stays."""
    return "---\n".join(_blank(document, names) for document in text.decode().split("---\n"))


def _blank(document: str, names: tuple[str, ...]) -> str:
    mine = [side for name in names for side in (name, f"{name}-primary")]
    named = any(f"metadata: {{name: {side}, " in document for side in mine)
    if "kind: VirtualService" in document:
        return routes.blank(document, names)
    if named and "kind: Deployment" in document:
        document = re.sub(r"^(\s+image: )\S+", r"\g<1>_", document, flags=re.MULTILINE)
        return re.sub(r"^(  replicas: )\d+", r"\g<1>_", document, flags=re.MULTILINE)
    return document
