"""Slips of a hand or a tool in any text: what is still YAML after one is often YAML by accident."""

from random import Random

_PIECES = (
    " ", "  ", "\t", "\n", "\r", "\r\n", "\u0085", "\u2028", ":", ": ", ",", "- ", "? ", "#",
    " #", "'", '"', "[", "]", "{", "}", "|", ">", "&a ", "*a", "*a : ", "!", "!!str ", "%", "@",
    "`", "<<: *a", "---\n", "...\n", "\ufeff", "\U0001f680", "\\", "\u00a0", "~", "&", "*", "-",
    "?", "{{ x }}", "\u0007", "\n\n",
)  # fmt: skip


def slipped(random: Random, text: str) -> str:
    """Put in, leave out, repeat or move a few pieces of a text, characters or lines."""
    for _ in range(random.choice((1, 1, 2, 3, 5))):
        at = random.randint(0, len(text))
        way = random.random()
        if way < 0.45:
            text = text[:at] + random.choice(_PIECES) + text[at:]
        elif way < 0.65:
            text = text[:at] + text[at + random.choice((1, 1, 2, 5)) :]
        elif way < 0.75:
            text = text[:at] + random.choice(_PIECES) + text[at + 1 :]
        else:
            text = _lines(random, text)
    return text


def _lines(random: Random, text: str) -> str:
    """Repeat, drop, move or shift a line."""
    lines = text.split("\n")
    at, to = random.randrange(len(lines)), random.randrange(len(lines))
    way = random.random()
    if way < 0.3:
        lines.insert(to, lines[at])
    elif way < 0.5:
        del lines[at]
    elif way < 0.7:
        lines.insert(to, lines.pop(at))
    elif way < 0.85:
        lines[at] = " " * random.randint(1, 4) + lines[at]
    else:
        lines[at] = lines[at][random.randint(1, 3) :]
    return "\n".join(lines)
