"""One revision as the controller sees it."""

from collections.abc import Mapping
from dataclasses import dataclass

from gitops_canary.app.indexing import Index
from gitops_canary.errors import CanaryError
from gitops_canary.model.names import CanaryId, Revision
from gitops_canary.model.spec import CanarySpec


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class View:
    """One revision, as far as the controller may look.

    `errors` holds what makes a Canary unusable, by its id (`namespace/name` where the document
    could not be read) or by the file where not even that is known.
    """

    revision: Revision
    index: Index
    canaries: Mapping[CanaryId, CanarySpec]
    errors: Mapping[CanaryId, CanaryError]
