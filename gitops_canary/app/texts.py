"""The files of a repository as texts; those read last are kept, equal ones once."""

from collections.abc import Mapping

from gitops_canary.app.indexing import bodies
from gitops_canary.errors import SpecError
from gitops_canary.manifest import document
from gitops_canary.model.commits import Blob
from gitops_canary.model.kept import Kept
from gitops_canary.model.names import BlobId, Path
from gitops_canary.ports import Store

_BYTES_MAX = 3 << 20
_BESIDE = 300
"""What a text takes besides: its id, and its place among the others."""


class Texts:
    """Reads files of one repository, by blob."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept = Kept[BlobId, str](_BYTES_MAX, _BESIDE)
        self.turn = self._kept.turn

    def text(self, path: Path, blob: BlobId) -> str:
        """Read one file.

        Raises:
            SpecError: it is too large, or no text.
        """
        known = self._kept.get(blob)
        if known is not None:
            return known
        data = self._store.read([blob])[blob]
        return self._kept.keep(blob, document.text_of(data, file=path), len(data))

    def several(self, files: Mapping[Path, Blob]) -> dict[Path, str]:
        """Read files in one turn with git; without those that cannot be read: `text` tells why."""
        found = {path: self._kept.get(blob.id) for path, blob in files.items()}
        lacking = {path: files[path] for path, text in found.items() if text is None}
        for path, data in bodies(self._store, lacking):
            try:
                text = document.text_of(data, file=path)
            except SpecError:
                continue  # whoever asks for it is told
            found[path] = self._kept.keep(files[path].id, text, len(data))
        return {path: text for path, text in found.items() if text is not None}
