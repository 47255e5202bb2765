"""What tools and people really leave in a repository, piled up: valid, and rarely all at once.

`texts` writes what the specification allows; this one writes the habits of templates, generators,
editors and other systems: comments between a key and its value, images over several lines, brackets
over many, lists without indentation, directives between documents, marks and line breaks of other
systems, letters beyond the first plane, texts that hold YAML, JSON or a template.
"""

import json
from collections.abc import Callable, Iterator
from random import Random

_IMAGES = ("acme/web:1.10", "ghcr.io/acme/web:v1@sha256:" + "ab" * 32, "host:5000/acme/web:2")
_ENDS = (("\n",), ("\n",), ("\n",), ("\r\n",), ("\r",), ("\n", "\r\n"), ("\n", "\r"))
_BETWEEN = (
    ("---",), ("--- # next",), ("...", "---"), ("...", "%YAML 1.2", "---"), ("...", "# c", "---"),
    ("---", "---"), ("---", "# nothing", "---"), ("...", "%TAG !e! tag:e.org,2000:", "# c", "---"),
    ("...", "\ufeff---"), ("---\t",), ("---", "", "  ", "\t"), ("...", "...", "---"),
)  # fmt: skip
_REMARKS = (
    "# {{- if .Values.on }}", "# {% for x in y %}", "# image: acme/old:1", "#", "# \U0001f680 go",
    "# - a: b", "# ${TAG} \u2028# x: y", "#!yaml", "# kind: Canary", "# }]", "# '\"",
)  # fmt: skip
Lines = Iterator[str]


def written(random: Random) -> str:
    """Write one text of one to four documents."""
    lines = list(_document(random))
    for _ in range(random.choice((0, 0, 1, 1, 2, 3))):
        lines += [*random.choice(_BETWEEN), *(_document(random) if random.random() < 0.9 else ())]
    if random.random() < 0.3:
        lines = [random.choice(("---", "%YAML 1.1\n---", "# yaml-language-server: x\n---")), *lines]
    ends = random.choice(_ENDS)
    text = "".join(part + random.choice(ends) for line in lines for part in line.split("\n"))
    if random.random() < 0.2:
        text = text.rstrip("\r\n")
    return ("\ufeff" if random.random() < 0.1 else "") + text


def _document(random: Random) -> Lines:
    entries = random.sample(_ENTRIES, random.randint(1, 6))
    pad = random.choice(("", "", "", "  "))
    for number, entry in enumerate(entries):
        if random.random() < 0.3:
            yield pad + random.choice(_REMARKS)
        if random.random() < 0.1:
            yield random.choice(("", " ", "   "))
        yield from (pad + line if line else line for line in entry(random, f"k{number}"))


def _aligned(random: Random, key: str) -> Lines:
    yield f"{key}:{' ' * random.randint(1, 9)}{random.choice(_IMAGES)}   {random.choice(_REMARKS)}"


def _remarked(random: Random, key: str) -> Lines:
    """Put comments between a key and its value."""
    yield f"{key}:{random.choice(('', '  # why', ' '))}"
    for _ in range(random.randint(1, 3)):
        yield random.choice(("", "  ", "    ")) + random.choice(_REMARKS)
    yield random.choice(("  web", "  'web'", "  {a: b}", "  - a\n  # c\n  - b", "- a\n# c\n- b"))


def _folded(random: Random, key: str) -> Lines:
    """Write an image over several lines."""
    yield from random.choice((
        (f"{key}:", "  acme/web:1.10"), (f'{key}: "acme/\\', '    web:1.10"'),
        (f"{key}: 'acme", "  web'"), (f"{key}: acme", "", "  web:1 # c"),
        (f"{key}: >-", "  acme/web"),
        (f'{key}: "acme/web:1.10', "", '  "'), (f"{key}: |-", "  acme/web:1.10", "# c"),
        (f"{key}: !!str", "  acme/web"), (f"{key}: &i{key}", "    acme/web:1"),
    ))  # fmt: skip


def _bracketed(random: Random, key: str) -> Lines:
    """Write brackets over several lines, with what they allow inside."""
    yield from random.choice((
        (f"{key}: {{", "  a: 1,", "  b: x, # c", "}"), (f"{key}: [", "  a,", "", "  b,", "]"),
        (f"{key}: {{a: 1,", "      b: [x, y,],}"), (f"{key}:", "  {a: {b: [1,", "  2]}}"),
        (f"{key}: [{{name: a, image: acme/web:1}},", "  # c", "  {name: b}", "  ]"),
        (f"{key}: {{ }}",), (f"{key}: [ ]",), (f"{key}: [a b, 'c, d', \"e\"] # ]",),
        (f"{key}: {{? a : b, c, d: }}",), (f"{key}: [a: 1, {{b: 2}}]",),
        (f"{key}: {{a: ,", "  b: }"),
        (f"{key}: [", "  [a], [", "  b ]", " ]"), (f'{key}: {{"a":1,"b":"\U0001f680", "c": d}}',),
    ))  # fmt: skip


def _asked(random: Random, key: str) -> Lines:
    yield from random.choice((
        (f"? {key}", ": v"), (f"? {key} # c", "# d", ": v # e"), (f"? {key}", ":", "  a: 1"),
        (f"? - {key}", "  - b", ": v"), (f"? {{{key}: 1}}", ": v"), (f"? {key}", ": - a", "  - b"),
        (f"? {key}", ":   a: 1", "    b: 2"), (f"? {key}",), ("? |-", f"  {key}", ": v"),
    ))  # fmt: skip


def _listed(random: Random, key: str) -> Lines:
    """Write lists without indentation, marked ones, empty items, lists in lists."""
    yield from random.choice((
        (f"{key}:", "- a", "# c", "- b: 1", "  c: 2"), (f"{key}: &l{key}", "- a", "- b"),
        (f"{key}:", "- &a" + key + " a", "- b"), (f"{key}:", "  -", "  - a", "  -"),
        (f"{key}:", "- - a", "  - b", "- - c"), (f"{key}: !!seq", "  - a # c", "", "  - b"),
        (f"{key}:", "-   a: 1", "    b: 2", "-", "  a: 3"), (f"{key}:", "- # c", "  a", "- b"),
        (f"{key}:", "  - |", "    x", "   # c", "  - >", "    y", ""), (f"{key}:", "- {}", "- []"),
        (f"{key}:", "- name: a", "  image: acme/web:1", "  # c", "", "- name: b", "  image: x"),
    ))  # fmt: skip


def _tabbed(random: Random, key: str) -> Lines:
    yield from random.choice((
        (f"{key}:\ta",), (f"{key}:", "-\ta", "-\tb\t# c"), (f"{key}: a\t",), (f"{key}: a\t# c",),
        (f"{key}: [\ta,\tb ]",), (f"{key}: 'a\tb'",), (f"{key}: |", "  a\tb", "\t", "  c"),
        (f"{key}\t: a",), (f"{key}: {{a:\t1}}",),
    ))  # fmt: skip


def _broken(random: Random, key: str) -> Lines:
    """Use line breaks that only some know, in text, in comments and between lines."""
    mark = random.choice(("\x85", "\u2028", "\u2029"))
    yield from random.choice((
        (f"{key}: 'a{mark}b'",), (f'{key}: "a{mark} b"',), (f"{key}: a # x{mark}# y",),
        (f"{key}: |", f"  a{mark}  b"), (f"{key}: a{mark}# c",), (f"{key}: 'x'{mark}",),
        (f"{key}: \U0001f680\U0001f680 x",), (f"'\U0001f680{key}': {{a: '\U0001f600', b: 1}}",),
        (f"{key}: a\u00a0b",), (f"{key}: e\u0301\u200d",), (f"{key}: a\ufeffb",),
    ))  # fmt: skip


def _held(random: Random, key: str) -> Lines:
    """Hold YAML, JSON, a script or a template in a text."""
    head = random.choice(("|", "|-", "|+", "|2", ">", ">-"))
    yield f"{key}: {head}{random.choice(('', ' # values'))}"
    body = random.choice((
        ("image:", "  repository: acme/web", "  tag: 1.10 # c", "", "---", "a: 1"),
        ('{"image": "acme/web:1"}',), ("#!/bin/sh", "x=${TAG}", "\techo {{ x }}"),
        ("{{- range .Values.x }}", "- a: {{ . }}", "{{- end }}"), ("a: |", "  b", "", "  c"),
        ("%YAML 1.2", "...", "- x"), ("\\n no escape", "\U0001f680: 1", "tail   "),
    ))  # fmt: skip
    yield from (f"  {line}" if line else line for line in body)
    yield from random.choice(((), ("",), ("", "")))


def _filled(random: Random, key: str) -> Lines:
    """Leave a place for another tool to fill in."""
    yield from random.choice((
        (f"{key}: {{{{ .Values.tag }}}}",), (f"{key}: '{{{{ .Values.tag }}}}'",),
        (f"{key}: ${{TAG}}",), (f"{key}: acme/web:${{TAG:=1.0}}",), (f'{key}: "${{TAG}}"',),
        (f"{key}: $(TAG)",), (f"{key}: <TAG>",), (f"{key}: a@TAG@",),
        (f"{key}: '{{% if x %}}a{{% endif %}}'",),
        (f"{key}: ENC[AES256_GCM,data:x,type:str]",),
    ))  # fmt: skip


def _tagged(random: Random, key: str) -> Lines:
    yield from random.choice((
        (f"{key}: !!binary |", "  aGVsbG8=", "  d29ybGQ="), (f"{key}: !reference [a, b]",),
        (f"{key}: !!int 7",), (f"{key}: ! x",), (f"{key}: !Ref", "  a: 1"), (f"{key}: !!null",),
        (f"{key}: !!set {{a, b}}",), (f"{key}: !!str &t{key} 1",), (f"{key}: &t{key} !!str '1'",),
        (f"{key}: !!omap", "- a: 1", "- b: 2"), (f"{key}: !<x:y> [a]",),
    ))  # fmt: skip


def _shared(random: Random, key: str) -> Lines:
    name = f"s{key}"
    yield from random.choice((
        (f"{key}: &{name}", "  a: 1", "  b: 2", f"{key}x:", f"  <<: *{name}", "  c: 3"),
        (f"{key}: &{name} [a, b]", f"{key}x: *{name}"),
        (f"{key}: &{name} v", f"{key}x: [*{name} , z]"),
        (f"{key}: &{name}", f"{key}x: *{name} # c"), (f"{key}: &{name} v", f"*{name} : w"),
        (f"{key}x:", f"- &{name} {{a: 1}}", f"- *{name}", f"- <<: *{name}", "  b: 2"),
    ))  # fmt: skip


def _long(random: Random, key: str) -> Lines:
    value = {"a": ["x" * 50, {"b": "\U0001f680 #:,"}] * random.choice((2, 40)), "c": None}
    text = json.dumps(value, ensure_ascii=random.random() < 0.5)
    yield f"{key}: {text}" if random.random() < 0.6 else f"{key}: '{text}'"


_ENTRIES: tuple[Callable[[Random, str], Lines], ...] = (
    _aligned, _remarked, _folded, _bracketed, _asked, _listed, _tabbed, _broken, _held, _filled,
    _tagged, _shared, _long, _aligned, _listed, _bracketed, _held,
)  # fmt: skip
