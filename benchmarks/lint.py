"""What `lint` costs for each Canary as a repository of overlays grows: a ratio, best near 1.

    python benchmarks/lint.py

Every application has a base, and an overlay with an `images:` entry for either side.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from gitops_canary.app.linting import findings

COUNTS = (100, 1_000)
WORKLOAD = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: app, image: acme/{name}}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: {service}}}
spec: {{selector: {{app: {name}}}, ports: [{{port: 80}}]}}
"""
ROUTE = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: {name}}}
spec:
  hosts: [{name}]
  http:
  - route:
    - destination: {{host: {name}-primary}}
      weight: 100
    - destination: {{host: {name}-canary}}
      weight: 0
"""
CANARY = """\
apiVersion: gitops-canary.dev/v1alpha1
kind: Canary
metadata: {{name: {name}, namespace: prod}}
spec:
  provider: istio
  targetRef: {{apiVersion: apps/v1, kind: Deployment, name: {name}}}
  source:
    fields:
    - name: app
      candidate: {{file: ./kustomization.yaml, field: "images[name=acme/{name}]"}}
      primary: {{file: ./kustomization.yaml, field: "images[name=acme/{name}-primary]"}}
  analysis:
    interval: 1m
    threshold: 3
    stepWeights: [5, 50]
    metrics: [{{name: request-success-rate, thresholdRange: {{min: 99}}, interval: 1m}}]
"""
ENTRIES = """\
namespace: prod
resources: [../../base/{name}, primary.yaml, route.yaml]
images:
- {{name: acme/{name}, newTag: "1"}}
- {{name: acme/{name}-primary, newName: acme/{name}, newTag: "1"}}
"""


def files(name: str) -> Iterator[tuple[str, str]]:
    """Give the files of one application."""
    primary, base, overlay = f"{name}-primary", f"base/{name}", f"prod/{name}"
    yield f"{base}/app.yaml", WORKLOAD.format(name=name, service=f"{name}-canary")
    yield f"{base}/kustomization.yaml", "resources: [app.yaml]\n"
    yield f"{overlay}/primary.yaml", WORKLOAD.format(name=primary, service=primary)
    yield f"{overlay}/route.yaml", ROUTE.format(name=name)
    yield f"{overlay}/kustomization.yaml", ENTRIES.format(name=name)
    yield f"{overlay}/canary.yaml", CANARY.format(name=name)


def linted(count: int) -> float:
    """Give the CPU seconds that `lint` takes for so many Canaries."""
    with tempfile.TemporaryDirectory() as place:
        for number in range(count):
            for path, text in files(f"app-{number:04}"):
                file = Path(place) / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
        start = time.process_time()
        found = findings(Path(place), default_provider=None, allow_missing=frozenset())
        spent = time.process_time() - start
    wrong = [str(one.error or one.warning) for one in found if not one.summary.startswith("idle")]
    if wrong or len(found) != count:
        sys.exit(f"not as it was laid out: {wrong[:1]}")
    return spent


def main() -> None:
    """Measure."""
    each = []
    for count in COUNTS:
        spent = linted(count)
        each.append(spent / count)
        print(f"{count} Canaries: {spent:.2f} s of CPU, {each[-1] * 1e3:.1f} ms each")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"each of many costs {each[-1] / each[0]:.2f} of each of few; {peak} MB at the peak")


if __name__ == "__main__":
    main()
