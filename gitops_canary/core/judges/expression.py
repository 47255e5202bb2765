"""Conditions on `result`, e.g. `len(result) > 0 && all(result, # >= 0.95)`.

A small part of what Argo Rollouts understands: numbers, texts, truth values, `nil`, lists, lists by
index, arithmetic, comparisons, `&& || !` (or `and or not`), `in`, and the functions below. Nothing
else can be written, so nothing can be executed. Depth, length and work are bounded, and what stands
in a row is computed in a row, so that no condition takes more of the stack than its brackets.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from gitops_canary.core.judges import expression_values as values
from gitops_canary.core.judges.expression_values import Undefined, Value
from gitops_canary.core.text import one_line
from gitops_canary.errors import SpecError

LENGTH_MAX = 2_000
DEPTH_MAX = 40
LOOKS_MAX = 100_000
"""Numbers that one condition may look at by all(), any(), none() and count() together."""
_TOKEN = re.compile(
    r"\s*(?:(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)|([A-Za-z_]\w*)|(\"[^\"\\\n]*\"|'[^'\\\n]*')"
    r"|(\|\||&&|==|!=|<=|>=|[-+*/%<>!()\[\],#{}]))",
    re.ASCII,
)
__all__ = ["Condition", "Undefined", "read"]
_WORDS = {"and": "&&", "or": "||", "not": "!"}
_LEVELS = (
    ("||",), ("&&",), ("==", "!=", "<", "<=", ">", ">=", "in"), ("+", "-"), ("*", "/", "%"),
)  # fmt: skip
_LEFT = "looks left"
Scope = Mapping[str, Value]
"""What names stand for, and how many looks are left, as an iterator."""
Term = Callable[[Scope], Value]


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that was read."""

    text: str
    _term: Term

    def holds(self, result: Sequence[float]) -> bool:
        """Tell whether it holds for a result.

        Raises:
            Undefined: an index that is not there, other types, no truth value.
        """
        try:
            found = self._term({"result": list(result), _LEFT: iter(range(LOOKS_MAX))})
        except (ZeroDivisionError, OverflowError, ValueError) as error:
            raise Undefined(f"the condition cannot be computed: {error}") from None
        if not isinstance(found, bool):
            raise Undefined(f"the condition gives {values.kind(found)}, not true or false")
        return found


def read(text: str) -> Condition:
    """Read a condition.

    Raises:
        SpecError: it is none.
    """
    if not text.strip() or len(text) > LENGTH_MAX:
        _refuse(f"A condition has {len(text)} characters.", f"write 1 to {LENGTH_MAX}")
    parser = _Parser(_tokens(text), text)
    return Condition(text, parser.whole())


def _refuse(problem: str, remedy: str) -> NoReturn:
    raise SpecError(problem, remedy=remedy)


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if not match:
            _refuse(
                f"The condition {one_line(text)[:120]!r} cannot be read at column {at + 1}.",
                "use numbers, result, comparisons, && || ! and the functions of the reference",
            )
        token = next(filter(None, match.groups()))
        found.append(_WORDS.get(token, token))
        at = match.end()
    return found


class _Parser:
    """Recursive descent by binding strength."""

    def __init__(self, tokens: list[str], text: str) -> None:
        self._tokens = tokens
        self._text = text
        self._at = 0
        self._depth = 0

    def whole(self) -> Term:
        term = self._level(0)
        if self._at < len(self._tokens):
            self._wrong(self._tokens[self._at])
        return term

    def _wrong(self, token: str) -> NoReturn:
        shown = one_line(self._text)[:120]
        _refuse(
            f"The condition {shown!r} cannot be read at {token!r}.",
            "write it like `result[0] >= 0.95 && !isNaN(result[0])`",
        )

    def _peek(self, ahead: int = 0) -> str:
        at = self._at + ahead
        return self._tokens[at] if at < len(self._tokens) else ""

    def _take(self, wanted: str = "") -> str:
        token = self._peek()
        if not token or (wanted and token != wanted):
            self._wrong(token or "its end")
        self._at += 1
        return token

    def _level(self, level: int) -> Term:
        self._depth += 1
        if self._depth > (DEPTH_MAX + 1) * (len(_LEVELS) + 1):
            _refuse("A condition is nested too deeply.", f"use at most {DEPTH_MAX} brackets")
        try:
            if level == len(_LEVELS):
                return self._unary()
            term, more = self._level(level + 1), []
            while sign := self._sign(level):
                more.append((sign, self._level(level + 1)))
            return _row(term, more) if more else term
        finally:
            self._depth -= 1

    def _sign(self, level: int) -> str:
        """Take the next sign, where it binds at this level; empty where it does not."""
        if self._peek() in _LEVELS[level]:
            return self._take()
        if self._peek() == "!" and "in" in _LEVELS[level] and self._peek(1) == "in":
            return f"{self._take()}{self._take()}"
        return ""

    def _unary(self) -> Term:
        if self._peek() == "!":
            self._take()
            term = self._level(len(_LEVELS))
            return lambda scope: not values.truth(term(scope))
        if self._peek() == "-":
            self._take()
            term = self._level(len(_LEVELS))
            return lambda scope: -values.number(term(scope))
        return self._indexed(self._primary())

    def _indexed(self, term: Term) -> Term:
        places = []
        while self._peek() == "[":
            self._take()
            places.append(self._level(0))
            self._take("]")
        return _index(term, places) if places else term

    def _inside(self, bracket: str) -> Term:
        """Read what stands behind a bracket: one value, or a list of them."""
        if bracket == "(":
            term = self._level(0)
            self._take(")")
            return term
        members = [] if self._peek() == "]" else [self._level(0)]
        while self._peek() == ",":
            self._take()
            members.append(self._level(0))
        self._take("]")
        return lambda scope: [one(scope) for one in members]

    def _primary(self) -> Term:
        word = self._take()
        if word in "([":
            return self._inside(word)
        if word[0] in "\"'":
            return lambda _: word[1:-1]
        if word[0].isdigit() or word[0] == ".":
            number = float(word)
            return lambda _: number
        if word in values.CONSTANTS:
            return lambda _: values.CONSTANTS[word]
        if word in {"result", "#"}:
            return lambda scope: _named(scope, word)
        return self._call(word)

    def _call(self, name: str) -> Term:
        if name not in values.FUNCTIONS and name not in values.EACH:
            self._wrong(name)
        self._take("(")
        arguments = [self._level(0)]
        while self._peek() == ",":
            self._take()
            arguments.append(self._braced() if name in values.EACH else self._level(0))
        self._take(")")
        if name in values.EACH:
            if len(arguments) != 2:  # noqa: PLR2004 - a list and a condition
                self._wrong(name)
            return _each(name, *arguments)
        function = values.FUNCTIONS[name]
        if len(arguments) != (2 if name == "default" else 1):
            self._wrong(name)
        return lambda scope: function(*(one(scope) for one in arguments))

    def _braced(self) -> Term:
        if self._peek() != "{":
            return self._level(0)
        self._take()
        term = self._level(0)
        self._take("}")
        return term


def _row(first: Term, more: Sequence[tuple[str, Term]]) -> Term:
    """Compute signs that bind alike, from left to right."""

    def value(scope: Scope) -> Value:
        found = first(scope)
        for sign, term in more:
            found = _binary(sign, found, term, scope)
        return found

    return value


def _binary(sign: str, left: Value, right: Term, scope: Scope) -> Value:
    if sign in {"&&", "||"}:
        settled = values.truth(left) is (sign == "||")
        return left if settled else values.truth(right(scope))
    if sign in values.SAME:
        return values.SAME[sign](left, right(scope))
    return values.NUMBERS[sign](values.number(left), values.number(right(scope)))


def _index(term: Term, places: Sequence[Term]) -> Term:
    def value(scope: Scope) -> Value:
        found = term(scope)
        for at in places:
            found = _item(values.items(found), values.number(at(scope)))
        return found

    return value


def _item(items: Sequence[Value], where: float) -> Value:
    index = int(where)
    if index != where or not -len(items) <= index < len(items):
        raise Undefined(f"the result has {len(items)} numbers, there is none at {where:g}")
    return items[index]


def _each(name: str, items: Term, condition: Term) -> Term:
    judge = values.EACH[name]

    def value(scope: Scope) -> Value:
        found = []
        for one in values.items(items(scope)):
            if next(scope[_LEFT], None) is None:
                raise Undefined(f"the condition looks at more than {LOOKS_MAX:,} numbers")
            found.append(values.truth(condition({**scope, "#": one})))
        return judge(found)

    return value


def _named(scope: Scope, name: str) -> Value:
    if name not in scope:
        raise Undefined("# stands outside of all(), any(), none() or count()")
    return scope[name]
