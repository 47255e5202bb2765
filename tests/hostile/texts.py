"""Valid YAML of every kind the specification allows, at its most awkward.

Unlike `odd_layouts`, which writes what people write, this one writes what a reader has to accept:
anchors, aliases, merge keys, tags, directives, folded and indented blocks, scalars over several
lines, complex and empty keys, tabs, marks and line breaks beyond ASCII. What a text means is told
by whoever reads it.
"""

import json
from collections.abc import Callable, Iterator
from random import Random

_PLAIN = (
    "web", "acme/web:1.10", "1.10", "2024", "0x1F", "1e3", "on", "~", "null", "a b  c", "it's",
    "x#y", "a:b", "-1", "--x", "?x", ":x", "ünï", "\U0001f600", "a\\n", "x%y", "x]y", "12:30:45",
    "http://a/b?c=d&e#f", "<<x", "=x", "a'b\"c", "!x!"[1:], "long " * 300 + "end", "x\u00a0y",
)  # fmt: skip
_ODD = ("a: b", "a #b", "\u2028x", "x\u0085y", "tab\there", "{{ x }}", "${TAG}", "", " x ", "- a")
_KEYS = ("name", "image", "a", "b", "k.1", "0", "true", "é", "two words", "null", "x-y", "tag", "1")
_COMMENTS = ("# c", "#", "# x: y", "#\t- a", "# 'q", "# | >", "# é", '# "', "# ]", "# *a &b !c")
_FLOW = frozenset(",[]{}")


def hostile(random: Random) -> str:
    """Write one text of one to four documents."""
    return _Writer(random).text()


class _Writer:
    def __init__(self, random: Random) -> None:
        self._r = random
        self._anchors: list[str] = []
        self._count = 0
        self._closed = False
        self._tabs = self._chance(0.1)  # libyaml allows some that other readers do not

    def text(self) -> str:
        lines: list[str] = []
        for index in range(self._r.choice((1, 1, 1, 2, 3, 4))):
            self._anchors = []
            lines += self._document(first=index == 0)
        return self._ended(lines)

    def _ended(self, lines: list[str]) -> str:
        """Join lines by one ending, or by several in one file."""
        style = self._r.random()
        ends = ("\n",) if style < 0.6 else ("\r\n",) if style < 0.85 else ("\n", "\r\n")
        text = "".join(line + self._r.choice(ends) for line in lines)
        if self._chance(0.2):
            text = text.rstrip("\r\n")
        return ("\ufeff" if self._chance(0.1) else "") + text

    def _chance(self, of: float) -> bool:
        return self._r.random() < of

    def _document(self, *, first: bool) -> Iterator[str]:
        yield from self._noise(0)
        if self._chance(0.1) and (first or self._closed):
            yield self._r.choice(("%YAML 1.1", "%TAG !e! tag:example.com,2000:"))
            yield "---"
        elif not first or self._chance(0.5):
            yield self._r.choice(("---", "---", "--- # doc", "---  "))
        self._closed = False
        if self._chance(0.05):
            return
        wide = self._r.random()
        if wide < 0.08:
            yield from self._scalar("", 0)
        elif wide < 0.85:
            yield from self._mapping(0, 4)
        else:
            yield from self._sequence(0, 4)
        yield from self._noise(0)
        self._closed = self._chance(0.15)
        if self._closed:
            yield self._r.choice(("...", "... # end"))

    def _mapping(self, indent: int, depth: int) -> Iterator[str]:
        pad = " " * indent
        if self._chance(0.05) and self._anchors:
            yield f"{pad}<<: *{self._r.choice(self._anchors)}"
        for name in self._r.sample(_KEYS, self._r.randint(1, 4)):
            yield from self._noise(indent)
            way = self._r.random()
            if way < 0.04:
                yield f"{pad}? {self._key(name)}{self._tail()}"
                yield from self._value(f"{pad}:", indent, depth)
            elif way < 0.06:
                yield f"{pad}? [{self._key(name)}, b]"
                yield from self._value(f"{pad}:", indent, depth)
            elif way < 0.07:
                yield f"{pad}? |"
                yield f"{pad}  {name}"
                yield from self._value(f"{pad}:", indent, depth)
            elif way < 0.08:
                yield f"{pad}? {self._key(name)}"  # a key without a value
            else:
                colon = self._r.choice((":", ":", ":", " :", "  :"))
                yield from self._value(f"{pad}{self._key(name)}{colon}", indent, depth)

    def _key(self, name: str) -> str:
        props = self._props() if self._chance(0.04) else ""
        quoted = [f"'{name}'", json.dumps(name), json.dumps(name, ensure_ascii=True)]
        return props + self._r.choice([name] * 6 + quoted)

    def _sequence(self, indent: int, depth: int) -> Iterator[str]:
        for _ in range(self._r.randint(1, 4)):
            yield from self._noise(indent)
            yield from self._value(f"{' ' * indent}-", indent, depth, item=True)

    def _value(self, head: str, indent: int, depth: int, *, item: bool = False) -> Iterator[str]:
        gap = self._r.choice((" ", " ", " ", "  ", "\t" if self._tabs else " "))
        if self._chance(0.04) and self._anchors:
            yield f"{head}{gap.replace(chr(9), ' ')}*{self._r.choice(self._anchors)}{self._tail()}"
            return
        kind = self._r.random() if depth else 0.0
        if kind < 0.5:
            yield from self._scalar(f"{head}{gap}", indent)
        elif kind < 0.65:
            yield from self._flowing(f"{head}{gap}{self._props()}", indent)
        elif item and kind < 0.8 and head.endswith("-"):
            yield from self._compact(head, indent, depth)
        else:
            props = self._props().rstrip()
            yield f"{head}{' ' if props else ''}{props}{self._tail()}"
            below = indent + self._r.choice((1, 2, 2, 4, 7))
            if self._chance(0.5):
                yield from self._mapping(below, depth - 1)
            else:
                same = not item and self._chance(0.4)
                yield from self._sequence(indent if same else below, depth - 1)

    def _compact(self, head: str, indent: int, depth: int) -> Iterator[str]:
        """Begin a collection on the line of its item's dash."""
        gap = self._r.choice((1, 1, 2, 3))
        below = indent + 1 + gap
        inner = self._mapping if self._chance(0.7) else self._sequence
        lines = list(inner(below, depth - 1))
        while lines and (not lines[0].strip() or lines[0].lstrip().startswith("#")):
            del lines[0]
        first, *rest = lines
        yield f"{head}{' ' * gap}{first[below:]}"
        yield from rest

    def _scalar(self, head: str, indent: int) -> Iterator[str]:
        props = self._props()
        ways: tuple[Callable[[str, int], Iterator[str]], ...] = (
            self._plain, self._plain, self._plain, self._single, self._double, self._block,
            self._block, self._plain_lines, self._quoted_lines, self._empty,
        )  # fmt: skip
        yield from self._r.choice(ways)(f"{head}{props}", indent)

    def _plain(self, head: str, indent: int) -> Iterator[str]:
        del indent
        yield f"{head}{self._r.choice(_PLAIN)}{self._tail()}"

    def _empty(self, head: str, indent: int) -> Iterator[str]:
        del indent
        yield f"{head.rstrip()}{self._tail()}" if head.strip() else f"{head}''"

    def _single(self, head: str, indent: int) -> Iterator[str]:
        del indent
        text = self._r.choice(_PLAIN + _ODD).replace("'", "''")
        yield f"{head}'{text}'{self._tail()}"

    def _double(self, head: str, indent: int) -> Iterator[str]:
        del indent
        text = json.dumps(self._r.choice(_PLAIN + _ODD), ensure_ascii=self._chance(0.5))
        if self._chance(0.3):
            text = text[:-1] + self._r.choice(('\\x41"', '\\/"', '\\_"', '\\e\\0"', '\\N\\L\\P"'))
        yield f"{head}{text}{self._tail()}"

    def _plain_lines(self, head: str, indent: int) -> Iterator[str]:
        pad = " " * (indent + self._r.choice((1, 2, 5)))
        yield f"{head}one{self._r.choice(('', '  ', ' two'))}"
        for _ in range(self._r.randint(1, 3)):
            if self._chance(0.3):
                yield self._r.choice(("", "   "))
            yield f"{pad}{self._r.choice(('more', 'a:b', '-x', 'it' + chr(39) + 's', '*x', '&y'))}"

    def _quoted_lines(self, head: str, indent: int) -> Iterator[str]:
        pad = " " * (indent + self._r.choice((1, 2, 5)))
        mark = self._r.choice("'\"")
        yield f"{head}{mark}one{self._r.choice(('', '  ', chr(92) if mark == chr(34) else ''))}"
        for _ in range(self._r.randint(0, 2)):
            yield self._r.choice(("", f"{pad}# no comment", f"{pad}a: b", f"{pad}- x"))
        yield f"{pad}end{mark}{self._tail()}"

    def _block(self, head: str, indent: int) -> Iterator[str]:
        deep = self._r.choice((1, 2, 2, 4))
        digit = str(deep) if self._chance(0.3) else ""
        chomp = self._r.choice(("", "", "-", "+"))
        marks = self._r.choice((digit + chomp, chomp + digit))
        yield f"{head}{self._r.choice('||>')}{marks}{self._r.choice(('', '  ', ' # h'))}"
        pad = " " * (indent + deep)
        if self._chance(0.3):
            yield self._r.choice(("", " " * self._r.randint(0, indent + deep)))
        # A reader takes the mark of the next document for the text of an empty block at the root.
        whole = all(one[0] in "&!" for one in head.split())
        if self._chance(0.95) or whole:
            yield pad + (self._r.choice(("", "  ")) if digit else "") + "text # no comment"
        for _ in range(self._r.randint(0, 4)):
            more = (
                "",
                pad,
                f"{pad}a: 1",
                f"{pad}  deeper",
                f"{pad}- x  ",
                f"{pad}\ttab",
                f"{pad}#",
            )
            yield self._r.choice(more)

    def _flowing(self, head: str, indent: int) -> Iterator[str]:
        text = self._flow(2)
        if self._chance(0.35):
            pad = " " * (indent + self._r.choice((1, 2, 3)))
            pieces = text.replace(", ", ",\n").split("\n")
            yield f"{head}{pieces[0]}"
            for piece in pieces[1:]:
                yield f"{pad}{piece}{self._r.choice(('', '', ' # in flow'))}"
        else:
            yield f"{head}{text}{self._tail()}"

    def _flow(self, depth: int) -> str:
        way = self._r.random() if depth else 0.0
        if way < 0.4:
            return self._flow_scalar()
        comma = self._r.choice(("", "", ",", " , "))
        space = self._r.choice(("", " ", "  "))
        count = self._r.randint(0, 3)
        if way < 0.7:
            parts = [self._r.choice((self._flow(depth - 1), "a: b")) for _ in range(count)]
            opening, closing = "[]"
        else:
            opening, closing = "{}"
            parts = [self._flow_entry(key, depth) for key in self._r.sample(_KEYS, count)]
        return f"{opening}{space}{', '.join(parts)}{comma if parts else ''}{space}{closing}"

    def _flow_entry(self, key: str, depth: int) -> str:
        way = self._r.random()
        if way < 0.1:
            return key if way < 0.05 else f"{key}:"
        if way < 0.15:
            return f'"{key}":{self._flow_scalar()}'
        return f"{key}: {self._flow(depth - 1)}"

    def _flow_scalar(self) -> str:
        plain = self._r.choice(_PLAIN)
        if _FLOW & set(plain) or ":" in plain or plain[0] in "?-%":
            return json.dumps(plain)
        return self._r.choice((plain, plain, f"'{plain.replace(chr(39), chr(39) * 2)}'", '"q"'))

    def _props(self) -> str:
        found = []
        if self._chance(0.06):
            self._count += 1
            fresh = not self._anchors or self._chance(0.8)
            name = f"n{self._count}" if fresh else self._r.choice(self._anchors)
            self._anchors.append(name)
            found.append(f"&{name}")
        if self._chance(0.04):
            found.append(self._r.choice(("!!str", "!local", "!", "!<tag:yaml.org,2002:str>")))
        self._r.shuffle(found)
        return "".join(f"{one} " for one in found)

    def _noise(self, indent: int) -> Iterator[str]:
        while self._chance(0.12):
            place = self._r.choice((indent, 0, self._r.randint(0, 9)))
            yield self._r.choice(("", "  ", " " * place + self._r.choice(_COMMENTS)))

    def _tail(self) -> str:
        if not self._chance(0.25):
            return ""
        comment = self._r.choice(_COMMENTS)
        return self._r.choice(("   ", f" {comment}", f"  {comment}", *self._tabbed(comment)))

    def _tabbed(self, comment: str) -> tuple[str, ...]:
        return ("\t", f"\t{comment}") if self._tabs else ()
