"""What the version holds beside the image, and the primary's scaler, as `init` writes them."""

from pathlib import Path as LocalPath

import pytest
from first_canary import DEPLOYMENT, Texts, after, initialised, objects, plain
from test_two_sides import told

CONFIG = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: conf, namespace: prod}
data: {mode: fast}
"""
SEALED = """\
apiVersion: v1
kind: Secret
metadata: {name: keys, namespace: prod}
stringData: {token: 'ENC[AES256_GCM]'}
sops: {version: 3.8.1}
"""
USE = "        envFrom: [{configMapRef: {name: conf}}, {secretRef: {name: keys}}]\n        image:"


def using(config: str = CONFIG) -> Texts:
    deploy = DEPLOYMENT.replace("        image:", USE)
    texts = {"apps/deploy.yaml": deploy, "apps/conf.yaml": config, "apps/keys.yaml": SEALED}
    return plain("istio", texts)


def test_a_config_is_copied_and_then_a_part_of_the_version(tmp_path: LocalPath) -> None:
    prepared = initialised(using())
    now = after(using(), prepared)
    copy = objects(now, "ConfigMap")["conf-primary"]
    assert copy["data"] == {"mode": "fast"}
    assert "{configMapRef: {name: conf-primary}}, {secretRef: {name: keys}}]" in str(
        now["apps/deploy-primary.yaml"]
    )
    (one,) = told(now, tmp_path)
    assert one.summary.startswith("idle at 0 %")
    lines = "\n".join(one.outlook)
    assert "So is any change of ConfigMap conf; the primary has its own copy." in lines
    assert lines.index("Secret keys is shared") < lines.index("When a new version")
    changed = now | {"apps/conf.yaml": CONFIG.replace("fast", "slow")}
    assert told(changed, tmp_path)[0].summary.startswith("has a candidate")
    (secret,) = (one for one in prepared.remarks if "the Secret keys" in one.what)
    assert "what is encrypted is never copied" in secret.remedy
    assert initialised(now).stages == ()


@pytest.mark.parametrize(
    "config",
    [
        CONFIG.replace("}\ndata", ", annotations: {flagger.app/config-tracking: disabled}}\ndata"),
        CONFIG + "immutable: true\n",
        SEALED.replace("Secret", "ConfigMap").replace("keys", "conf"),
    ],
    ids=["opted out", "immutable", "encrypted"],
)
def test_a_config_that_cannot_follow_is_shared(config: str) -> None:
    now = after(using(config), initialised(using(config)))
    assert "conf-primary" not in "".join(now.values())


KEDA = """\
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: web, namespace: prod}
spec:
  scaleTargetRef: {name: web}
  minReplicaCount: 2
  triggers:
  - {type: prometheus, name: load, metadata: {query: 'sum(r{app="web"})'}}
"""
HPA = """\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: prod}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  maxReplicas: 9
"""
CANARY = """\
apiVersion: flagger.app/v1beta1
kind: Canary
metadata: {name: web, namespace: prod}
spec:
  provider: istio
  targetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  autoscalerRef:
    apiVersion: API
    kind: KIND
    name: web
    primaryScalerQueries: {load: 'sum(other)'}
    primaryScalerReplicas: {minReplicas: 4, maxReplicas: 12}
  service: {port: 80}
  analysis: {interval: 1m, threshold: 3, maxWeight: 50, stepWeight: 10, metrics: METRICS}
"""


@pytest.mark.parametrize(
    ("scaler", "kind", "least", "most"),
    [
        (KEDA, "ScaledObject", "minReplicaCount", "maxReplicaCount"),
        (HPA, "HorizontalPodAutoscaler", "minReplicas", "maxReplicas"),
    ],
)
def test_the_primarys_scaler_is_what_the_canary_asks_for(
    scaler: str, kind: str, least: str, most: str
) -> None:
    metrics = "[{name: request-success-rate, interval: 1m, thresholdRange: {min: 99}}]"
    canary = CANARY.replace("METRICS", metrics).replace("KIND", kind)
    canary = canary.replace("API", scaler.partition("\n")[0].removeprefix("apiVersion: "))
    texts = plain("istio", {"apps/scaler.yaml": scaler, "apps/canary.yaml": canary})
    spec = objects(after(texts, initialised(texts)), kind)["web-primary"]["spec"]
    assert isinstance(spec, dict)
    assert (spec[least], spec[most]) == (4, 12)
    assert kind == "HorizontalPodAutoscaler" or "sum(other)" in str(spec["triggers"])


def test_where_images_alone_are_compared_init_says_so() -> None:
    texts = {
        path: text.replace("app: web\n", "app: shop\n") for path, text in plain("istio").items()
    }
    found = [one for one in initialised(texts).remarks if "compares images alone" in one.what]
    assert [str(one.place) for one in found] == ["apps/deploy.yaml:13:5"]
