"""The measurements: a real Prometheus that reads Envoy and the cluster.

Envoy's series are renamed to Istio's while they are read, so that the queries are a mesh's.
"""

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from gitops_canary.errors import Unavailable
from gitops_canary.lab.children import Child, Children
from gitops_canary.lab.disk import replace_json
from gitops_canary.lab.loopback import HOST, get
from gitops_canary.lab.patience import until

_START_S = 60.0
_OK = 200
_LISTENING = re.compile(r'msg="Listening on" address=127\.0\.0\.1:(\d+)')

_KEPT = r"^cluster\..*\.upstream_rq_(\d+|time)$"
_RENAMED = "envoy_cluster_upstream_rq"
_INTERVALS = {"scrape_interval": "500ms", "scrape_timeout": "500ms", "evaluation_interval": "1m"}
_TIMES = f"{_RENAMED}_time_(bucket|sum|count)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prometheus:
    """A running Prometheus."""

    child: Child
    url: str

    @classmethod
    def start(
        cls, children: Children, directory: Path, *, envoy: str, cluster: str
    ) -> "Prometheus":
        """Start; `envoy` and `cluster` are the base URLs to read. It listens on return.

        Its first sample comes some five seconds later.
        """
        scrape = [_mesh_job(urlsplit(envoy).netloc), _cluster_job(urlsplit(cluster).netloc)]
        config = {"global": _INTERVALS, "scrape_configs": scrape}
        return cls.configured(children, directory, config)

    @classmethod
    def configured(
        cls, children: Children, directory: Path, config: Mapping[str, object]
    ) -> "Prometheus":
        """Start one with a configuration as Prometheus documents it. It listens on return."""
        program = find_prometheus()
        directory.mkdir(parents=True)
        replace_json(directory / "prometheus.yml", config)  # JSON is YAML
        child = children.start(
            "prometheus",
            [
                program,
                f"--config.file={directory / 'prometheus.yml'}",
                f"--storage.tsdb.path={directory / 'data'}",
                f"--web.listen-address={HOST}:0",
                "--storage.tsdb.retention.time=1h",
                "--log.level=info",  # the port it has chosen is told nowhere else
            ],
        )
        port = until(
            lambda: _LISTENING.search(child.log.read_text()),
            what="Prometheus to listen",
            timeout_s=_START_S,
            meanwhile=child.require,
        ).group(1)
        return cls(child=child, url=f"http://{HOST}:{port}")

    def ask(self, query: str) -> dict[frozenset[tuple[str, str]], float]:
        """Ask for the newest values of an expression, by labels.

        Raises:
            OSError: it does not answer, or refuses.
        """
        status, body = get(f"{self.url}/api/v1/query?query={quote(query)}")
        if status != _OK:
            raise OSError(f"Prometheus answered {status}: {body[:200]!r}")
        return {
            frozenset(series["metric"].items()): float(series["value"][1])
            for series in json.loads(body)["data"]["result"]
        }


def find_prometheus() -> str:
    """Find the program.

    Raises:
        Unavailable: it is not on PATH.
    """
    program = shutil.which("prometheus")
    if program is None:
        raise Unavailable(
            "The lab needs Prometheus, and there is no `prometheus` on PATH.",
            remedy="install it: apt-get install --no-install-recommends prometheus, "
            "or brew install prometheus",
        )
    return program


def _mesh_job(target: str) -> dict[str, object]:
    return {
        "job_name": "mesh",
        "metrics_path": "/stats/prometheus",
        "params": {"usedonly": [""], "filter": [_KEPT]},
        "static_configs": [{"targets": [target]}],
        "metric_relabel_configs": [
            {"source_labels": ["__name__"], "regex": f"{_RENAMED}|{_TIMES}", "action": "keep"},
            _label("envoy_cluster_name", "(.+)_.+", "destination_workload_namespace"),
            _label("envoy_cluster_name", ".+_(.+)", "destination_workload"),
            _label("envoy_response_code", "(.+)", "response_code"),
            {"target_label": "reporter", "replacement": "source"},
            _label("__name__", _RENAMED, "__name__", "istio_requests_total"),
            _label("__name__", _TIMES, "__name__", "istio_request_duration_milliseconds_$1"),
            {"regex": "envoy_.+", "action": "labeldrop"},
        ],
    }


def _cluster_job(target: str) -> dict[str, object]:
    kept = {"source_labels": ["__name__"], "regex": "kube_.+", "action": "keep"}
    return {
        "job_name": "kube-state-metrics",
        "static_configs": [{"targets": [target]}],
        "metric_relabel_configs": [kept],
    }


def _label(source: str, regex: str, target: str, replacement: str = "$1") -> dict[str, object]:
    return {
        "source_labels": [source],
        "regex": regex,
        "target_label": target,
        "replacement": replacement,
    }
