"""Patterns by which `git grep` finds the files that name one of many words, in one look at each.

Thousands of alternatives, tried one after another, would cost thousands of looks; written as a
tree of what words begin with alike they cost about one.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

_WORD = re.compile(r"[0-9A-Za-z-]{1,1000}")
_CHARACTERS_MAX = 12_000
"""A pattern's words; PCRE2 compiles no pattern beyond 64 KiB, which is some three times that."""


def patterns(words: Iterable[str], *, perl: bool) -> bytes:
    r"""Write patterns that files match where one of some words may stand, one in a line.

    A word stands where no letter, digit or hyphen precedes or follows it. A file matches too where
    it may spell words otherwise: by YAML's escapes, or in UTF-16. What is no word of letters,
    digits and hyphens stands nowhere. Without `perl` the patterns are POSIX
    extended ones, for a git that was built without PCRE2, and may match more.

    >>> patterns(["web", "web-1"], perl=True).splitlines()[0]
    b'(?<![0-9A-Za-z-])web(?:-1)?(?![0-9A-Za-z-])'
    """
    opening = b"(?:" if perl else b"("
    lines = [
        rb"\\(?:[xuU\r\xc2\xe2]|$)|^(?:\xff\xfe|\xfe\xff)"
        if perl
        else b"\\\\([xuU\r\xc2\xe2]|$)|^(\xff\xfe|\xfe\xff)"
    ]
    for chunk in _chunks(sorted({word.encode() for word in words if _WORD.fullmatch(word)})):
        tree = _tree(chunk, 0, opening)
        lines.append(b"(?<![0-9A-Za-z-])%s(?![0-9A-Za-z-])" % tree if perl else tree)
    return b"".join(line + b"\n" for line in reversed(lines))


def _chunks(words: Sequence[bytes]) -> Iterator[list[bytes]]:
    chunk: list[bytes] = []
    left = _CHARACTERS_MAX
    for word in words:
        left -= len(word)
        if left < 0 and chunk:
            yield chunk
            chunk, left = [], _CHARACTERS_MAX - len(word)
        chunk.append(word)
    if chunk:
        yield chunk


def _tree(words: Sequence[bytes], depth: int, opening: bytes) -> bytes:
    """Write a pattern for sorted words that are alike up to a depth: the part behind it."""
    shared = _shared(words, depth)
    stem, ends = words[0][depth:shared], len(words[0]) == shared
    rest = words[1:] if ends else words
    if not rest:
        return stem
    branches = (
        _tree(list(group), shared, opening) for _, group in groupby(rest, lambda word: word[shared])
    )
    return stem + opening + b"|".join(branches) + (b")?" if ends else b")")


def _shared(words: Sequence[bytes], depth: int) -> int:
    """Tell how far sorted words are alike, which the first and the last decide."""
    first, last = words[0], words[-1]
    most = min(len(first), len(last))
    while depth < most and first[depth] == last[depth]:
        depth += 1
    return depth
