"""Git commits as sync engines write them."""

import re
from collections.abc import Iterable

from gitops_canary.model.names import Revision
from gitops_canary.sync.options import Contains

_COMMIT = re.compile(r"(?:^|[/:@])([0-9a-f]{40})$")


def commits(told: Iterable[object]) -> frozenset[Revision]:
    """Pick the Git commits out of what an engine calls revisions.

    >>> sorted(commits(["main@sha1:" + "a" * 40, "b" * 40, "1.2.3", None]))[0][:4]
    'aaaa'
    """
    found = (_COMMIT.search(one) for one in told if isinstance(one, str))
    return frozenset(Revision(match.group(1)) for match in found if match)


async def holding(
    contains: Contains, revisions: Iterable[Revision], wanted: Revision
) -> frozenset[Revision]:
    """Pick those revisions that contain the wanted one; one we never fetched does not."""
    return frozenset([one for one in revisions if await contains(one, wanted)])
