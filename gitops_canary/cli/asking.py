"""What the verbs share that ask something of a canary by a commit of the person who runs them."""

from collections.abc import Callable
from pathlib import Path

from gitops_canary.app.reading import Rules
from gitops_canary.app.steering import Change, Want, carry_out
from gitops_canary.cli.clones import now_ms
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
from gitops_canary.cli.printing import diff, say, show, write
from gitops_canary.core.text import one_line, paragraph
from gitops_canary.git.checkout import Checkout
from gitops_canary.model.names import CanaryId

COLUMNS = ("about", "asked", "branch", "commit", "file")
SHORT = 12
Verb = Callable[..., int]


def asks(name: str, wants: Callable[[CanaryId], Want], *, doc: str) -> Verb:
    """Make the verb `name CANARY` out of what it wants."""

    def verb(
        canary: CanaryArgument,
        checkout: CheckoutOption = Path(),
        branch: BranchOption = None,
        to: ToOption = None,
        reason: ReasonOption = "",
        provider: ProviderOption = "istio",
        *,
        push: PushOption = True,
        only_diff: DiffOption = False,
        output: OutputOption = Form.TABLE,
    ) -> int:
        clone = Checkout(checkout, branch=branch)
        target = (to or clone.branch) if push else None
        return perform(
            clone,
            wants(CanaryId(canary)),
            title=f"{name.capitalize()} {canary}",
            about=canary,
            verb=name,
            reason=reason,
            provider=provider,
            to=target,
            only_diff=only_diff,
            output=output,
        )

    verb.__name__, verb.__doc__ = name, doc
    return verb


def perform(
    clone: Checkout,
    want: Want,
    *,
    title: str,
    about: str,
    verb: str,
    reason: str,
    provider: str,
    to: str | None,
    only_diff: bool,
    output: Form,
) -> int:
    """Carry a wish out and tell what became of it."""

    def note(change: Change) -> str:
        why = f"{one_line(reason)}\n\n" if reason else ""
        asked = f"{change.said[0].upper()}{change.said[1:]}"
        return f"{title}\n\n{why}{paragraph(f'{asked}, by `gitops-canary {verb}`.')}\n"

    rules = Rules(paths=(), default_provider=provider)
    done = carry_out(
        clone, want, rules=rules, now_ms=now_ms(), note=note, to=to, only_look=only_diff
    )
    change = done.change
    if change is None:
        say(f"{about}: nothing to change, {clone.branch} says so already")
        return 0
    if only_diff:
        write(diff(change.path, change.before, change.after).removesuffix("\n"))
        say(f"{about}: {change.said}")
        return 0
    revision = str(done.revision)
    row = {
        "about": about,
        "asked": change.said,
        "branch": to or "-",
        "commit": revision[:SHORT],
        "revision": revision,
        "file": change.path,
    }
    show([row], COLUMNS, output)
    if to is None:
        say(f"not pushed; to push it: git push {clone.remote} {revision[:SHORT]}:{clone.branch}")
    elif to != clone.branch:
        say(f"{clone.branch} says so once {to} is merged")
    return 0
