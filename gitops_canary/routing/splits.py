"""What the weights of a list mean, and what each side gets by them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from gitops_canary.manifest.document import Node, NodeKind, Pointer
from gitops_canary.model.names import Path
from gitops_canary.routing.groups import Group
from gitops_canary.routing.identity import Found, Identify, Names
from gitops_canary.routing.numbers import WHOLE, Form
from gitops_canary.routing.refusal import wrong

HUNDRED = Decimal(100)
_TOTALS = tuple(Decimal(10) ** power for power in (2, 3, 4, 5))
_PLACES = Decimal("0.001")


class Absent(Enum):
    """What an entry without a weight means in a list of several."""

    ZERO = "0"
    ONE = "1"
    HUNDRED = "100"
    EVEN = "an even split where no entry has one, else 0"
    REQUIRED = "an object that is refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One side of a split."""

    at: Pointer
    name_at: Pointer
    weight: Decimal | None
    """None where none is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """One group that names the primary; `canary` is None where its entry is missing."""

    group: Group
    primary: Entry
    canary: Entry | None
    primary_share: Decimal
    canary_share: Decimal
    free: bool
    """Whether the total may be chosen: nothing else shares it, and none is written."""

    @property
    def budget(self) -> Decimal:
        """What the two share."""
        return self.primary_share + self.canary_share

    @property
    def weight(self) -> Decimal:
        """The canary's part in percent."""
        share = HUNDRED * self.canary_share / self.budget
        return share.quantize(_PLACES).normalize() + Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """Whom the entries of a kind's lists name, and what their weights mean."""

    identify: Identify
    absent: Absent
    weight_at: Pointer = ("weight",)
    """Where an entry's weight stands; empty where the entry is the weight."""
    form: Form = WHOLE
    most: int = 1_000_000
    """Greatest single weight."""
    total: int | None = None
    """What a list has to sum to exactly, where that is demanded."""
    copied: bool = True
    """Whether a missing canary's entry is made as a copy of the primary's with another name."""
    skip: Callable[[Node], bool] = lambda _: False
    """Entries that take no part in the split, such as mirrors."""

    def __hash__(self) -> int:
        """Hash what tells most of them apart: what they read in a text is kept by it."""
        return hash((self.identify, self.weight_at))

    def splits(self, root: Node, groups: Iterable[Group], file: Path, names: Names) -> list[Split]:
        """Find every list that splits between the two, or that only lacks the canary.

        Raises:
            BindingError: there is none, or one is not clear.
        """
        found = [
            split
            for group in groups
            if (split := self._split(root, group, names, file)) is not None
        ]
        if not found:
            raise wrong(f"No route names {names.apex}-primary", root, file)
        both = [split for split in found if split.canary is not None]
        return both or found

    def _split(self, root: Node, group: Group, names: Names, file: Path) -> Split | None:
        known = list(self.known(root, group, names))
        sides = [found.side if found else None for _, found in known]
        first = root.get(*group.entries[0]) if group.entries else None
        if sides.count("primary") > 1 or sides.count("canary") > 1:
            remedy = "let one entry name it; other ports of it go by a list of their own"
            raise wrong("A route list names one side twice", first or root, file, remedy)
        if "primary" not in sides:
            # Only the canary: a header match, which is exposure but no weight.
            return None
        entries = {
            found.side: Entry(at=at, name_at=found.at, weight=self._given(root, at, file))
            for at, found in known
            if found
        }
        others = [self._given(root, at, file) for at, found in known if found is None]
        return self._shared(entries["primary"], entries.get("canary"), others, group, root, file)

    def _shared(
        self,
        primary: Entry,
        canary: Entry | None,
        others: list[Decimal | None],
        group: Group,
        root: Node,
        file: Path,
    ) -> Split:
        """Work out what each side gets, by what a missing weight means here."""
        node = root.get(*primary.at) or root
        if canary is None and not others:
            if primary.weight == 0:
                problem = "The primary stands alone with weight 0"
                raise wrong(problem, node, file, "give it 100")
            shares = (HUNDRED, Decimal(0))
            return _split(group, primary, None, shares, free=True)
        given = [primary.weight, *([canary.weight] if canary else []), *others]
        self._complete(given, others, node, file)
        even = self.absent is Absent.EVEN and not any(given)
        missing = Decimal(1) if even else _missing(self.absent)
        numbers = (_or(primary.weight, missing, even=even), Decimal(0))
        if canary is not None:
            numbers = (numbers[0], _or(canary.weight, missing, even=even))
        if sum(numbers) == 0:
            problem = "Primary and canary both have weight 0 here"
            raise wrong(problem, node, file, "give the primary 100")
        if self.total is not None and sum(numbers) + sum(o or 0 for o in others) != self.total:
            remedy = f"let the weights of this list sum to {self.total}"
            raise wrong("The weights do not sum to what this kind demands", node, file, remedy)
        unwritten = primary.weight is None and (canary is None or canary.weight is None)
        return _split(group, primary, canary, numbers, free=not others and (unwritten or even))

    def _complete(
        self,
        given: Sequence[Decimal | None],
        others: Sequence[Decimal | None],
        node: Node,
        file: Path,
    ) -> None:
        """Refuse a list in which weights are missing that would have to be there."""
        if self.absent is Absent.REQUIRED and None in given:
            raise wrong("A weight is missing in this list", node, file, "write every weight")
        if self.absent is Absent.EVEN and not any(given) and others:
            problem = "Without any weight all services share evenly, so two weights would silence"
            raise wrong(f"{problem} the others", node, file, "give every service its weight")

    def numbers(
        self, split: Split, weight: Decimal, root: Node, file: Path
    ) -> tuple[Decimal, Decimal]:
        """Give both sides' new weights; the total stays unless it may be chosen."""
        totals: tuple[Decimal, ...] = (split.budget,)
        if split.free:
            totals = (Decimal(self.total),) if self.total else _TOTALS
        for total in totals:
            canary = total * weight / HUNDRED
            if canary % self.form.resolution == 0 and total <= self.most:
                return total - canary, canary
        raise wrong(
            f"{weight} % of {split.budget} is no whole number",
            root.get(*split.primary.at) or root,
            file,
            "use whole percents, of which 100 is the sum"
            if self.total or self.most < _TOTALS[1]
            else "let the two weights sum to 100, or 1000 for tenths of a percent",
        )

    def _given(self, root: Node, entry: Pointer, file: Path) -> Decimal | None:
        node = root.get(*entry, *self.weight_at)
        if node is None:
            return None
        value = self.form.read(node)
        if value is None or value > self.most:
            shown = f"*{node.value}" if node.kind is NodeKind.ALIAS else repr(node.value[:20])
            problem = f"The weight {shown} is not {self.form.words}"
            raise wrong(problem, node, file, f"write it out, like {self.form.like}")
        return value

    def known(
        self, root: Node, group: Group, names: Names
    ) -> Iterator[tuple[Pointer, Found | None]]:
        """Give every entry that takes part, and its side where it has one."""
        for at in group.entries:
            node = root.get(*at)
            if node is not None and not self.skip(node):
                yield at, self.identify(root, node, names)


def _split(
    group: Group,
    primary: Entry,
    canary: Entry | None,
    shares: tuple[Decimal, Decimal],
    *,
    free: bool,
) -> Split:
    return Split(
        group=group,
        primary=primary,
        canary=canary,
        primary_share=shares[0],
        canary_share=shares[1],
        free=free,
    )


_MISSING: Mapping[Absent, Decimal] = {Absent.ONE: Decimal(1), Absent.HUNDRED: HUNDRED}


def _missing(absent: Absent) -> Decimal:
    return _MISSING.get(absent, Decimal(0))


def _or(weight: Decimal | None, missing: Decimal, *, even: bool) -> Decimal:
    """Give the weight that counts; where all share evenly a written 0 is none either."""
    return missing if weight is None or even else weight
