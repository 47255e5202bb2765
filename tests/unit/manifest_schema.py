"""Schemas of Kubernetes, Istio, Argo CD and Flux objects, made from published TypeScript types.

`tests/data/manifest-schema.json` comes from npm's `kubernetes-models` 5.1.0,
`@kubernetes-models/apimachinery` 3.0.2, `istio` 3.0.1, `argo-cd` 4.0.0 and `flux-cd` 4.0.0 (MIT),
which are generated from the projects' own OpenAPI documents and CRDs. Made anew by
`python tests/unit/manifest_schema.py DIRECTORY`, where each package lies unpacked under its name.
"""

import json
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # has no stubs

FILE = Path(__file__).resolve().parents[1] / "data" / "manifest-schema.json"
KINDS = (
    *(("kubernetes-models", "v1", f"{kind}") for kind in ("Namespace", "Service", "ConfigMap")),
    ("kubernetes-models", "v1", "ServiceAccount"),
    ("kubernetes-models", "apps/v1", "Deployment"),
    ("kubernetes-models", "apiextensions.k8s.io/v1", "CustomResourceDefinition"),
    ("kubernetes-models", "networking.k8s.io/v1", "NetworkPolicy"),
    *(
        ("kubernetes-models", "rbac.authorization.k8s.io/v1", kind)
        for kind in ("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")
    ),
    ("@kubernetes-models/istio", "networking.istio.io/v1", "VirtualService"),
    ("@kubernetes-models/argo-cd", "argoproj.io/v1alpha1", "Application"),
    ("@kubernetes-models/flux-cd", "kustomize.toolkit.fluxcd.io/v1", "Kustomization"),
    ("@kubernetes-models/flux-cd", "source.toolkit.fluxcd.io/v1", "GitRepository"),
)
_PLAIN = {"string": "string", "number": "number", "boolean": "boolean", "null": "null"}
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[A-Za-z_$][\w$]*|[{}\[\]<>|&?:;,()]')
Json = dict[str, Any]


class Reader:
    """Reads interfaces out of declaration files, and what they name out of others."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.found: Json = {}

    def kind(self, package: str, version: str, kind: str) -> Json:
        """Read one kind of object; what the cluster writes into it is left out."""
        made = self._interface(self._directory / package / version / f"{kind}.d.ts")
        properties = {k: one for k, one in made["properties"].items() if k != "status"}
        identity = {"apiVersion": {"const": version}, "kind": {"const": kind}}
        required = ["apiVersion", "kind", "metadata"]
        return {**made, "properties": properties | identity, "required": required}

    def _interface(self, file: Path) -> Json:
        text = re.sub(r"/\*.*?\*/", "", file.read_text(), flags=re.DOTALL)
        imports = {
            name.strip(): self._file(file, where)
            for names, where in re.findall(r'import \{([^}]*)\} from "([^"]+)"', text)
            for name in names.split(",")
        }
        begin = re.search(r"export (?:interface \w+[^{]*|type \w+ = )", text)
        assert begin, f"{file} declares nothing"
        made, _ = self._type(_TOKEN.findall(text[begin.end() :]), imports)
        return made

    def _file(self, file: Path, where: str) -> Path:
        where = where.removesuffix(".js")
        place = file.parent if where.startswith(".") else self._directory
        return (place / f"{where}.d.ts").resolve()

    def _type(self, tokens: list[str], imports: dict[str, Path]) -> tuple[Json, list[str]]:
        choices: list[Json] = []
        while True:
            one, tokens = self._part(tokens, imports)
            while tokens and tokens[0] == "&":
                also, tokens = self._part(tokens[1:], imports)
                one = _both(one, also)
            choices.append(one)
            if not tokens or tokens[0] != "|":
                break
            tokens = tokens[1:]
        if all("const" in one for one in choices):
            return {"enum": [one["const"] for one in choices]}, tokens
        return (choices[0] if len(choices) == 1 else {"anyOf": choices}), tokens

    def _part(self, tokens: list[str], imports: dict[str, Path]) -> tuple[Json, list[str]]:
        first, rest = tokens[0], tokens[1:]
        if first == "{":
            return self._object(rest, imports)
        if first in {"Array", "Exclude", "("}:
            return self._wrapped(first, rest, imports)
        if first.startswith('"'):
            return {"const": json.loads(first)}, rest
        if first in imports and imports[first].is_file():
            return self._named(imports[first]), rest
        # Anything but a plain type is `any`, `object` or a type of the language: not looked into.
        return ({"type": _PLAIN[first]} if first in _PLAIN else {}), rest

    def _wrapped(
        self, by: str, tokens: list[str], imports: dict[str, Path]
    ) -> tuple[Json, list[str]]:
        one, tokens = self._type(tokens if by == "(" else tokens[1:], imports)
        while tokens[0] == ",":  # Exclude<all forms, some>: taken as all
            _, tokens = self._type(tokens[1:], imports)
        return ({"type": "array", "items": one} if by == "Array" else one), tokens[1:]

    def _named(self, file: Path) -> Json:
        name = str(file.relative_to(self._directory.resolve())).removesuffix(".d.ts")
        key = name.replace("/", ".")
        if key not in self.found:
            self.found[key] = {}  # so that a type that names itself comes to an end
            self.found[key] = self._interface(file)
        return {"$ref": f"#/$defs/{key}"}

    def _object(self, tokens: list[str], imports: dict[str, Path]) -> tuple[Json, list[str]]:
        properties: Json = {}
        required: list[str] = []
        rest: Json | bool = False
        while tokens[0] != "}":
            if tokens[0] == "[":  # [key: string]: T
                rest, tokens = self._type(tokens[tokens.index("]") + 2 :], imports)
            else:
                name, tokens = tokens[0].strip('"'), tokens[1:]
                if tokens[0] == "?":
                    tokens = tokens[1:]
                else:
                    required.append(name)
                properties[name], tokens = self._type(tokens[1:], imports)
            if tokens[0] == ";":
                tokens = tokens[1:]
        made: Json = {"type": "object", "additionalProperties": rest}
        made |= {"properties": properties} if properties else {}
        return made | ({"required": required} if required else {}), tokens[1:]


def _both(one: Json, also: Json) -> Json:
    """Join what has to be true at once: any field of either, needed are those of the first."""
    forms = also.get("anyOf", [also])
    more = {name: kind for form in forms for name, kind in form.get("properties", {}).items()}
    return {**one, "properties": {**more, **one.get("properties", {})}}


@cache
def _schema() -> Json:
    found: Json = json.loads(FILE.read_text())
    return found


def problems(document: Json) -> Iterator[str]:
    """Hold an object against the schema of its kind; a kind that has none is a problem too."""
    name = f"{document.get('apiVersion')}/{document.get('kind')}"
    known = _schema()["kinds"].get(name)
    if known is None:
        yield f"{name}: no schema"
        return
    whole = {**known, "$defs": _schema()["$defs"]}
    for one in Draft202012Validator(whole).iter_errors(document):
        yield f"{name} {one.json_path}: {one.message[:200]}"


def main(directory: Path) -> None:
    """Write the schema of every kind."""
    reader = Reader(directory)
    kinds = {
        f"{version}/{kind}": reader.kind(package, version, kind) for package, version, kind in KINDS
    }
    FILE.write_text(
        json.dumps({"kinds": kinds, "$defs": reader.found}, separators=(",", ":")) + "\n"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
