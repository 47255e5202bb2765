"""What `doctor` says of the moves on the config branch: whether the newest one is ours."""

from collections.abc import Iterable, Iterator

from gitops_canary.app.doctor import Finding, fine, hint
from gitops_canary.core.message import claims
from gitops_canary.model.commits import Commit


def record(commits: Iterable[Commit], branch: str) -> Iterator[Finding]:
    """Say whose the newest of `commits` with a record is; they come newest first.

    After a change of the signing key whose old one nobody trusts any more every move so far
    counts as a person's commit, and a rollout under way as overridden.
    """
    newest = next((commit for commit in commits if claims(commit.message)), None)
    if newest is None:
        return
    move = f"the newest move, {newest.revision[:12]},"
    if newest.ours:
        yield fine("record", branch, f"{move} counts as ours")
        return
    yield hint(
        "record", branch,
        f"{move} counts as a person's commit: no trusted key signed it, or it is not by `identity`",
        "list the key of before under `signing.trustedKeys` "
        "(docs/how-to/rotate-the-signing-key.md); where a person copied the commit, nothing",
    )  # fmt: skip
