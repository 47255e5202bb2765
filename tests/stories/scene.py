"""The repository a story plays in: its files, and what people do to them."""

import json
import re
from collections.abc import Callable, Mapping, Sequence

from gitops_canary.model.names import Path

CANARY = Path("apps/web/canary.yaml")
CANDIDATE = Path("apps/web/deployment.yaml")
PRIMARY = Path("apps/web/primary.yaml")
ROUTE = Path("apps/web/route.yaml")
SCALER = Path("apps/web/scaler.yaml")
QUARANTINE = Path(".gitops-canary/quarantine")

_CANARY = """\
apiVersion: gitops-canary.dev/v1alpha1
kind: Canary
metadata: {{name: web, namespace: prod}}
spec:
  provider: istio
  targetRef: {{apiVersion: apps/v1, kind: Deployment, name: web}}
{spec}  analysis:
    interval: 60s
    threshold: 2
    judge: {{type: {judge}}}
{analysis}    metrics:
      - name: errors
        query: errors
        thresholdRange: {{max: 1}}
        interval: 60s
{check}"""
_UNMEASURED = _CANARY.partition("    metrics:")[0].replace("    judge: {{type: {judge}}}\n", "")
_DEPLOYMENT = """\
# {name}: the team keeps notes in here.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: prod
  annotations: {{team: none}}
spec:
  replicas: {replicas}
  template:
    metadata:
      labels: {{app: {name}}}
    spec:
      containers:
        - name: app
          image: example/web:{version} # bumped by people
          env: [{{name: MODE, value: plain}}]
"""
_ROUTE = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: prod}
spec:
  hosts: [web]
  http:
    - timeout: 3s
      route:
        - destination: {host: web-primary}
          weight: 100 # everyone
        - destination: {host: web-canary}
          weight: 0 # a few
"""


_PLAIN = {
    CANDIDATE: _DEPLOYMENT.replace(
        "  template:", "  selector: {{matchLabels: {{app: {name}}}}}\n  template:"
    ),
    Path("apps/web/service.yaml"): """\
apiVersion: v1
kind: Service
metadata: {{name: web, namespace: prod}}
spec:
  selector: {{app: web}}
  ports: [{{port: 80}}]
""",
    ROUTE: """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: web, namespace: prod}}
spec:
  hosts: [web]
  http:
    - route:
        - destination: {{host: web}}
""",
}
"""An application that knows no canary yet."""


_SCALER = """\
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  annotations: # the team's
    autoscaling.keda.sh/paused-replicas: "0"
    team: none
  name: web
  namespace: prod
spec:
  scaleTargetRef: {name: web}
  minReplicaCount: 1
  triggers: [{type: cpu, metadata: {value: "60"}}]
"""


def beginning(settings: Sequence[str]) -> dict[Path, bytes]:
    """Write a settled repository at v1; settings are lines of `spec` or `analysis`, or a word."""
    spec = "".join(f"  {s[5:]}\n" for s in settings if s.startswith("spec "))
    analysis = "".join(f"    {s[9:]}\n" for s in settings if s.startswith("analysis "))
    if "stepWeights" not in analysis and "iterations" not in analysis:
        analysis += "    stepWeights: [10, 50]\n"
    check = "".join(f"        {s[6:]}\n" for s in settings if s.startswith("check "))
    canary = _UNMEASURED if "unmeasured" in settings else _CANARY
    judge = next((s[6:] for s in settings if s.startswith("judge ")), "threshold")
    replicas = 0 if "idle" in settings else 2
    texts = {
        CANARY: canary.format(spec=spec, analysis=analysis, judge=judge, check=check),
        CANDIDATE: _DEPLOYMENT.format(name="web", replicas=replicas, version="v1"),
        PRIMARY: _DEPLOYMENT.format(name="web-primary", replicas=2, version="v1"),
        ROUTE: _ROUTE,
    }
    for kind in {"DaemonSet", "StatefulSet"} & set(settings):
        for path in (CANARY, CANDIDATE, PRIMARY):
            texts[path] = texts[path].replace("kind: Deployment", f"kind: {kind}")
            if kind == "DaemonSet":
                texts[path] = texts[path].replace("  replicas: 2\n", "")
    if "plain" in settings:
        texts = {CANARY: texts[CANARY]} | {
            path: text.format(name="web", replicas=2, version="v1") for path, text in _PLAIN.items()
        }
    if "keda" in settings:
        texts[CANDIDATE] = texts[CANDIDATE].replace("  replicas: 2\n", "")
        texts[SCALER] = _SCALER
    if "thousands" in settings:
        texts[ROUTE] = _ROUTE.replace("weight: 100 ", "weight: 100000 ")
    return {path: text.encode() for path, text in texts.items()}


def change(files: Mapping[Path, bytes], what: str) -> dict[Path, bytes | None]:
    """Give the files a person's change touches, e.g. `candidate v2` or `control abort: abc`."""
    texts = {path: body.decode() for path, body in files.items()}
    verb, _, rest = what.partition(" ")
    found = _CHANGES[what](texts, "") if what in _CHANGES else _CHANGES[verb](texts, rest)
    return {path: None if text is None else text.encode() for path, text in found.items()}


Texts = Mapping[Path, str]
Changed = dict[Path, str | None]


def _weight(texts: Texts, weight: str) -> Changed:
    text = _put(texts[ROUTE], r"(?<=weight: )\d+(?= # everyone)", str(100 - int(weight)))
    return {ROUTE: _put(text, r"(?<=weight: )\d+(?= # a few)", weight)}


def _policy(texts: Texts, edit: str) -> Changed:
    old, _, new = edit.partition(" => ")
    return {CANARY: _put(texts[CANARY], re.escape(old), new)}


def _notes(texts: Texts, team: str) -> Changed:
    return {p: _put(texts[p], r"(?<=team: )\w+", team) for p in (CANDIDATE, PRIMARY)}


def _modes(texts: Texts, mode: str) -> Changed:
    return {p: _put(texts[p], r"(?<=name: MODE, value: )\w+", mode) for p in (CANDIDATE, PRIMARY)}


def _setting(texts: Texts, line: str) -> Changed:
    return {CANARY: _put(texts[CANARY], r"(?=  analysis:\n)", f"  {line}\n")}


def _moving(texts: Texts, _: str) -> Changed:
    return {CANARY: None, Path("apps/elsewhere/canary.yaml"): texts[CANARY]}


_CHANGES: Mapping[str, Callable[[Texts, str], Changed]] = {
    "candidate": lambda texts, tag: {CANDIDATE: _put(texts[CANDIDATE], r"(?<=web:)\S+", tag)},
    "primary": lambda texts, tag: {PRIMARY: _put(texts[PRIMARY], r"(?<=web:)\S+", tag)},
    "weight": _weight,
    "timeout": lambda texts, span: {ROUTE: _put(texts[ROUTE], r"(?<=timeout: )\S+", span)},
    "note": _notes,
    "mode of both": lambda texts, _: _modes(texts, "fast"),
    "control": lambda texts, entry: {CANARY: _control(texts[CANARY], entry)},
    "spec": _setting,
    "policy": _policy,
    "no cookies": lambda texts, _: {ROUTE: texts[ROUTE].replace("Set-Cookie: web", "X-Note: web")},
    "delete the Canary": lambda _texts, _: {CANARY: None},
    "move the Canary": _moving,
    "break the Canary": lambda texts, _: _policy(texts, "threshold: => treshold:"),
    "mend the Canary": lambda texts, _: _policy(texts, "treshold: => threshold:"),
}
"""What people can do, by the words of the story."""


def state(files: Mapping[Path, bytes]) -> str:
    """Say what Git asks for: candidate, primary, weight, and replicas where the canary sleeps."""
    if PRIMARY not in files:
        return _initialised(files)
    candidate = re.findall(r"web:(\S+)", files[CANDIDATE].decode())[0]
    primary = re.findall(r"web:(\S+)", files[PRIMARY].decode())[0]
    route = files[ROUTE].decode()
    primary_weight, weight = (int(w) for w in re.findall(r"weight: (\d+) #", route))
    share = 100 * weight / (primary_weight + weight)
    more = ", insiders to the canary" if "insider" in route else ""
    more += ", users kept" if "Set-Cookie" in route else ""
    more += ", copies to the canary" if "mirror:" in route else ""
    scaled = files.get(SCALER, b"")
    if b"paused-replicas" in scaled:
        assert scaled == _SCALER.encode(), "it sleeps as it slept before"
    asleep = ", asleep" if b"replicas: 0" in files[CANDIDATE] or b"paused" in scaled else ""
    lines = files.get(QUARANTINE, b"").decode().splitlines()
    kept_out = [json.loads(line)["version"].rpartition("web:")[2] for line in lines]
    out = f", {' and '.join(kept_out)} kept out" if kept_out else ""
    return f"{candidate} over {primary} at {share:g} %{more}{asleep}{out}"


def _initialised(files: Mapping[Path, bytes]) -> str:
    """Say how far an application has come that knew no canary."""
    text = {path: body.decode() for path, body in files.items()}
    primary = Path("apps/web/deployment-primary.yaml")
    runs = re.findall(r"web:(\S+)", text[primary])[0] if primary in text else "nothing"
    users = re.findall(r"selector: {app: (.*)}", text[Path("apps/web/service.yaml")])[0]
    weights = ":".join(re.findall(r"weight: (\d+)", text[ROUTE])) or "none"
    asleep = ", web asleep" if "replicas: 0" in text[CANDIDATE] else ""
    return f"users to {users}, the primary runs {runs}, weights {weights}{asleep}"


def _put(text: str, pattern: str, value: str) -> str:
    new, count = re.subn(pattern, value, text)
    assert count == 1, pattern
    return new


def _control(text: str, entry: str) -> str:
    """Add a line to `control`, in the place of the same key's where it is there."""
    key = entry.partition(":")[0]
    text = re.sub(rf"\n    {key}: .*", "", text)
    if "  control:\n" not in text:
        text = text.replace("  analysis:\n", "  control:\n  analysis:\n")
    return text.replace("  control:\n", f"  control:\n    {entry}\n")
