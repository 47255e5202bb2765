"""A bug that is planted in which keys are trusted."""

from collections.abc import Sequence

from gitops_canary.git.ownership import Ownership

from .planting import Mutant, Swap


def _newest() -> Sequence[Swap]:
    """Trust the newest key alone."""

    def distrust(self: Ownership, public: bytes, _date_s: int) -> str | None:
        newest = self.trusted[-1].public == public
        return None if newest else "it is signed by a key that is not trusted"

    return [(Ownership, "_distrust", distrust)]


ROTATING: Sequence[Mutant] = (
    Mutant("moves under an old key are not ours", _newest, family="rotated"),
)
