"""The grammar of references: how a document names one field of one file.

A field is a path of keys from the document's root, e.g. `spec.values.image.tag`:

- `.key` goes into a mapping; a key with dots or other signs is quoted: `."example.com/weight"`;
- `[key=value]` takes the one item of a list whose key has that value: `images[name=acme/web]`.
  Items are never counted: an index means another item as soon as somebody inserts one. A key of a
  mapping inside of the item is reached by dots, one of a text by `|`: `patches[target.name=web]`,
  `patches[patch|metadata.name=web]`. Without a value it is the one item that has the key at all:
  `spec.generators[list].list.elements[name=web].tag`;
- `|key` goes into a text that is YAML (or JSON) itself: `spec.source.helm.values|image.tag`;
  a document or a text that is a list begins with `[key=value]`.
"""

import re
from dataclasses import dataclass

PATTERN = r"[^\s\x00-\x1f][^\x00-\x1f]{0,511}"
FORM = 'keys joined by dots, e.g. images[name=web].newTag or spec.values|image."app.tag"'
_KEY = r'(?:"(?P<quoted>[^"]+)"|(?P<key>[A-Za-z0-9_$*][\w$/*-]*))'
_PICK = (
    r'(?P<into>\|?)\[(?:(?P<by>[\w.|-]+)=(?:"(?P<text>[^"]+)"|(?P<value>[^\[\]"|]+))'
    r"|(?P<having>[A-Za-z_][\w.-]*))\]"
)
_PLAIN = re.compile(_KEY)
_FIRST = re.compile(rf"(?P<sign>){_KEY}|{_PICK}")
_NEXT = re.compile(rf"(?P<sign>[.|]){_KEY}|{_PICK}")


@dataclass(frozen=True, slots=True)
class Key:
    """Go into a mapping."""

    name: str


@dataclass(frozen=True, slots=True)
class Pick:
    """Take the one item of a list whose key has a value; an empty one stands for any."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Inside:
    """Go on inside the text that stands here."""


Step = Key | Pick | Inside


def steps(field: str) -> tuple[Step, ...]:
    """Read a field's path.

    >>> steps("images[name=acme/web].newTag")
    (Key(name='images'), Pick(key='name', value='acme/web'), Key(name='newTag'))

    Raises:
        ValueError: it is none; the message says where it goes wrong.
    """
    found: list[Step] = []
    at = 0
    while at < len(field) or not at:
        part = (_NEXT if at else _FIRST).match(field, at)
        if part is None or (not at and part["into"]):
            where = f"cannot be read from {field[at : at + 20]!r} on"
            raise ValueError(where if at else "does not begin with a key")
        found += [Inside()] if "|" in {part["sign"], part["into"]} else []
        if part["having"]:
            found.append(Pick(part["having"], ""))
        elif part["by"]:
            found.append(Pick(part["by"], part["text"] or part["value"]))
        else:
            found.append(Key(part["quoted"] or part["key"]))
        at = part.end()
    return tuple(found)


def spoken(path: tuple[Step, ...]) -> str:
    """Write a path as it is read."""
    text = ""
    for step in path:
        match step:
            case Inside():
                text += "|"
            case Pick(key, ""):
                text += f"[{key}]"
            case Pick(key, value):
                plain = _NEXT.fullmatch(f"[{key}={value}]")
                text += f"[{key}={value}]" if plain else f'[{key}="{value}"]'
            case Key(name):
                dot = "" if not text or text.endswith("|") else "."
                text += dot + (name if _PLAIN.fullmatch(name) else f'"{name}"')
    return text
