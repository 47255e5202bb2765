"""`promote`: a person's word in the place of the checks that are left."""

from pathlib import Path
from typing import Annotated

import typer

from gitops_canary.app.permitting import promoted
from gitops_canary.cli.asking import perform
from gitops_canary.cli.options import (
    BranchOption,
    CanaryArgument,
    CheckoutOption,
    DiffOption,
    Form,
    OutputOption,
    ProviderOption,
    PushOption,
    ReasonOption,
    ToOption,
)
from gitops_canary.errors import Refused
from gitops_canary.git.checkout import Checkout
from gitops_canary.model.names import CanaryId


def promote(
    canary: CanaryArgument,
    checkout: CheckoutOption = Path(),
    branch: BranchOption = None,
    to: ToOption = None,
    reason: ReasonOption = "",
    provider: ProviderOption = "istio",
    *,
    override: Annotated[
        bool, typer.Option("--override", help="Yes: without the checks that are left.")
    ] = False,
    push: PushOption = True,
    only_diff: DiffOption = False,
    output: OutputOption = Form.TABLE,
) -> int:
    """Promote a running rollout at once, without the checks that are left; recorded as an override.

    What the checks condemn is rolled back all the same, and the canary has to be ready.
    """
    if not override:
        raise Refused(
            "A promotion now leaves out every check and step that is left.",
            remedy="say --override (and why, by --reason), or `gitops-canary approve` for a gate",
        )
    clone = Checkout(checkout, branch=branch)
    return perform(
        clone,
        promoted(CanaryId(canary)),
        title=f"Promote {canary}",
        about=canary,
        verb="promote --override",
        reason=reason,
        provider=provider,
        to=(to or clone.branch) if push else None,
        only_diff=only_diff,
        output=output,
    )
