"""A newcomer with manifests of their own types what the tutorial says, and ends with a rollout."""

import re
import shlex
import subprocess
import time
from pathlib import Path

import pytest
from conftest import USERS
from console import config, run, watched
from first_canary import plain
from prometheus_server import prometheus

from gitops_canary.lab.loopback import basic_auth
from gitops_canary.lab.origin import Origin

PAGE = Path(__file__).resolve().parents[2] / "docs/tutorial/in-your-own-repository.md"


@pytest.fixture
def clone(origin: Origin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person's clone, at the path of the page."""
    origin.commit({path: text.encode() for path, text in plain("istio").items()}, "Begin\n")
    settings = {
        "http.extraHeader": f"Authorization: {basic_auth('ada', USERS['ada'])}",
        "user.name": "Mira Okafor",
        "user.email": "mira@acme.example",
    }
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CONFIG_COUNT", str(len(settings)))
    for number, (key, value) in enumerate(settings.items()):
        monkeypatch.setenv(f"GIT_CONFIG_KEY_{number}", key)
        monkeypatch.setenv(f"GIT_CONFIG_VALUE_{number}", value)
    monkeypatch.chdir(tmp_path)
    made = tmp_path / "path/to/checkout"
    subprocess.run(["git", "clone", "-q", origin.url, str(made)], check=True)
    return made


def test_the_page_leads_from_plain_manifests_to_a_rollout(
    origin: Origin, clone: Path, tmp_path: Path
) -> None:
    typed = re.findall(r"^    gitops-canary (.*)$", PAGE.read_text(), re.MULTILINE)
    examined, shown, made, linted, asked, planned, ran = (shlex.split(one) for one in typed)

    assert "`gitops-canary init` writes web-primary" in run(*examined).out
    assert "nothing is written yet" in run(*shown).err
    commits = run(*made)
    assert commits.code == 0, commits.err
    for line in re.findall(r"^  (git push .*?)  #", commits.err, re.MULTILINE):
        subprocess.run(shlex.split(line), cwd=clone, check=True, capture_output=True)
    subprocess.run(["git", "pull", "-q"], cwd=clone, check=True)
    assert run(*linted).code == 0

    password = tmp_path / "password"
    password.touch(mode=0o600)
    password.write_text(USERS["bot"])
    with prometheus(tmp_path, ()) as url:
        config(tmp_path, origin.url, url, password=password)
        assert run(*asked).code == 0
        assert "prod/web: idle" in run(*planned).out
        text = origin.show("apps/deploy.yaml").decode()
        newer = text.replace("acme/web:1.0.0", "acme/web:1.1.0").encode()
        origin.commit({"apps/deploy.yaml": newer}, "Release 1.1.0\n", at=int(time.time()))
        assert watched("start 1.1.0 at 0%", *ran)[0] == 0
    assert b"replicas: 3" in origin.show("apps/deploy.yaml"), "the canary wakes up"
