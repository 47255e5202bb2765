"""An Argo Rollouts Rollout as a Deployment and a Canary; what does not carry over is listed."""

from collections.abc import Iterator, Mapping, Sequence

from gitops_canary.errors import Place
from gitops_canary.manifest.document import Json, Node, NodeKind, data
from gitops_canary.manifest.import_analysis import arguments, metric, stretched
from gitops_canary.manifest.import_flagger import Imported
from gitops_canary.manifest.scalars import typed
from gitops_canary.model.durations import duration_ms

_ROUTERS = {
    "istio": "istio", "nginx": "nginx", "traefik": "traefik", "smi": "smi:v1alpha2",
    "apisix": "apisix", "ambassador": "emissary",
}  # fmt: skip
_PLUGINS = {"argoproj-labs/gatewayAPI": "gatewayapi:v1", "argoproj-labs/contour": "contour"}
_ROLLOUT_ONLY = frozenset({
    "strategy", "workloadRef", "analysis", "rollbackWindow", "restartAt", "rollbackTo",
    "progressDeadlineAbort", "paused",
})  # fmt: skip
_SHORTEST_MS = 30_000


def rollout(root: Node, templates: Mapping[str, Node], *, file: str) -> Imported:
    """Turn a Rollout into documents of ours.

    Args:
        root: the Rollout's root.
        templates: roots of the AnalysisTemplates of the same repository, by name.
        file: the Rollout's path, for places.
    """
    return _Rollout(root, templates, file).imported()


class _Rollout:
    def __init__(self, root: Node, templates: Mapping[str, Node], file: str) -> None:
        self._root = root
        self._templates = templates
        self._file = file
        self._found = Imported()

    def imported(self) -> Imported:
        spec = self._root.get("spec")
        canary = self._root.get("spec", "strategy", "canary")
        if spec is None or canary is None:
            self._lose(spec or self._root, "only spec.strategy.canary carries over")
            return self._found
        name = self._text("metadata", "name")
        workload = self._root.get("spec", "workloadRef", "name")
        if workload is None:
            self._deployment(spec)
        analysis, gates = self._analysis(canary)
        self._found.documents.append(
            {
                "apiVersion": "gitops-canary.dev/v1alpha1",
                "kind": "Canary",
                "metadata": self._metadata(),
                "spec": {
                    **self._provider(canary),
                    "targetRef": {
                        "apiVersion": "apps/v1",
                        "kind": "Deployment",
                        "name": workload.value if workload else name,
                    },
                    "analysis": analysis,
                    **({"gates": {"approval": gates}} if gates else {}),
                },
            }
        )
        self._services(canary, workload.value if workload else name)
        return self._found

    def _deployment(self, spec: Node) -> None:
        """Write the Rollout's pods as a Deployment; its primary is a copy that `init` makes."""
        whole = data(spec, file=self._file)
        assert isinstance(whole, dict), "a spec is a mapping"
        self._found.documents.append(
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": self._metadata(),
                "spec": {key: value for key, value in whole.items() if key not in _ROLLOUT_ONLY},
            }
        )

    def _provider(self, canary: Node) -> dict[str, Json]:
        routing = canary.get("trafficRouting")
        for key, node in routing.entries if routing else ():
            if key.value in _ROUTERS:
                return {"provider": _ROUTERS[key.value]}
            if key.value == "plugins":
                for plugin, _ in node.entries:
                    if plugin.value in _PLUGINS:
                        return {"provider": _PLUGINS[plugin.value]}
            if key.value not in {"managedRoutes", "maxTrafficWeight"}:
                self._lose(key, f"the router {key.value} has none here")
        if routing is None:
            self._lose(canary, "without trafficRouting the share follows the pods; name a provider")
        return {}

    def _analysis(self, canary: Node) -> tuple[dict[str, Json], list[Json]]:
        """Give the analysis, and the steps that wait for a person."""
        steps = canary.get("steps")
        entries = [entry for step in (steps.items if steps else ()) for entry in step.entries]
        ladder = self._ladder(entries, steps or canary)
        pause_ms = self._longest(entries, steps or canary)
        metrics = list(self._metrics(canary))
        conditioned = any("thresholdRange" not in one for one in metrics)
        interval_ms = max(_SHORTEST_MS, pause_ms)
        if conditioned:
            interval_ms, stay_ms = stretched(metrics, interval_ms)
            if stay_ms < pause_ms:
                lasts = f"lasts {stay_ms // 1000}s, as long as it is measured: raise count for more"
                self._lose(steps or canary, f"a step {lasts}")
        analysis: dict[str, Json] = {
            "interval": f"{interval_ms // 1000}s",
            "threshold": 1,
            "judge": {"type": "conditions" if conditioned else "threshold"},
            "stepWeights": [*ladder],
            "metrics": [*metrics],
        }
        return analysis, [*_gates(entries, ladder)]

    def _ladder(self, entries: Sequence[tuple[Node, Node]], at: Node) -> list[int]:
        """List the weights, which have to rise; all at once where there are none."""
        weights = [typed(value.value) for key, value in entries if key.value == "setWeight"]
        whole = {w for w in weights if isinstance(w, int) and 0 < w <= 100}  # noqa: PLR2004 - percent
        kept = sorted(whole) or [100]
        if kept != weights:
            self._lose(at, f"the weights {weights} became {kept}, which rise")
        return kept

    def _longest(self, entries: Sequence[tuple[Node, Node]], at: Node) -> int:
        """Give the longest pause, milliseconds; 0 where there is none."""
        pauses = {self._step(key, value) for key, value in entries if key.value != "setWeight"}
        if len(pauses - {0}) > 1:
            self._lose(at, "the pauses differ; every step lasts as long as the longest")
        return max(pauses, default=0)

    def _step(self, key: Node, value: Node) -> int:
        """Give the length of a pause; say what is lost with any other step."""
        length = value.get("duration") if key.value == "pause" else None
        if length is not None:
            return self._pause(length)
        if key.value not in {"pause", "analysis"}:
            self._lose(key, f"the step {key.value} has no counterpart")
        return 0

    def _pause(self, node: Node) -> int:
        try:
            return int(node.value) * 1000 if node.value.isdigit() else duration_ms(node.value)
        except ValueError as error:
            self._lose(node, f"the pause {node.value}: {error}")
            return 0

    def _metrics(self, canary: Node) -> Iterator[dict[str, Json]]:
        named = [
            item.get("templateName")
            for node in canary.walk()
            if (listed := node.get("templates")) is not None
            for item in listed.items
        ]
        wanted = dict.fromkeys(node.value for node in named if node is not None)
        for name in wanted:
            template = self._templates.get(name)
            metrics = template.get("spec", "metrics") if template else None
            if template is None or metrics is None:
                self._lose(canary, f"there is no AnalysisTemplate {name}")
                continue
            given = arguments(template, canary, name)
            for one in metrics.items:
                found = metric(one, template, given, self._lose)
                if found is not None:
                    yield found

    def _services(self, canary: Node, target: str) -> None:
        for key, suffix in (("stableService", "primary"), ("canaryService", "canary")):
            node = canary.get(key)
            if node is not None and node.value != f"{target}-{suffix}":
                self._lose(node, f"{key} {node.value} has to be called {target}-{suffix}")

    def _metadata(self) -> Json:
        return {
            key: node.value
            for key in ("name", "namespace")
            if (node := self._root.get("metadata", key)) is not None
        }

    def _text(self, *path: str) -> str:
        node = self._root.get(*path)
        return node.value if node is not None and node.kind is NodeKind.SCALAR else ""

    def _lose(self, node: Node, why: str) -> None:
        self._found.lost.append((Place(self._file, node.line, node.column), why))


def _gates(entries: Sequence[tuple[Node, Node]], ladder: Sequence[int]) -> Sequence[int]:
    """Number the steps at which a pause without a length waits for a person; 0 is before any."""
    step, found = 0, []
    for key, value in entries:
        if key.value == "setWeight":
            weight = typed(value.value)
            step = ladder.index(weight) + 1 if weight in ladder else step
        elif key.value == "pause" and value.get("duration") is None:
            found.append(step)
    return sorted(set(found))
