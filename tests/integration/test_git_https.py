"""The Git port over https: an authority of one's own, and nobody else's."""

import datetime as dt
import ipaddress
import pathlib
import select
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from git_plans import OpenRepository, plan, push_one

from gitops_canary.errors import Unavailable
from gitops_canary.lab.origin import Origin
from gitops_canary.model.names import Revision

NOW = dt.datetime.now(dt.UTC)


@dataclass(frozen=True, slots=True)
class Secured:
    """A TLS server before the origin, and the file of who vouches for it."""

    url: str
    ca_file: pathlib.Path


def named(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def certify(folder: pathlib.Path) -> pathlib.Path:
    """Make an authority and a certificate for 127.0.0.1; the authority's file."""
    authority, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    day = dt.timedelta(days=1)
    for subject, owner, extension, file in (
        ("authority", authority, x509.BasicConstraints(ca=True, path_length=None), "ca.pem"),
        ("server", key, x509.SubjectAlternativeName(
            [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), "server.pem"),
    ):  # fmt: skip
        made = (
            x509.CertificateBuilder()
            .subject_name(named(subject))
            .issuer_name(named("authority"))
            .public_key(owner.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - day)
            .not_valid_after(NOW + day)
            .add_extension(extension, critical=subject == "authority")
            .sign(authority, SHA256())
        )
        (folder / file).write_bytes(made.public_bytes(Encoding.PEM))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with (folder / "server.pem").open("ab") as sink:
        sink.write(private)
    return folder / "ca.pem"


@contextmanager
def forwarding(context: ssl.SSLContext, port: int) -> Iterator[int]:
    """Take TLS off and pass everything on; the port."""

    def serve(plain: socket.socket) -> None:
        with (
            suppress(OSError),
            context.wrap_socket(plain, server_side=True) as outside,
            socket.create_connection(("127.0.0.1", port)) as inside,
        ):
            other: dict[socket.socket, socket.socket] = {outside: inside, inside: outside}
            while True:
                ready = [outside] if outside.pending() else select.select([*other], [], [])[0]
                for one in ready:
                    if not (data := one.recv(1 << 16)):
                        return
                    other[one].sendall(data)

    def accept(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, args=(listener,), daemon=True).start()
        yield listener.getsockname()[1]
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def secured(origin: Origin, tmp_path: pathlib.Path) -> Iterator[Secured]:
    ca_file = certify(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "server.pem")
    inner = int(origin.url.rpartition(":")[2].partition("/")[0])
    with forwarding(context, inner) as port:
        yield Secured(f"https://127.0.0.1:{port}/{origin.path.name}", ca_file)


def test_everything_works_with_an_authority_of_ones_own(
    origin: Origin, seeded: Revision, open_repository: OpenRepository, secured: Secured
) -> None:
    repository = open_repository(url=secured.url, ca_file=secured.ca_file)
    assert repository.poll() == seeded
    assert repository._remote._poller is not None  # asked by a small request, not by git
    assert push_one(repository, plan({"README": b"1"})) == origin.tip()


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize("by", ["request", "git"])
def test_a_server_nobody_vouches_for_never_sees_the_password(
    origin: Origin, open_repository: OpenRepository, secured: Secured, by: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Neither a small request nor git; nor does a setting of the environment change that."""
    monkeypatch.setenv("GIT_SSL_NO_VERIFY", "1")
    other = secured.url.replace("127.0.0.1", "localhost")  # the certificate is for the number
    for change in ({"url": secured.url}, {"url": other, "ca_file": secured.ca_file}):
        repository = open_repository(**change)
        if by == "git":
            repository._remote._poller = None
        with pytest.raises(Unavailable, match=r"(?i)certificate|SSL"):
            repository.poll()
    assert origin.requests == []


def test_a_proxy_of_the_environment_is_used_and_its_password_told_to_nobody(
    origin: Origin, open_repository: OpenRepository, secured: Secured,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("https_proxy", "http://someone:pr0xy-password@127.0.0.1:1")
    repository = open_repository(url=secured.url, ca_file=secured.ca_file)
    with pytest.raises(Unavailable) as unavailable:
        repository.poll()
    assert "pr0xy-password" not in str(unavailable.value)
    assert origin.requests == []
