"""A plain secret in the manifests, beside what the controller owns, is not carried further."""

import io
import pathlib
import zipfile

from recorded_world import EVIDENCE, World, git
from test_package import pack

HIDDEN = """\
apiVersion: v1
kind: Secret
metadata:
  name: checkout{suffix}
  namespace: prod
stringData:
  key: hunter2-{version}
"""
ENV = """\
          env: [{{name: PASSWORD, value: hunter2-env}}] # hunter2-comment
          envFrom: [{{secretRef: {{name: checkout{suffix}}}}}]
"""


def hide(world: World) -> None:
    """Put secrets beside the image and beside the weights, and into a tracked Secret."""
    folder = world.person / "apps" / "checkout"
    for suffix in ("", "-primary"):
        (folder / f"secret{suffix}.yaml").write_text(HIDDEN.format(suffix=suffix, version=1))
        file = folder / f"deployment{suffix}.yaml"
        lines = file.read_text().splitlines(keepends=True)
        at = next(n for n, line in enumerate(lines) if "image:" in line)
        lines.insert(at + 1, ENV.format(suffix=suffix))
        file.write_text("".join(lines))
    route = folder / "virtualservice.yaml"
    route.write_text(route.read_text().replace("weight: 0", "weight: 0\n        # hunter2-weight"))


def everything(world: World) -> bytes:
    """Give every file that the evidence branch ever held, and every message on it."""
    lines = git(world.origin, "rev-list", "--objects", EVIDENCE).splitlines()
    names = [line.split(" ")[0] for line in lines]
    blobs = [git(world.origin, "cat-file", "-p", name) for name in names]
    return "\n".join(blobs).encode()


def test_no_secret_beside_an_owned_line_reaches_evidence_or_export(tmp_path: pathlib.Path) -> None:
    world = World(tmp_path)
    hide(world)
    secret = world.person / "apps" / "checkout" / "secret.yaml"
    for version in (1, 2):
        secret.write_text(HIDDEN.format(suffix="", version=version))
        git(world.person, "add", "-A")
        git(world.person, "commit", "-q", "-m", f"Prepare 1.{version}.0")
        world.table.failed = {"checkout": 7} if version == 2 else {}
        world.release(f"1.{version}.0")
        world.roll()
    world.close()
    made = pack(world.origin, world.keys.read_text())
    held = zipfile.ZipFile(io.BytesIO(made))

    kept = everything(world)
    assert b"weight: 10" in kept, "the changed lines are there"
    assert b"(a line of a Secret)" in kept, "that a Secret changed is there"
    assert b"report.html" in kept
    assert b"hunter2" in b"".join(
        git(world.origin, "show", f"main:apps/checkout/{name}").encode()
        for name in ("secret-primary.yaml", "deployment-primary.yaml", "virtualservice.yaml")
    )
    assert b"hunter2" not in kept
    assert b"hunter2" not in made
    assert not any(b"hunter2" in held.read(name) for name in held.namelist())
