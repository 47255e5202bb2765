"""Everything that can go wrong, each with what to do about it.

CanaryError
├── ConfigError         controller.yaml is invalid                              exit 5
├── SpecError           something in the config repository is wrong             exit 1
│   ├── BindingError    a version or a weight cannot be found in one place
│   │   └── Uninitialised  the primary, or the route that splits, is not there yet
│   ├── EditRefused     a text cannot be changed safely
│   └── UsageError      the command line is wrong, or names what cannot be used   exit 2
├── HistoryError        the commits contradict themselves                       exit 1
├── Halted              the branch is not the one we built on; a person decides exit 4
├── Conflict            somebody pushed first; decide again on the new tip      exit 3
├── Unavailable         a dependency did not answer; the next tick asks again   exit 6
│   └── Locked          the server did answer, and could not move a branch now
├── Refused             policy or permission says no                            exit 7
└── VerificationError   a record does not match what it claims                  exit 8
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file: lines and columns count from 1; 0 means the whole file."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file

    @classmethod
    def behind(cls, file: str, before: str) -> "Place":
        r"""Give the place of what follows the first characters of a file.

        >>> str(Place.behind("a.yaml", "x: 1\r\ny: ")), str(Place.behind("a.yaml", ""))
        ('a.yaml:2:4', 'a.yaml:1:1')
        """
        lines = before.replace("\r\n", "\n").replace("\r", "\n")
        return cls(file, lines.count("\n") + 1, len(lines) - lines.rfind("\n"))

    @classmethod
    def read(cls, text: str) -> "Place | None":
        """Read what `str` gives of a place within a file; None where it is no such text.

        >>> Place.read("apps/web.yaml:3:5"), Place.read("default")
        (Place(file='apps/web.yaml', line=3, column=5), None)
        """
        file, line, column = text.rsplit(":", 2) if text.count(":") > 1 else ("", "", "")
        numbers = line.isdigit() and column.isdigit()
        return cls(file, int(line), int(column)) if numbers else None


class CanaryError(Exception):
    """What is wrong, where, and what to do next."""

    exit_code: ClassVar[int] = 1

    def __init__(self, problem: str, *, remedy: str, place: Place | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy
        self.place = place

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        return f"{where}{self.problem}\n  try: {self.remedy}"


class ConfigError(CanaryError):
    """controller.yaml is invalid."""

    exit_code = 5


class SpecError(CanaryError):
    """Something in the config repository is wrong; a commit fixes it."""


class BindingError(SpecError):
    """A version or a weight does not lie in exactly one place."""


class Uninitialised(BindingError):  # noqa: N818 - named for what is the case
    """The primary, or the route that splits, is not there yet."""


class EditRefused(SpecError):  # noqa: N818 - named for what happened, as the user sees it
    """A text cannot be changed without touching more than was meant."""


class UsageError(SpecError):
    """The command line is wrong, or a file or folder that it names cannot be used."""

    exit_code = 2


class HistoryError(CanaryError):
    """The commits of a rollout contradict themselves."""


class Halted(CanaryError):  # noqa: N818 - named for what the controller does
    """The config branch lost what the controller rests on; a person decides, nothing is written."""

    exit_code = 4

    def __init__(self, problem: str, *, remedy: str, lost: str | None = None) -> None:
        super().__init__(problem, remedy=remedy)
        self.lost = lost
        """The revision that is gone; None where the whole branch is."""


class Conflict(CanaryError):  # noqa: N818 - the field's word for a lost race
    """Somebody else pushed first; nothing was written."""

    exit_code = 3


class Unavailable(CanaryError):  # noqa: N818 - as Conflict
    """A dependency did not answer in time; nothing was written."""

    exit_code = 6


class Locked(Unavailable):
    """The server could not move a branch just now; nothing was written."""


class Limited(Unavailable):
    """A service asks to be left alone for a while; nothing was written."""

    def __init__(self, problem: str, *, remedy: str, rest_s: int) -> None:
        super().__init__(problem, remedy=remedy)
        self.rest_s = rest_s
        """Seconds until it may be asked again."""


class Refused(CanaryError):  # noqa: N818 - as Conflict
    """The other side understood and said no; asking again does not help."""

    exit_code = 7


class VerificationError(CanaryError):
    """A record does not match what it claims."""

    exit_code = 8


class NewerRecordError(VerificationError):
    """A newer version made a record: whether it matches what it claims, this one cannot tell."""
