"""Which images changed between two revisions of a file; no commit message is read."""

import re
from dataclasses import dataclass

from gitops_canary.errors import SpecError
from gitops_canary.manifest.field_path import Step, spoken
from gitops_canary.manifest.image_places import Form, image_places
from gitops_canary.model.kept import remembered

_MENTION = re.compile(r"(?i)image|tag|version|newName|digest|repository|chart|targetRevision")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageChange:
    """One image, or chart, that is another one now."""

    file: str
    document: int
    """Counts from 0."""
    line: int
    form: Form
    path: tuple[Step, ...]
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {spoken(self.path)}: {self.old} -> {self.new}"


@remembered(256)
def image_changes(before: str, after: str, *, file: str) -> tuple[ImageChange, ...]:
    """Compare the images of two texts, each place with itself by name.

    What was added or taken away is no change; a file that cannot be read has none.
    """
    if not _MENTION.search(after):
        return ()
    try:
        old, new = image_places(before, file=file), image_places(after, file=file)
    except SpecError:
        # `lint` tells of it; a template or a broken file has no fields to compare.
        return ()
    return tuple(
        ImageChange(
            file=file,
            document=key[0],
            line=place.line,
            form=place.form,
            path=place.path,
            old=old[key].value,
            new=place.value,
        )
        for key, place in new.items()
        if key in old and old[key].value != place.value
    )
