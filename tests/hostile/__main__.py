"""`PYTHONPATH=tests python -m hostile`: edit misleading YAML, odd habits, or every real file."""

import argparse
import time
from collections import Counter
from collections.abc import Iterator
from itertools import count as numbers
from random import Random

from corpus import everything

from hostile.edits import EDITS, Edit, tried
from hostile.slips import slipped
from hostile.texts import hostile
from hostile.written import written


def main() -> None:
    parser = argparse.ArgumentParser(description="Hunt for edits that are not exact.")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--corpus", action="store_true", help="edit the real files instead")
    parser.add_argument("--written", action="store_true", help="edit what tools and people write")
    parser.add_argument("--slips", action="store_true", help="with slips in every text")
    parser.add_argument("--first", type=int, default=0, help="the first real file")
    parser.add_argument("--places", type=int, default=3, help="edits of each kind in a file")
    parser.add_argument("--show", type=int, default=5)
    given = parser.parse_args()
    found: Counter[str] = Counter()
    shown: Counter[str] = Counter()
    until = time.monotonic() + given.seconds
    for name, text, seed in _real(given) if given.corpus else _made(given):
        if time.monotonic() > until:
            break
        random = Random(seed)  # noqa: S311 - a layout, no secret
        made = slipped(random, text) if given.slips else text
        for edit in EDITS:
            for _ in range(given.places):
                came = _came(name, made, edit, random, shown, given.show)
                found[f"{edit.__name__} {came}"] += 1
    for what, count in sorted(found.items()):
        print(f"{count:8} {what}")


def _came(name: str, text: str, edit: Edit, random: Random, shown: Counter[str], most: int) -> str:
    try:
        return tried(text, edit, random)
    except Exception as error:  # noqa: BLE001 - any is what is hunted for
        what = f"WRONG {type(error).__name__} {str(error).rpartition(':')[2]}"[:60]
        shown[what] += 1
        if shown[what] <= most:
            print(f"== {name} {error}\n{text if len(text) < 3000 else ''}\n==")
        return what


def _made(given: argparse.Namespace) -> Iterator[tuple[str, str, int]]:
    makes = written if given.written else hostile
    for seed in numbers(given.seed):
        yield f"seed {seed}", makes(Random(seed)), seed  # noqa: S311 - a layout, no secret


def _real(given: argparse.Namespace) -> Iterator[tuple[str, str, int]]:
    for number, (name, text) in enumerate(everything()):
        if number >= given.first:
            yield name, text, given.seed + number


if __name__ == "__main__":
    main()
