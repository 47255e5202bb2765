"""A newcomer with nothing but the zip: recompute one pass and one fail by its README."""

import hashlib
import io
import json
import pathlib
import re
import shlex
import subprocess
import sys
import zipfile

import pytest
from recorded_world import EVIDENCE, World, two_rollouts
from test_gnupg import Maker

from gitops_canary.app.package import Wanted, package
from gitops_canary.core.controls import FRAMEWORKS
from gitops_canary.git.objects import Identity
from gitops_canary.git.ownership import trust
from gitops_canary.git.plain import PlainClone


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    world: World = two_rollouts(tmp_path_factory.mktemp("world"))
    world.close()
    return pack(world.origin, world.keys.read_text())


def pack(origin: pathlib.Path, keys: str) -> bytes:
    clone = PlainClone(origin)
    wanted = Wanted(
        tip=clone.resolve("main"),
        evidence=clone.resolve(EVIDENCE),
        since_ms=0,
        until_ms=4_000_000_000_000,
        keys=keys,
        controls=FRAMEWORKS["soc2"],
    )
    ownership = trust(Identity(name="n", email="e@x"), [("keys", keys)], ())
    first = package(clone, ownership, wanted)
    assert first == package(clone, ownership, wanted)
    clone.close()
    ownership.close()
    return first


@pytest.fixture
def folder(packed: bytes, tmp_path: pathlib.Path) -> pathlib.Path:
    zipfile.ZipFile(io.BytesIO(packed)).extractall(tmp_path)
    return tmp_path


def run(folder: pathlib.Path, command: str) -> tuple[int, str]:
    """Run one line of the README without our packages, as on a machine that has none of them."""
    program, *rest = shlex.split(command)
    assert program == "python3"
    argv = [sys.executable, "-I", "-S", *rest]
    finished = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
    assert not finished.stderr
    return finished.returncode, finished.stdout


def test_every_step_of_the_readme_works(folder: pathlib.Path) -> None:
    steps = re.findall(r"```sh\n(.*?)\n```", (folder / "README.md").read_text())

    told = [run(folder, step) for step in steps]

    assert [code for code, _ in told] == [0, 0, 0]
    assert "11 commits, 11 decisions; 0 differences" in told[0][1]
    assert "request-success-rate: 100.0000, limit >= 99: pass" in told[1][1]
    assert "request-success-rate: 93.0000, limit >= 99: fail" in told[2][1]


def test_the_population_is_there_with_its_times(folder: pathlib.Path) -> None:
    changes = json.loads((folder / "changes.json").read_text())

    assert [one["outcome"] for one in changes] == ["rolled out", "rolled back"]
    assert all(one["began"] < one["ended"] and len(one["source"]) == 40 for one in changes)


@pytest.mark.parametrize("kind", ["evidence", "commits", "public-keys", "changes.json"])
def test_one_changed_byte_is_found(folder: pathlib.Path, kind: str) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    victim = next(p for p in files if str(p.relative_to(folder)).startswith(kind))
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 1
    victim.write_bytes(bytes(data))

    code, told = run(folder, "python3 verify.py")

    assert code == 8
    assert victim.name in told


def test_a_forged_signature_is_found_although_the_sums_fit(folder: pathlib.Path) -> None:
    victim = min((folder / "commits").iterdir())
    body = victim.read_bytes().replace(b"canary(", b"Canary(", 1)
    victim.write_bytes(body)
    sums = folder / "SHA256SUMS"
    fixed = re.sub(
        rf"[0-9a-f]{{64}}  commits/{victim.name}",
        f"{hashlib.sha256(body).hexdigest()}  commits/{victim.name}",
        sums.read_text(),
    )
    sums.write_text(fixed)

    code, told = run(folder, "python3 verify.py")

    assert code == 8
    assert "signature does not fit" in told
    assert "not those its name stands for" in told


def test_another_judge_is_told_and_not_taken_for_a_difference(folder: pathlib.Path) -> None:
    victim = min((folder / "evidence").rglob("decision-03.json"))
    document = json.loads(victim.read_text())
    document["policy"]["effective"]["judge"] = {"type": "sequential", "shadows": []}
    victim.write_text(json.dumps(document))

    code, told = run(folder, f"python3 verify.py --explain {victim.relative_to(folder)}")

    assert code == 0
    assert "judge sequential, not computed here" in told


def test_commits_signed_by_gpg_are_checked_by_gpg(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: pathlib.Path
) -> None:
    maker = Maker(tmp_path_factory.mktemp("gpg") / "home")
    public = maker.key("controller <c@example.com>")
    secret = tmp_path_factory.mktemp("key") / "sign.asc"
    secret.write_text(maker.run("--armor", "--export-secret-keys"))
    secret.chmod(0o600)
    maker.close()
    world = World(tmp_path_factory.mktemp("world"), signing_key=secret)
    world.release("1.1.0")
    world.roll()
    world.close()
    zipfile.ZipFile(io.BytesIO(pack(world.origin, public))).extractall(tmp_path)

    assert "8 commits, 8 decisions; 0 differences" in run(tmp_path, "python3 verify.py")[1]

    victim = min((tmp_path / "commits").iterdir())
    victim.write_bytes(victim.read_bytes().replace(b"canary(", b"Canary(", 1))
    assert "made its signature of these bytes" in run(tmp_path, "python3 verify.py")[1]
