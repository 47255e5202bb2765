"""Where the weights of the simulation stand: written here, and read here without the product.

A route is one application's, or one object holds a rule of each. Services are named in both alike,
so one pattern finds a weight in either.
"""

import re
from collections.abc import Iterable

_HEAD = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: {name}, namespace: prod}}
spec:
  hosts: [{name}]
  http:
"""
_MATCHED = "    - match: [{{uri: {{prefix: /{name}}}}}]\n      route:\n"
_LONE = "    - route:\n"
_SIDES = """\
        - destination: {{host: {name}-primary}}
          weight: 100
        - destination: {{host: {name}-canary}}
          weight: 0
"""


def alone(name: str) -> str:
    """Write an object of one application's."""
    return (_HEAD + _LONE + _SIDES).format(name=name)


def together(names: Iterable[str]) -> str:
    """Write one object with a rule of each application's."""
    return _HEAD.format(name="site") + "".join(
        (_MATCHED + _SIDES).format(name=name) for name in names
    )


def weights(document: str, name: str) -> dict[str, int]:
    """Read both weights of an application; empty where the document has none of it."""
    found = re.findall(rf"host: {name}-(primary|canary)}}\s+weight: (\d+)", document)
    return {side: int(weight) for side, weight in found}


def with_weight(text: bytes, name: str, weight: int) -> bytes:
    """Change both weights of one application."""
    new = text.decode()
    for side, value in (("primary", 100 - weight), ("canary", weight)):
        new = re.sub(_weight(name, side), rf"\g<1>{value}", new, count=1)
    return new.encode()


def blank(document: str, names: Iterable[str]) -> str:
    """Blank the weights of some applications; all else stays."""
    for name in names:
        document = re.sub(_weight(name, "(?:primary|canary)"), r"\g<1>_", document)
    return document


def _weight(name: str, side: str) -> str:
    return rf"(host: {name}-{side}}}\s+weight: )\d+"
