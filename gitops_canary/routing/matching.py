"""What each kind of object writes for requests of an A/B test."""

import re
from collections.abc import Mapping, Sequence

from gitops_canary.manifest.document import Json
from gitops_canary.model.spec import Match

_ROUTE_ONLY = frozenset({"name", "mirror", "mirrors", "mirrorPercentage", "mirror_percent"})


def istio_rules(
    rule: dict[str, Json], canary: dict[str, Json], matches: Sequence[Match]
) -> list[Json]:
    """Write one HTTP route of a VirtualService: old and new conditions have to hold both."""
    old = _list(rule, "match") or [{}]
    both: list[Json] = [_joined(one, _istio_match(match)) for match in matches for one in old]
    rest = {k: v for k, v in rule.items() if k not in {"match", "route", *_ROUTE_ONLY}}
    return [{"match": both, **rest, "route": [canary]}]


def gateway_rules(
    rule: dict[str, Json], canary: dict[str, Json], matches: Sequence[Match]
) -> list[Json]:
    """Write one rule of an HTTPRoute or GRPCRoute: old and new conditions have to hold both."""
    old = _list(rule, "matches") or [{}]
    both: list[Json] = [_joined(one, _gateway_match(match)) for match in matches for one in old]
    rest = {k: v for k, v in rule.items() if k not in {"matches", "backendRefs", "name"}}
    return [{"matches": both, **rest, "backendRefs": [canary]}]


def contour_rules(
    rule: dict[str, Json], canary: dict[str, Json], matches: Sequence[Match]
) -> list[Json]:
    """Write one route of an HTTPProxy for each alternative: its conditions have to hold all."""
    old = _list(rule, "conditions")
    rest = {k: v for k, v in rule.items() if k not in {"conditions", "services"}}
    found: list[Json] = []
    for match in matches:
        _only(match, "an HTTPProxy", query=False)
        new: list[Json] = [
            {"header": {"name": name, **_contour_value(name, *value)}}
            for name, value in match.headers.items()
        ]
        found.append({"conditions": [*old, *new], **rest, "services": [canary]})
    return found


def gloo_rules(
    rule: dict[str, Json], canary: dict[str, Json], matches: Sequence[Match]
) -> list[Json]:
    """Write one route of a RouteTable: old and new matchers have to hold both."""
    old = _list(rule, "matchers") or [{}]
    both: list[Json] = [_joined(one, _gloo_match(match)) for match in matches for one in old]
    rest = {k: v for k, v in rule.items() if k not in {"matchers", "routeAction", "name"}}
    alone: Json = {"destinations": [{**canary, "weight": 1}]}
    action: dict[str, Json] = {**_mapping(rule["routeAction"]), "multi": alone}
    return [{"matchers": both, **rest, "routeAction": action}]


def _gloo_match(match: Match) -> dict[str, Json]:
    _only(match, "a RouteTable", query=True)
    found: dict[str, Json] = {}
    if match.headers:
        found["headers"] = [_gloo_value(n, *value) for n, value in match.headers.items()]
    if match.query:
        found["queryParameters"] = [_gloo_value(n, *value) for n, value in match.query.items()]
    return found


def _gloo_value(name: str, how: str, value: str) -> Json:
    if how == "exact":
        return {"name": name, "value": value}
    return {"name": name, "value": _pattern(how, value), "regex": True}


def _istio_match(match: Match) -> dict[str, Json]:
    found: dict[str, Json] = {}
    if match.headers:
        found["headers"] = {name: _istio_value(*value) for name, value in match.headers.items()}
    if match.query:
        found["queryParams"] = {name: _istio_value(*value) for name, value in match.query.items()}
    if match.source_labels:
        found["sourceLabels"] = dict(match.source_labels)
    return found


def _istio_value(how: str, value: str) -> Json:
    if how == "suffix":
        return {"regex": f".*{re.escape(value)}"}
    return {how: value}


def _gateway_match(match: Match) -> dict[str, Json]:
    _only(match, "a Gateway API route", query=True)
    found: dict[str, Json] = {}
    if match.headers:
        found["headers"] = [_gateway_value(n, *value) for n, value in match.headers.items()]
    if match.query:
        found["queryParams"] = [_gateway_value(n, *value) for n, value in match.query.items()]
    return found


def _gateway_value(name: str, how: str, value: str) -> Json:
    if how == "exact":
        return {"type": "Exact", "name": name, "value": value}
    return {"type": "RegularExpression", "name": name, "value": _pattern(how, value)}


def _pattern(how: str, value: str) -> str:
    """Say a comparison as a regular expression over the whole value."""
    patterns = {"prefix": f"{re.escape(value)}.*", "suffix": f".*{re.escape(value)}"}
    return patterns.get(how, value)


def _contour_value(name: str, how: str, value: str) -> dict[str, Json]:
    if how not in {"exact", "regex"}:
        raise ValueError(f"An HTTPProxy cannot compare the header {name} by {how}")
    return {how: value}


def _only(match: Match, what: str, *, query: bool) -> None:
    """Refuse what a kind cannot match.

    Raises:
        ValueError: the match asks for it.
    """
    if match.source_labels:
        raise ValueError(f"{what[0].upper()}{what[1:]} cannot match sourceLabels")
    if match.query and not query:
        raise ValueError(f"{what[0].upper()}{what[1:]} cannot match queryParams")


def _joined(old: Json, new: Mapping[str, Json]) -> dict[str, Json]:
    """Let both conditions hold: mappings and lists are joined, key by key.

    Raises:
        ValueError: both ask something of the same header, of which only one would count.
    """
    found = dict(_mapping(old))
    for key, value in new.items():
        was = found.get(key)
        if twice := _named(was) & _named(value):
            raise ValueError(f"A rule that splits asks for {', '.join(sorted(twice))} itself")
        if isinstance(was, dict) and isinstance(value, dict):
            found[key] = {**was, **value}
        elif isinstance(was, list) and isinstance(value, list):
            found[key] = [*was, *value]
        else:
            found[key] = value
    return found


def _named(conditions: Json) -> set[str]:
    """Name the headers, parameters or labels that conditions ask something of."""
    if isinstance(conditions, dict):
        return {name.lower() for name in conditions}
    items = conditions if isinstance(conditions, list) else []
    return {str(one.get("name")).lower() for one in items if isinstance(one, dict)}


def _mapping(value: Json) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise ValueError("A condition of this rule is no mapping")  # noqa: TRY004 - of the document, not of the caller
    return value


def _list(rule: dict[str, Json], key: str) -> list[Json]:
    found = rule.get(key) or []
    if not isinstance(found, list):
        raise ValueError(f"{key} of this rule is no list")  # noqa: TRY004 - of the document, not of the caller
    return found
