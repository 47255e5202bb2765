"""`resume`: let a paused canary go on, adopt a person's weight, or accept a rewritten branch."""

from pathlib import Path
from typing import Annotated

import typer

from gitops_canary.app.accepting import loss_accepted
from gitops_canary.app.steering import resumed
from gitops_canary.cli.asking import perform
from gitops_canary.cli.options import (
    BranchOption,
    CheckoutOption,
    DiffOption,
    Form,
    OutputOption,
    ProviderOption,
    PushOption,
    ReasonOption,
    ToOption,
)
from gitops_canary.git.checkout import Checkout
from gitops_canary.model.names import CanaryId

CanaryArgument = Annotated[
    str, typer.Argument(help="The canary's id; none with --accept-history.", show_default=False)
]
AcceptOption = Annotated[
    str,
    typer.Option(
        "--accept-history",
        metavar="REV",
        help="Go on with a branch that was rewritten, of which this commit was looked at.",
    ),
]
LostOption = Annotated[
    str,
    typer.Option(
        metavar="REV", help="What is gone from it, where the evidence branch does not say so."
    ),
]


def resume(
    canary: CanaryArgument = "",
    checkout: CheckoutOption = Path(),
    branch: BranchOption = None,
    to: ToOption = None,
    reason: ReasonOption = "",
    provider: ProviderOption = "istio",
    accept: AcceptOption = "",
    lost: LostOption = "",
    *,
    push: PushOption = True,
    only_diff: DiffOption = False,
    output: OutputOption = Form.TABLE,
) -> int:
    """Let a paused canary go on, adopt a person's weight, or accept a rewritten branch."""
    if bool(canary) == bool(accept):
        raise typer.BadParameter("name a canary, or the commit with --accept-history REV")
    if lost and not accept:
        raise typer.BadParameter("--lost goes with --accept-history")
    clone = Checkout(checkout, branch=branch)
    return perform(
        clone,
        loss_accepted(accept, lost) if accept else resumed(CanaryId(canary)),
        title=f"Accept the rewritten {clone.branch}" if accept else f"Resume {canary}",
        about=clone.branch if accept else canary,
        verb="resume --accept-history" if accept else "resume",
        reason=reason,
        provider=provider,
        to=(to or clone.branch) if push else None,
        only_diff=only_diff,
        output=output,
    )
