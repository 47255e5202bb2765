"""What signing costs a commit: `python benchmarks/signing.py`.

A hundred commits, each the parent of the next, as one push makes them: the id of each covers its
signature, so none can be signed before the one in front of it is, and gpg has no mode in which one
process signs time after time. That is why it is started once a commit; its agent stays, and ed25519
keys in OpenSSH's format need no process at all.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# In the place of this folder, whose `git.py` would hide GitPython.
sys.path[0] = str(Path(__file__).parents[1])
from gitops_canary.git.drafting import Signer  # noqa: E402 - after the line above
from gitops_canary.git.identity import choose_ownership  # noqa: E402
from gitops_canary.git.objects import (  # noqa: E402
    EMPTY_TREE,
    Identity,
    Kind,
    RawCommit,
    add_signature,
    build_commit,
    object_id,
    parse_commit,
)
from gitops_canary.git.pgp_signing import load_signer  # noqa: E402
from gitops_canary.git.signing import generate_key  # noqa: E402

COMMITS = 100
WHO = Identity(name="gitops-canary", email="canary@example.com")


def pgp_key(folder: Path) -> Path:
    """Make an OpenPGP key as a person would."""
    home, path = folder / "home", folder / "sign.asc"
    home.mkdir(mode=0o700)
    gpg = ("gpg", "--homedir", str(home), "--batch", "--quiet", "--pinentry-mode", "loopback")
    subprocess.run(
        [*gpg, "--passphrase", "", "--quick-gen-key", "c", "ed25519", "sign", "never"], check=True
    )
    path.write_bytes(
        subprocess.run([*gpg, "--armor", "--export-secret-keys"], check=True, capture_output=True)
        .stdout
    )  # fmt: skip
    path.chmod(0o600)
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=True)
    return path


def chain(key: Signer | None) -> list[RawCommit]:
    """Make commits one on top of the other."""
    made: list[RawCommit] = []
    parent = None
    for number in range(COMMITS):
        body = build_commit(
            tree=EMPTY_TREE,
            parents=[parent] if parent else [],
            who=WHO,
            date_s=1_900_000_000 + number,
            message="canary(prod/checkout): 10% -> 25%\n",
        )
        signed = add_signature(body, key.sign(body, 1_900_000_000 + number)) if key else body
        parent = object_id(Kind.COMMIT, signed)
        made.append(parse_commit(signed))
    return made


def main() -> None:
    """Sign and verify the same chain each way; milliseconds a commit."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        ssh = generate_key(folder / "key")
        pgp = load_signer(pgp_key(folder))
        print("| key | signed, ms a commit | verified, ms a commit | processes a commit |")
        print("|---|---|---|---|")
        for name, key, processes in (("ed25519 as OpenSSH writes it", ssh, 0),
                                     ("ed25519 by gpg", pgp, 1)):  # fmt: skip
            began = time.perf_counter()
            commits = chain(key)
            signed = time.perf_counter()
            ownership = choose_ownership(WHO, None, key)
            asked = time.perf_counter()
            ownership.prepare(commits)
            assert all(map(ownership.ours, commits))
            done = time.perf_counter()
            ownership.close()
            print(f"| {name} | {_ms(signed - began)} | {_ms(done - asked)} | {processes} |")
        pgp.close()


def _ms(spent: float) -> str:
    return f"{1000 * spent / COMMITS:.2f}"


if __name__ == "__main__":
    os.umask(0o077)
    main()
