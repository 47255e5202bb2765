"""Speed of the YAML editor on real manifests, beside the library it could use instead.

    python benchmarks/yaml.py <folder of YAML files> [most files]

Prints CPU times of single edits (find, splice, parse again, compare), the reading speed, and how a
round trip through ruamel.yaml's dumper compares in time and in bytes kept. Then how long `doctor`
takes on a repository of 4,000 such files, and how long it takes to tell what an image change in ten
of them changed.
"""

import io
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from gitops_canary.collector import look_seldom
from gitops_canary.errors import CanaryError, EditRefused
from gitops_canary.manifest.document import Node, NodeKind, Pointer, parse, set_scalar
from gitops_canary.manifest.image_changes import image_changes
from gitops_canary.manifest.nodes import PARSED

ROUND_TRIPS = 150
REPOSITORY = 4_000
"""Files of the repository that `doctor` looks at."""
CHANGED = 10
"""Files of a commit."""


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


def discovered(folder: Path) -> None:
    """Time `doctor --repo` on a repository made of the folder's files, some of them twice."""
    paths = sorted(p for p in folder.rglob("*") if p.is_file())
    with tempfile.TemporaryDirectory() as place:
        for number in range(REPOSITORY):
            source = paths[number % len(paths)]
            file = Path(place) / f"app-{number:04}" / f"{source.stem}.yaml"
            file.parent.mkdir()
            file.write_bytes(source.read_bytes())
        argv = [sys.executable, "-m", "gitops_canary", "doctor", "--repo", place, "-o", "json"]
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        done = subprocess.run(argv, capture_output=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"doctor on {REPOSITORY} files: {time.monotonic() - start:.1f} s, {spent:.1f} s of CPU")
    print(f"  ended with {done.returncode}, {len(done.stdout) / 1e6:.1f} MB of findings")


def detected(found: list[str]) -> None:
    """Time telling the image changes of a commit to ten files, read for the first time."""
    spent = []
    images = [text for text in found if "image: " in text]
    for number in range(0, len(images) - CHANGED, CHANGED):
        texts = images[number : number + CHANGED]
        PARSED.clear()
        new = [re.sub(r"(image: \S+?)\s*$", r"\1-9", text, flags=re.MULTILINE) for text in texts]
        start = time.process_time()
        for old, changed in zip(texts, new, strict=True):
            try:
                image_changes(old, changed, file="f")
            except CanaryError:
                continue
        spent.append(time.process_time() - start)
    spent.sort()
    median, most = spent[len(spent) // 2], spent[-1]
    print(f"a commit to {CHANGED} files: median {median * 1e3:.0f} ms, most {most * 1e3:.0f} ms")


def main() -> None:
    """Measure and print, with the collector of cycles set as the program sets it."""
    if len(sys.argv) < 2 or not Path(sys.argv[1]).is_dir():  # noqa: PLR2004 - an argument
        sys.exit("usage: python benchmarks/yaml.py <folder of YAML files> [most files]")
    look_seldom()
    folder = Path(sys.argv[1])
    found = texts(folder, int(sys.argv[2]) if len(sys.argv) > 2 else 700)  # noqa: PLR2004 - arguments
    spent: list[float] = []
    firsts: list[float] = []
    for text in found:
        for number, (index, pointer) in enumerate(targets(text)):
            PARSED.clear()
            start = time.process_time()
            try:
                set_scalar(text, index, pointer, "zz9-new", file="f")
            except EditRefused:
                continue
            spent.append(time.process_time() - start)
            firsts += spent[-1:] if number == 0 else []
    print("edits, the whole file parsed from scratch before and after")
    for what, times in (("one in each document", spent), ("one in each file", firsts)):
        times.sort()
        median, p95 = times[len(times) // 2], times[len(times) * 95 // 100]
        figures = (
            f"median {median * 1e3:.2f} ms, p95 {p95 * 1e3:.2f} ms, most {times[-1] * 1e3:.1f} ms"
        )
        print(f"  {what} ({len(times)}): {figures}")
    PARSED.clear()
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
    detected(found)
    discovered(folder)


if __name__ == "__main__":
    main()
