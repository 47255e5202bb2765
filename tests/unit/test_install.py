"""What `manifests/controller` installs keeps its promises, and fits the settings' schema."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gitops_canary.app.config import load
from gitops_canary.git.signing import generate_key
from gitops_canary.manifest.document import data, parse

ROOT = Path(__file__).resolve().parents[2]
INSTALL = ROOT / "manifests" / "controller"


def documents(folder: Path = INSTALL) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.glob("*.yaml")):
        for node in parse(path.read_text(), file=path.name):
            if node is not None:
                found = data(node, file=path.name)
                assert isinstance(found, dict)
                yield found


def one(kind: str) -> dict[str, Any]:
    (found,) = [document for document in documents() if document["kind"] == kind]
    return found


def test_every_file_is_installed() -> None:
    listed = set(one("Kustomization")["resources"])
    assert listed == {path.name for path in INSTALL.glob("*.yaml")} - {"kustomization.yaml"}


def test_controller_runs_with_the_least() -> None:
    pod = one("Deployment")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {probe for probe in container if probe.endswith("Probe")} == {
        "livenessProbe",
        "readinessProbe",
    }
    assert one("Deployment")["spec"]["replicas"] == 1


def test_controller_has_no_right_in_the_cluster_unless_asked_for() -> None:
    assert not [d["kind"] for d in documents() if d["apiVersion"].startswith("rbac.")]
    assert one("ServiceAccount")["automountServiceAccountToken"] is False
    pod = one("Deployment")["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert {volume["name"] for volume in pod["volumes"] if "secret" in volume} == {"secrets"}
    assert "valueFrom" not in str(pod["containers"][0]["env"])


def test_role_only_reads() -> None:
    found = {one["kind"]: one for one in documents(INSTALL / "cluster-read")}
    verbs = {verb for rule in found["ClusterRole"]["rules"] for verb in rule["verbs"]}
    assert verbs <= {"get", "list"}
    resources = {name for rule in found["ClusterRole"]["rules"] for name in rule["resources"]}
    assert "secrets" not in resources
    assert "*" not in resources


def test_right_to_patch_is_apart_and_for_two_kinds_in_one_namespace() -> None:
    found = {one["kind"]: one for one in documents(INSTALL / "refresh")}
    assert set(found) == {"Kustomization", "Role", "RoleBinding"}
    role = found["Role"]
    assert role["metadata"]["namespace"] == "flux-system"
    assert [(rule["resources"], rule["verbs"]) for rule in role["rules"]] == [
        (["gitrepositories"], ["patch"]),
        (["kustomizations"], ["patch"]),
    ]


def test_image_is_the_version_that_is_built() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    (container,) = one("Deployment")["spec"]["template"]["spec"]["containers"]
    assert container["image"] == f"gitops-canary:{version}"


def test_command_is_found_by_its_name_in_the_image() -> None:
    """A job's script and `kubectl exec` type it; the entry point is for the Deployment alone."""
    text = (ROOT / "Containerfile").read_text()
    (entry,) = re.findall(r'^ENTRYPOINT \["(.*)/gitops-canary"\]$', text, re.MULTILINE)
    assert f'ENV PATH="{entry}:$PATH"' in text


def test_settings_in_the_config_map_are_accepted(tmp_path: Path) -> None:
    text = one("ConfigMap")["data"]["controller.yaml"]
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    generate_key(secrets / "sign")
    (secrets / "git").write_text("token\n")
    (secrets / "git").chmod(0o600)
    file = tmp_path / "controller.yaml"
    file.write_text(text.replace("/run/secrets/gitops-canary", str(secrets)))
    settings = load(file)
    assert settings.server is not None
    assert settings.server.host == "0.0.0.0"  # noqa: S104 - behind the network policy
    mounts = one("Deployment")["spec"]["template"]["spec"]["containers"][0]["volumeMounts"]
    mounted = {mount["mountPath"] for mount in mounts}
    assert set(re.findall(r"/run/secrets/[a-z-]+", text)) <= mounted


@pytest.mark.parametrize("listen", ["0.0.0.0:8787", "192.0.2.1:80"])
def test_other_machines_are_let_in_only_by_word(tmp_path: Path, listen: str) -> None:
    text = one("ConfigMap")["data"]["controller.yaml"]
    plain = re.sub(r"signing:\n(  .*\n)+", "", text)
    plain = re.sub(r"        credentials:.*\n|    credentials:.*\n", "", plain)
    file = tmp_path / "controller.yaml"
    file.write_text(plain.replace("0.0.0.0:8787", listen).replace("allowRemote: true", ""))
    with pytest.raises(Exception, match="is open to other machines"):
        load(file)
