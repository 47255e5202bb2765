"""`verify --replay`: which address stands for which metric source of the record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gitops_canary.app.config import load
from gitops_canary.app.outside import client
from gitops_canary.app.replaying import NONE
from gitops_canary.errors import SpecError
from gitops_canary.metrics import METRICS, Client, Opening
from gitops_canary.model.addresses import check_address

_TIMEOUT_MS = 30_000


@dataclass(frozen=True, slots=True)
class Chosen:
    """Who is asked for each source, and which sources are left out."""

    clients: Mapping[str, Client]
    left_out: frozenset[str] = frozenset()


def chosen(given: Sequence[str], config: Path | None, recorded: frozenset[str]) -> Chosen:
    """Find for every source of the record whom to ask, from `URL`, `NAME=URL` and `NAME=none`.

    Where the record has no source nobody is asked; addresses are looked at all the same.

    Raises:
        SpecError: a source of the record is not given, one that is given is not in the record, or
            something is no address.
    """
    named = dict(_named(text, recorded) for text in given)
    settings = load(config).sources if config else {}
    if not recorded:
        for url in named.values():
            _checked(url)
        return Chosen({})
    names = ", ".join(sorted(recorded))
    if strange := sorted(named.keys() - recorded):
        raise SpecError(
            f"No decision asked a metric source {ascii(strange[0])[:80]}; they asked {names}.",
            remedy="name one of those",
        )
    if missing := sorted(recorded - named.keys() - settings.keys()):
        raise SpecError(
            f"The decisions asked {names}, and {missing[0]} is not given.",
            remedy=f"add --replay {missing[0]}=URL of its Prometheus API (`{missing[0]}={NONE}` "
            "leaves it out), or --replay-config with settings that hold it",
        )
    left_out = frozenset(name for name, url in named.items() if url == NONE)
    opened = {name: client(settings[name]) for name in recorded & settings.keys() - named.keys()}
    asked = {name: _prometheus(url) for name, url in named.items() if url != NONE}
    return Chosen(opened | asked, left_out)


def _named(text: str, recorded: frozenset[str]) -> tuple[str, str]:
    """Part a name from its address; without a name it can only be about the one source there is."""
    name, equals, url = text.partition("=")
    if equals and "/" not in name:
        return name, url
    if len(recorded) > 1:
        names = sorted(recorded)
        raise SpecError(
            f"The decisions asked several metric sources, {', '.join(names)}: one address cannot "
            "stand for all.",
            remedy=f"say which it is: --replay {names[0]}=URL",
        )
    return next(iter(recorded), ""), text


def _prometheus(url: str) -> Client:
    return METRICS["prometheus"](Opening(url=_checked(url), timeout_ms=_TIMEOUT_MS))


def _checked(url: str) -> str:
    try:
        return url if url == NONE else check_address(url)
    except ValueError as error:
        raise SpecError(
            f"An address given with --replay {error}.", remedy="write it like http://host:9090"
        ) from error
