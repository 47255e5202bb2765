"""The `{{ }}` of Flagger's queries: checked when a document is read, filled in by `core`."""

import re
from collections.abc import Collection, Mapping

from gitops_canary.manifest.checked import Checked
from gitops_canary.manifest.problems import nearest, shown

KNOWN = ("name", "namespace", "target", "service", "interval")
"""Placeholders with a value of their own; `variables.<name>` comes from templateVariables."""
REFERRED = {"ingress": "ingressRef", "route": "routeRef"}
"""Placeholders that stand for the name of what the Canary itself refers to."""
_PLACEHOLDER = re.compile(r"\{\{-?\s*([A-Za-z_][\w.-]*)\s*-?\}\}")
_VALUE = re.compile(r"[A-Za-z0-9_./:|*+?%@=^$~,-]{1,253}")


def referred(doc: Checked, query: str) -> str:
    """Fill in the names of the Ingress and the route that the Canary refers to.

    They are part of the check from then on, so that its records need no more than that.
    """

    def name(match: re.Match[str]) -> str:
        known = doc.text(f"{REFERRED[match.group(1)]}.name") if match.group(1) in REFERRED else None
        return known or match.group()

    return _PLACEHOLDER.sub(name, query)


def check_query(doc: Checked, path: str, query: str, variables: Collection[str]) -> None:
    """Complain about placeholders that nothing fills in."""
    known = [*KNOWN, *(f"variables.{name}" for name in sorted(variables))]
    for name in dict.fromkeys(_PLACEHOLDER.findall(query)):
        if name in REFERRED:
            problem = f"has {{{{ {name} }}}}, and there is no {REFERRED[name]} with a name"
            doc.complain(path, problem, "write the name itself")
        elif name not in known:
            remedy = nearest(name, known)
            if name.startswith("variables."):
                remedy = f"define {name.removeprefix('variables.')} in templateVariables"
            doc.complain(path, f"has {{{{ {name} }}}}, and there is no such value", remedy)
    if "{{" in _PLACEHOLDER.sub("", query):
        doc.complain(
            path,
            "has a {{ }} that is more than a name",
            "replace it by a value; functions and conditions are not supported",
        )


def check_variables(doc: Checked, path: str, variables: Mapping[str, str]) -> None:
    """Complain about values that could end a string or begin another expression."""
    for name, value in variables.items():
        if not _VALUE.fullmatch(value):
            doc.complain(
                f"{path}.{name}",
                f"is {shown(value)}, which cannot go into a query",
                "use letters, digits and _./:|*+?%@=^$~,- only, no quotes or brackets",
            )
