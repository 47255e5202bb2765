"""Speed of the YAML editor on real manifests, beside the library it could use instead.

    python benchmarks/yaml.py <folder of YAML files> [most files]

Prints CPU times of single edits (find, splice, parse again, compare), the reading speed, and how a
round trip through ruamel.yaml's dumper compares in time and in bytes kept.
"""

import io
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from gitops_canary.errors import CanaryError, EditRefused
from gitops_canary.manifest.document import Node, NodeKind, Pointer, parse, set_scalar

ROUND_TRIPS = 150


def texts(folder: Path, most: int) -> list[str]:
    """Read the files that are YAML, an even sample of at most so many."""
    paths = sorted(p for p in folder.rglob("*") if p.is_file())
    found = []
    for path in paths[:: max(1, len(paths) // most)]:
        text = path.read_bytes().decode()
        try:
            parse(text, file=path.name)
        except CanaryError:
            continue
        found.append(text)
    return found


def targets(text: str) -> Iterator[tuple[int, Pointer]]:
    """Give a plain scalar in the middle of each document."""
    for index, root in enumerate(parse(text, file="f")):
        leaves = list(scalars(root, ())) if root else []
        if leaves:
            yield index, leaves[len(leaves) // 2]


def scalars(node: Node, at: Pointer) -> Iterator[Pointer]:
    """Give the pointers of the plain scalars below a node."""
    if node.plain and at and "{" not in node.value:
        yield at
    for key, value in node.entries:
        if key.kind is NodeKind.SCALAR:
            yield from scalars(value, (*at, key.value))
    for index, item in enumerate(node.items):
        yield from scalars(item, (*at, index))


def timed(work: Callable[[], object]) -> float:
    """Give CPU seconds."""
    start = time.process_time()
    work()
    return time.process_time() - start


def round_trip(text: str) -> str:
    """Load and dump with the settings that keep most."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 2**30
    out = io.StringIO()
    try:
        yaml.dump_all(list(yaml.load_all(text)), out)
    except (YAMLError, TypeError):
        return ""
    return out.getvalue()


def main() -> None:
    """Measure and print."""
    folder = Path(sys.argv[1])
    found = texts(folder, int(sys.argv[2]) if len(sys.argv) > 2 else 700)  # noqa: PLR2004 - arguments
    spent = []
    for text in found:
        for index, pointer in targets(text):
            parse.cache_clear()
            start = time.process_time()
            try:
                set_scalar(text, index, pointer, "zz9-new", file="f")
            except EditRefused:
                continue
            spent.append(time.process_time() - start)
    spent.sort()
    median, p95 = spent[len(spent) // 2], spent[len(spent) * 95 // 100]
    print(f"{len(spent)} edits, parsed from scratch before and after")
    print(f"  median {median * 1e3:.2f} ms, p95 {p95 * 1e3:.2f} ms, most {spent[-1] * 1e3:.1f} ms")
    parse.cache_clear()
    megabytes = sum(len(text.encode()) for text in found) / 1e6
    reading = timed(lambda: [parse(text, file="f") for text in found])
    print(f"  reading {megabytes / reading:.1f} MB/s ({megabytes:.1f} MB)")
    sample = found[:: max(1, len(found) // ROUND_TRIPS)]
    results: list[str] = []
    through = timed(lambda: results.extend(round_trip(text) for text in sample)) / len(sample)
    kept = sum(a == b for a, b in zip(sample, results, strict=True))
    mean = sum(spent) / len(spent)
    print(f"  a round trip through the dumper takes {through / mean:.0f} times an edit")
    print(f"  and keeps the bytes of {kept} of {len(sample)} files; an edit keeps all but its own")


if __name__ == "__main__":
    main()
