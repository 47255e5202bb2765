"""`schema`: the JSON Schema of controller.yaml."""

import json

from gitops_canary.app.config import schema as settings_schema
from gitops_canary.cli.printing import write


def schema() -> int:
    """Print the JSON Schema of controller.yaml, for editors and checks."""
    write(json.dumps(settings_schema(), indent=2))
    return 0
