"""How long, and by how many, a rollout's canary was met, as its decisions tell it.

A decision counts up to itself. Until its commit is on the branch, and live, the weight before it
goes on: what the next decision knows of that time is counted here too.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Any

from gitops_canary.core.judges import WINDOWED
from gitops_canary.core.text import instant_ms

Json = dict[str, Any]
_MINUTE_MS, _NONE = 60_000, Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One weight above 0 % up to the decision that ended it, and what came after that."""

    weight: Decimal
    highest: Decimal
    """Or one before it that was higher: it went on while this one was on its way, or until a
    person moved it."""
    minutes: Decimal
    late: Decimal
    """Minutes at the weight after that decision: until its commit or, of what took the traffic
    away, until that was live. 0 where no later decision tells. Of a weight that a person took to 0
    it is all that is known, from the decision that gave it on."""
    open: bool
    """Whether the weight went to 0 and no later decision tells when that was live."""
    parts: tuple[tuple[Decimal, Decimal, Decimal], ...]
    """Of what was counted: minutes, requests and failed requests."""
    earlier: Decimal
    """Minutes of that before the weight was asked for: those are of the stage before, as `late`."""
    bounded: bool
    """Whether it tells what it left out; old records do not."""

    @property
    def missed(self) -> Decimal:
        """Minutes in which nobody counted."""
        counted = sum((minutes for minutes, _, _ in self.parts), _NONE)
        return max(self.minutes - (counted - self.earlier), _NONE) + self.late

    @property
    def rate(self) -> Decimal:
        """The most requests there were a minute for each percent; 0 where none is known."""
        rates = (requests / minutes for minutes, requests, _ in self.parts if minutes)
        return max(rates, default=_NONE) / self.weight


def stages(numbered: Iterable[tuple[int, Json]]) -> tuple[Stage, ...]:
    """List what each decision's weight exposed, in order; decisions come with their numbers."""
    found = dict(numbered)
    every = (
        _stage(one, found.get(number - 1), found.get(number + 1)) for number, one in found.items()
    )
    return tuple(filter(None, every))


def most(found: Sequence[Stage]) -> tuple[Decimal, Decimal] | None:
    """Bound what nobody counted: minutes above 0 %, and how many requests they may have had.

    The most there was a minute for each percent, of what was counted, at each weight, or a higher
    one before it, for as long as nobody did. None where nothing was counted or left out.
    """
    told = [one for one in found if one.bounded]
    rate = max((one.rate for one in told), default=_NONE)
    missed = sum((one.missed for one in told), _NONE).quantize(Decimal("0.1"))
    if not rate or not missed:
        return None
    bound = sum((one.missed * one.highest for one in told), _NONE) * rate
    return missed, bound.to_integral_value(ROUND_CEILING)


def _stage(one: Json, before: Json | None, after: Json | None) -> Stage | None:
    row = one["exposure"] or _taken(one, before)
    if row is None:
        return None
    weight = Decimal(row["weight"])
    known = map(Decimal, before["weight"].values()) if before else ()
    gone = Decimal(one["weight"]["to"]) == 0
    # A decision can be dated by a commit whose clock was behind: its weight was live before it.
    ended_ms = max(instant_ms(one["decidedAt"]), instant_ms(row["from"]))
    until_ms = _until_ms(after, gone=gone)
    late_ms = 0 if until_ms is None else max(until_ms - ended_ms, 0)
    if not one["exposure"]:
        late_ms += ended_ms - instant_ms(row["from"])
    return Stage(
        weight=weight,
        highest=max((weight, *known)),
        minutes=Decimal(row["minutes"]),
        late=(Decimal(late_ms) / _MINUTE_MS).quantize(Decimal("0.01")) if late_ms else _NONE,
        open=gone and until_ms is None,
        parts=tuple(_parts(one)) if one["exposure"] else (),
        earlier=_earlier(one) if one["exposure"] else _NONE,
        bounded="arriving" in row,
    )


def _taken(one: Json, before: Json | None) -> Json | None:
    """Tell of a weight that a person took to 0, of which the next decision counts nothing."""
    if before is None or Decimal(one["weight"]["from"]) or not Decimal(before["weight"]["to"]):
        return None
    weight = before["weight"]["to"]
    return {"weight": weight, "minutes": "0", "from": before["decidedAt"], "arriving": None}


def _until_ms(after: Json | None, *, gone: bool) -> int | None:
    """Say up to when the weight before the last decision went on, as the next one tells it."""
    if after is None:
        return None
    if after["exposure"]:
        return instant_ms(after["exposure"]["from"])
    return instant_ms(after["live"]["since"]) if gone and after["live"] else None


def _parts(one: Json) -> Iterator[tuple[Decimal, Decimal, Decimal]]:
    row = one["exposure"]
    way = row.get("arriving")
    # A weight that was judged before it was live was counted as both, by the same requests.
    twice = way and row["counted"] and _span_ms(way)[1] > _span_ms(row)[0]
    for part in (None if twice else row, way):
        if part and part["requests"] is not None:
            minutes = _counted(part, one)
            yield minutes, Decimal(part["requests"]), Decimal(part["failedRequests"])


def _earlier(one: Json) -> Decimal:
    """Say for how many counted minutes a weight on its way had not been asked for yet.

    A move is dated once it is written, which can be long after what it was decided on.
    """
    row = one["exposure"]
    way = row.get("arriving")
    if not way or way["requests"] is None or not way.get("counted"):
        return _NONE
    start_ms, end_ms = _span_ms(way)
    before_ms = min(instant_ms(row["from"]), end_ms) - start_ms
    return min(max(Decimal(before_ms) / _MINUTE_MS, _NONE), _counted(way, one))


def _counted(part: Json, one: Json) -> Decimal:
    """Say in how many minutes of its span a part was counted: windows and samples leave gaps."""
    if not part.get("counted"):
        return _NONE
    return max(_looked(part, one) - Decimal(part.get("unseen", "0")), _NONE)


def _looked(part: Json, one: Json) -> Decimal:
    start, end = _span_ms(part)
    policy = one["policy"]["effective"]
    check = next((c for c in policy["checks"] if c["builtin"] == "request-success-rate"), None)
    judge = (policy.get("judge") or {"type": "threshold"})["type"]
    if check is None or judge not in WINDOWED:
        return Decimal(end - start) / _MINUTE_MS
    window_ms, last_ms, total_ms = check["intervalMs"], end + check["intervalMs"], 0
    for at_ms in sorted((instant_ms(v["at"]) for v in one["verdicts"]), reverse=True):
        if start < at_ms <= last_ms - window_ms:
            total_ms, last_ms = total_ms + window_ms, at_ms
    return Decimal(min(total_ms, end - start)) / _MINUTE_MS


def _span_ms(part: Json) -> tuple[int, int]:
    start, _, end = part["counted"].partition("/")
    return instant_ms(start), instant_ms(end)
