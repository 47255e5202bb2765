"""One command of each verb as somebody would type it; its help ends with it."""

from collections.abc import Mapping

EXAMPLES: Mapping[str, str] = {
    "init": "gitops-canary init -C path/to/checkout --commit",
    "run": "gitops-canary run --config controller.yaml",
    "once": "gitops-canary once --config controller.yaml",
    "plan": "gitops-canary plan prod/checkout --config controller.yaml",
    "lint": "gitops-canary lint --explain path/to/checkout",
    "doctor": "gitops-canary doctor --config controller.yaml",
    "status": "gitops-canary status --config controller.yaml",
    "history": "gitops-canary history prod/checkout -C path/to/clone",
    "explain": "gitops-canary explain prod/checkout -C path/to/clone",
    "judge": "gitops-canary judge blocks.json",
    "backtest": "gitops-canary backtest --canary apps/checkout/canary.yaml \\\n"
    "    --from 2026-11-17T00:00:00Z --to 2026-11-24T00:00:00Z",
    "verify": "gitops-canary verify -C path/to/clone --trusted-keys allowed_signers",
    "report": "gitops-canary report -C path/to/clone --since 2026-01-01",
    "approve": "gitops-canary approve prod/checkout",
    "pause": 'gitops-canary pause prod/checkout --reason "lunch"',
    "promote": 'gitops-canary promote prod/checkout --override --reason "incident 4711"',
    "resume": "gitops-canary resume prod/checkout",
    "abort": 'gitops-canary abort prod/checkout --reason "customers call"',
    "retry": "gitops-canary retry prod/checkout",
    "schema": "gitops-canary schema controller > controller.schema.json",
    "import": "gitops-canary import flagger path/to/checkout > canaries.yaml",
    "version": "gitops-canary version",
    "demo": "gitops-canary demo --stories B --fault latency",
    "quarantine list": "gitops-canary quarantine list -C path/to/checkout",
    "quarantine lift": "gitops-canary quarantine lift 0123456789ab",
    "evidence export": "gitops-canary evidence export -C path/to/clone --since 2026-01-01 \\\n"
    "    --trusted-keys allowed_signers -o evidence.zip",
}


def epilog(words: str) -> str | None:
    """Write what the help of a verb ends with; lines stay as they are."""
    example = EXAMPLES.get(words)
    return f"\b\nExample:\n  {example.replace(chr(10), f'{chr(10)}  ')}" if example else None
