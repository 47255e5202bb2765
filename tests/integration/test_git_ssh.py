"""The Git port over ssh, to a real sshd on loopback: one key, and only hosts that are known."""

import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from git_plans import FILES, OpenRepository, plan, push_one
from real.ports import free_port

from gitops_canary.errors import ConfigError, Refused
from gitops_canary.git.signing import generate_key
from gitops_canary.lab.origin import Origin
from gitops_canary.model.names import Path

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
pytestmark = pytest.mark.skipif(
    SSHD is None and "CI" not in os.environ, reason="no sshd here (Debian: openssh-server)"
)


@dataclass(frozen=True, slots=True)
class Server:
    """A running sshd; `key` may log in, `known` names the host."""

    url: str
    key: pathlib.Path
    known: pathlib.Path


@pytest.fixture
def server(origin: Origin, tmp_path: pathlib.Path) -> Iterator[Server]:
    folder = tmp_path / "sshd"
    folder.mkdir(mode=0o700)
    for name in ("host", "client"):
        generate_key(folder / name)
    port = free_port()
    public = (folder / "host.pub").read_text()
    (folder / "known").write_text(f"[127.0.0.1]:{port} {public}")
    config = folder / "config"
    config.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nPidFile none\n"
        f"AuthorizedKeysFile {folder}/client.pub\nStrictModes no\nUsePAM no\n"
        "PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\n"
        "AcceptEnv none\n"
    )
    pathlib.Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    assert SSHD is not None
    child = subprocess.Popen([SSHD, "-D", "-e", "-f", str(config)], stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, child)
        user = pwd.getpwuid(os.getuid()).pw_name
        yield Server(
            f"ssh://{user}@127.0.0.1:{port}{origin.path}", folder / "client", folder / "known"
        )
    finally:
        child.terminate()
        child.wait(60)


def _wait_for(port: int, child: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if child.poll() is not None:
            assert "CI" not in os.environ, "sshd ended"
            pytest.skip("sshd does not start for this user")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("sshd does not listen")


def by_ssh(server: Server, **changes: Any) -> Mapping[str, Any]:
    return {
        "url": server.url, "username": None, "password_file": None,
        "ssh_key": server.key, "known_hosts": server.known, **changes,
    }  # fmt: skip


def test_everything_works_over_ssh(
    origin: Origin, open_repository: OpenRepository, server: Server
) -> None:
    seeded = origin.commit(FILES, "Begin\n")
    repository = open_repository(**by_ssh(server))
    assert repository.poll() == seeded
    made = push_one(repository, plan({"README": b"1"}), plan({"p": b"{}"}))
    assert origin.tip() == made
    tip, evidence = repository.fetch()
    assert evidence == origin.tip("gitops-canary/evidence")
    files = repository.files(tip)
    assert repository.read([files[Path("README")].id]) == {files[Path("README")].id: b"1"}


def test_an_unknown_host_and_an_unknown_key_are_refused(
    origin: Origin, open_repository: OpenRepository, server: Server, tmp_path: pathlib.Path
) -> None:
    origin.commit(FILES, "Begin\n")
    empty = tmp_path / "nobody"
    empty.write_text("")
    with pytest.raises(Refused, match="Host key verification failed"):
        open_repository(**by_ssh(server, known_hosts=empty)).poll()
    stranger = tmp_path / "stranger"
    generate_key(stranger)
    with pytest.raises(Refused, match="Permission denied"):
        open_repository(**by_ssh(server, ssh_key=stranger)).poll()


def test_a_key_needs_its_hosts_and_a_path_that_ssh_takes(
    open_repository: OpenRepository, tmp_path: pathlib.Path
) -> None:
    odd = tmp_path / "a key"
    odd.write_text("")
    url = "ssh://git@127.0.0.1/x.git"
    for key, known in ((odd, None), (None, odd), (odd, odd), (tmp_path / "none", odd)):
        with pytest.raises(ConfigError):
            open_repository(url=url, username=None, password_file=None, ssh_key=key,
                            known_hosts=known)  # fmt: skip
