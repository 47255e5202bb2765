"""`quarantine list|lift`: the versions that are kept out."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from gitops_canary.app.branch_standing import Standing
from gitops_canary.app.reading import Rules
from gitops_canary.app.steering import lifted
from gitops_canary.cli.asking import perform
from gitops_canary.cli.clones import now_ms
from gitops_canary.cli.options import (
    BranchOption,
    CheckoutOption,
    DiffOption,
    Form,
    OutputOption,
    PushOption,
    ReasonOption,
    ToOption,
)
from gitops_canary.cli.printing import say, show
from gitops_canary.core.asked import MENTION, whys
from gitops_canary.git.checkout import Checkout
from gitops_canary.model.names import RolloutId

COLUMNS = ("canary", "version", "rollout", "reason", "date", "expires")


def kept_out(
    checkout: CheckoutOption = Path(),
    branch: BranchOption = None,
    output: OutputOption = Form.TABLE,
) -> int:
    """List the versions in quarantine, and why."""
    clone = Checkout(checkout, branch=branch)
    rules = Rules(paths=(), default_provider=None)
    standing = Standing(clone, clone.fetch(), rules, now_ms=now_ms())
    known = whys(clone.mentioning(standing.tip, MENTION))
    rows = [asdict(entry) for entry in standing.entries()]
    for row in rows:
        # A version that no person asked to abort has no such words.
        said = known.get(("abort", row["rollout"]), "")
        row["reason"] = f"{row['reason']} {said}".rstrip()
    show(rows, COLUMNS, output)
    if not rows:
        say("No version is kept out.")
    return 0


def lift(
    rollout: Annotated[str, typer.Argument(help="The rollout's twelve digits, from `list`.")],
    checkout: CheckoutOption = Path(),
    branch: BranchOption = None,
    to: ToOption = None,
    reason: ReasonOption = "",
    *,
    push: PushOption = True,
    only_diff: DiffOption = False,
    output: OutputOption = Form.TABLE,
) -> int:
    """Let the version of a rollout in again."""
    clone = Checkout(checkout, branch=branch)
    return perform(
        clone,
        lifted(RolloutId(rollout)),
        title=f"Lift the quarantine of {rollout}",
        about=rollout,
        verb="quarantine lift",
        reason=reason,
        provider="istio",
        to=(to or clone.branch) if push else None,
        only_diff=only_diff,
        output=output,
    )
