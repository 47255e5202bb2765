"""YAML texts as people write them: every style, comments anywhere, odd indentation and spaces."""

import json
from collections.abc import Iterator
from random import Random

from gitops_canary.manifest.scalars import Json

WORDS = (
    "web", "reg:5000/web:1.2", "1.10", "20240101", "0123", "yes", "~", "it's", 'say "x"', "a: b",
    "x #y", "#z", "- q", "{a}", "[b]", "*al", "&an", "!t", "@x", "%p", "1e3", "=", "<<", "ünïcode",
    "  lead", "trail  ", "", "a,b", "?x", "x:", "-1", "--flag=x", "---", "two\nlines", "a\\b", "|",
)  # fmt: skip
_KEYS = ("name", "image", "a", "weight", "x-y", "k.1", "0", "true", "é", "two words", "q'k")
_COMMENTS = ("# c", "#", "# x: y", "# - a", "#weird {", "# 'q", "# | >", "# é")
_LEADING = frozenset("-?:,[]{}#&*!|>'\"%@`")


def odd(random: Random) -> str:
    """Write one text of one to three documents."""
    one = _Writer(random)
    docs = [one.document() for _ in range(random.choice((1, 1, 2, 3)))]
    end = random.choice(("\n", "\n", "\r\n"))
    text = end.join(line for doc in docs for line in doc) + random.choice((end, "", end + end))
    return random.choice(("", "", "\ufeff")) + text


class _Writer:
    def __init__(self, random: Random) -> None:
        self._r = random
        self._anchors = 0

    def document(self) -> Iterator[str]:
        """Give the lines of one document."""
        yield self._r.choice(("---", "--- # doc", "---  "))
        tree = {key: self._tree(3) for key in self._r.sample(_KEYS, self._r.randint(1, 3))}
        yield from self._block(tree, 0)

    def _tree(self, depth: int) -> Json:
        kind = self._r.random() if depth else 0
        if kind < 0.35:
            return self._r.choice(WORDS)
        inner = [self._tree(depth - 1) for _ in range(self._r.randint(1, 4))]
        return inner if kind < 0.6 else dict(zip(self._r.sample(_KEYS, 4), inner, strict=False))

    def _block(self, tree: Json, indent: int) -> Iterator[str]:
        if isinstance(tree, dict):
            for key, value in tree.items():
                yield from self._noise(indent)
                colon = self._r.choice((":", ":", " :"))
                yield from self._entry(f"{' ' * indent}{self._scalar(key)}{colon}", value, indent)
        for item in tree if isinstance(tree, list) else ():
            yield from self._noise(indent)
            yield from self._entry(f"{' ' * indent}-", item, indent)

    def _entry(self, head: str, value: Json, indent: int) -> Iterator[str]:
        gap = self._r.choice((" ", " ", "  "))
        if self._r.random() < 0.05:
            self._anchors += 1
            gap += f"&n{self._anchors} "
        inside = indent + self._r.choice((1, 2, 2, 4))
        if isinstance(value, str):
            if value.strip() == value and value and self._r.random() < 0.15:
                yield f"{head}{gap}|{self._r.choice(('', '-', '+'))}{self._r.choice(('', ' # h'))}"
                yield from (" " * inside + line for line in value.split("\n"))
            else:
                yield f"{head}{gap}{self._scalar(value)}{self._tail()}"
        elif self._r.random() < 0.3:
            yield f"{head}{gap}{self._flow(value)}{self._tail()}"
        else:
            yield head + (gap.rstrip() if "&" in gap else "") + self._tail()
            yield from self._block(value, inside)

    def _flow(self, value: Json) -> str:
        if isinstance(value, dict):
            parts = [f"{self._scalar(k, flow=True)}: {self._flow(v)}" for k, v in value.items()]
        elif isinstance(value, list):
            parts = [self._flow(item) for item in value]
        else:
            return self._scalar(str(value), flow=True)
        space, comma = self._r.choice(("", " ")), self._r.choice(("", "", ","))
        opening, closing = "{}" if isinstance(value, dict) else "[]"
        return f"{opening}{space}{', '.join(parts)}{comma}{space}{closing}"

    def _scalar(self, text: str, *, flow: bool = False) -> str:
        styles = [json.dumps(text, ensure_ascii=self._r.random() < 0.5)]
        if "\n" not in text:
            styles.append("'" + text.replace("'", "''") + "'")
        odd_ones = (": ", " #", "\n", *(",[]{}" if flow else ()))
        told = text.strip() != text or text.endswith(":") or text in {"", "=", "<<", "---"}
        if not told and text[0] not in _LEADING and not any(one in text for one in odd_ones):
            styles += [text] * 4
        return self._r.choice(styles)

    def _noise(self, indent: int) -> Iterator[str]:
        while self._r.random() < 0.15:
            place = self._r.choice((indent, self._r.randint(0, 8)))
            yield self._r.choice(("", "  ", " " * place + self._r.choice(_COMMENTS)))

    def _tail(self) -> str:
        return self._r.choice(("",) * 8 + ("   ", f"  {self._r.choice(_COMMENTS)}"))
