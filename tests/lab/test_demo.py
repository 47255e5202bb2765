import re
import subprocess
import sys
from pathlib import Path

from gitops_canary.lab.story import Fault

SCRIPT = """
import pathlib, sys
from gitops_canary.lab.demo import demo
from gitops_canary.lab.story import Fault
sys.exit(demo("B", Fault(sys.argv[1]), pathlib.Path(sys.argv[2])))
"""


def test_the_demo_shows_a_bad_version_rolled_back(tmp_path: Path) -> None:
    directory = tmp_path / "demo"
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, Fault.LATENCY.value, str(directory)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=100,
        check=False,
    )

    assert done.returncode == 0, done.stdout
    assert re.search(r"envoy  5% to the canary", done.stdout)
    assert re.search(r"git    [0-9a-f]{7} canary\(prod/checkout\): abort 1\.2\.0", done.stdout)
    assert "story B ended as told" in done.stdout
    assert re.search(r"\d+ requests, 0 failed, 0 unanswered", done.stdout)
    quarantine = subprocess.run(
        ["git", f"--git-dir={directory}/origin.git", "show", "main:.gitops-canary/quarantine"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "checkout:1.2.0" in quarantine.stdout
