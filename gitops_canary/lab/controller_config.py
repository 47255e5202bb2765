"""The controller.yaml that fits a lab."""

import json
from pathlib import Path

from gitops_canary.git.signing import generate_key
from gitops_canary.lab.disk import replace


def write_config(directory: Path, url: str, branch: str, prometheus: str) -> Path:
    """Write `directory`/controller.yaml; JSON is YAML, and quotes every path right."""
    config = {
        "repositories": [
            {
                "name": "config",
                "url": url,
                "branch": branch,
                "paths": ["apps/"],
                "poll": "300ms",
                "credentials": {
                    "username": "bot",
                    "passwordFile": str(directory / "secrets" / "bot"),
                },
                "pushesPerMinute": 60,
            }
        ],
        "metrics": {
            "sources": {
                "default": {
                    "type": "prometheus",
                    "url": prometheus,
                    "scrapeInterval": "500ms",
                    "lag": "300ms",
                }
            }
        },
        "sync": {"type": "traffic"},
        "signing": _signing(directory),
    }
    file = directory / "controller.yaml"
    replace(file, json.dumps(config, indent=2) + "\n")
    return file


def _signing(directory: Path) -> dict[str, object]:
    key = directory / "secrets" / "sign"
    signers = directory / "allowed_signers"
    replace(signers, f"gitops-canary {generate_key(key).public_line}\n")
    return {"format": "ssh", "keyFile": str(key), "trustedKeys": [str(signers)]}
