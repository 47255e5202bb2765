"""What a look costs for each Canary as more of them own rules of one VirtualService: ratios.

    python benchmarks/one_object.py

Every Canary begins a rollout at once, so that each look after it meets as many commits, each of
which has another text of the object. And `lint`, which meets one text. Best near 1; a text is as
long as there are rules in it, and is read again for each commit, so it is no less than a part of
the ratio of the two counts.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

# In the place of this folder, whose `git.py` would hide GitPython.
sys.path[0] = str(Path(__file__).parents[1] / "tests" / "integration")
from recorded_world import World  # noqa: E402 - after the line above, as the next ones

from gitops_canary.app.linting import findings  # noqa: E402
from gitops_canary.model.kept import clear  # noqa: E402

COUNTS = (5, 30)
LINTED = (12, 120)
LOOKS = 8
HEAD = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: site, namespace: prod}
spec:
  hosts: [site.example]
  http:
"""
RULE = """\
    - name: NAME
      match: [{uri: {prefix: /NAME}}]
      route:
        - destination: {host: NAME-primary}
          weight: 100
        - destination: {host: NAME-canary}
          weight: 0
"""


class Site(World):
    """The world of the record with every application in one VirtualService."""

    def share(self) -> None:
        """Move each one's rule into one file."""
        for name in self.names:
            folder = self.person / "apps" / name
            (folder / "virtualservice.yaml").unlink()
            listed = folder / "kustomization.yaml"
            listed.write_text(listed.read_text().replace("  - virtualservice.yaml\n", ""))
        rules = (RULE.replace("NAME", name) for name in self.names)
        (self.person / "apps" / "routes.yaml").write_text(HEAD + "".join(rules))
        self._commit("Route")


def site(place: Path, count: int) -> Site:
    """Make a repository of so many Canaries in one object."""
    made = Site(place, names=tuple(f"app{number:03}" for number in range(count)))
    made.share()
    return made


def looked(count: int) -> float:
    """Give the CPU seconds of the dearest look at so many that roll."""
    with tempfile.TemporaryDirectory() as place:
        made = site(Path(place), count)
        clear()
        asyncio.run(made.station.tick(write=True))
        made.release("1.1.0")
        spent = []
        for _ in range(LOOKS):
            start = time.process_time()
            report = asyncio.run(made.station.tick(write=True))
            spent.append(time.process_time() - start)
            made.now_ms += 1300
            if report.error:
                sys.exit(str(report.error))
        made.close()
    return max(spent)


def linted(count: int) -> float:
    """Give the CPU seconds of `lint` of so many."""
    with tempfile.TemporaryDirectory() as place:
        made = site(Path(place), count)
        made.close()
        clear()
        start = time.process_time()
        found = findings(made.person, default_provider="istio", allow_missing=frozenset())
        spent = time.process_time() - start
    wrong = [str(one.error or one.warning) for one in found if not one.summary.startswith("idle")]
    if wrong or len(found) != count:
        sys.exit(f"not as it was laid out: {wrong[:1]}")
    return spent


def told(counts: tuple[int, int], measure: Callable[[int], float], what: str) -> None:
    """Measure few and many, and print what each costs."""
    each = []
    for count in counts:
        spent = measure(count)
        each.append(spent / count)
        print(f"{count} {what}: {spent:.2f} s of CPU, {each[-1] * 1e3:.1f} ms each")
    print(f"each of many costs {each[1] / each[0]:.2f} of each of few")


def main() -> None:
    """Measure."""
    told(COUNTS, looked, "moving")
    told(LINTED, linted, "linted")


if __name__ == "__main__":
    main()
