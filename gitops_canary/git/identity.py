"""Who we are to git: the name in our commits, our login, the keys that prove us."""

import pathlib

from gitops_canary.errors import ConfigError
from gitops_canary.git.objects import Identity
from gitops_canary.git.ownership import Ownership, trust
from gitops_canary.git.pgp_signing import SecretKey
from gitops_canary.git.signing import SigningKey
from gitops_canary.git.surroundings import Credentials, Ssh

_CRUD = " .,:;\"\\'"
"""Git strips these from both ends of a name; we do not have them to begin with."""


def check_identity(name: str, email: str) -> Identity:
    """Accept a committer's name and e-mail that git stores as they are; ConfigError otherwise."""
    for what, text in (("name", name), ("email", email)):
        plain = text.isprintable() and not set(text) & set("<>")
        if not text or text.strip(_CRUD) != text or not plain:
            raise ConfigError(
                f"{ascii(text)[:100]} cannot be a committer's {what}",
                remedy="use printable text without < and >, and no punctuation at its ends",
            )
    return Identity(name=name, email=email)


def credentials(username: str | None, password_file: pathlib.Path | None) -> Credentials | None:
    """Accept a user and a password file, or neither; the file is read by git's helper only.

    Raises:
        ConfigError: one of them is missing, or the file cannot be read.
    """
    if username is None and password_file is None:
        return None
    if username is None or password_file is None or not username.isprintable():
        raise ConfigError(
            "credentials need a username and a passwordFile",
            remedy="give both, or neither where the repository asks for none",
        )
    try:
        empty = not password_file.read_bytes().strip()
    except OSError as error:
        raise ConfigError(
            f"the password file {password_file} cannot be read: {error.strerror}",
            remedy="correct credentials.passwordFile or the file's permissions",
        ) from error
    if empty:
        raise ConfigError(
            f"the password file {password_file} is empty", remedy="write the password into it"
        )
    return Credentials(username=username, password_file=password_file.absolute())


def ssh_login(key_file: pathlib.Path | None, known_hosts: pathlib.Path | None) -> Ssh | None:
    """Accept a key and the hosts it is for, or neither; both are read by ssh only.

    Raises:
        ConfigError: one of them is missing, cannot be read, or cannot be named to ssh.
    """
    if key_file is None and known_hosts is None:
        return None
    if key_file is None or known_hosts is None:
        raise ConfigError(
            "ssh needs a key and the hosts it may be shown to",
            remedy="give sshKeyFile and knownHostsFile; ssh-keyscan shows a host's keys",
        )
    for path in (key_file, known_hosts):
        named = str(path.absolute())
        if not path.is_file() or not named.isprintable() or set(named) & set("\"'% \\"):
            raise ConfigError(
                f"{ascii(named)[:200]} is no file that ssh could be given",
                remedy="correct sshKeyFile and knownHostsFile; no spaces or quotes in their paths",
            )
    return Ssh(key_file=key_file.absolute(), known_hosts=known_hosts.absolute())


def choose_ownership(
    identity: Identity, text: str | None, key: SigningKey | SecretKey | None
) -> Ownership:
    """Tell which keys make a commit ours: those named, else our own, else none.

    Raises:
        ConfigError: keys are named and ours is not among them.
    """
    line = key.public_line if isinstance(key, SigningKey) else ""
    block = key.public_block() if isinstance(key, SecretKey) else ""
    if text is None:
        if key is None:
            return Ownership(identity, ())
        return trust(identity, [("the signing key", block or line)], ())
    found = trust(identity, [("signing.trustedKeys", text)], ())
    known = {one.public for one in found.trusted}
    pgp = found.openpgp.fingerprints if found.openpgp else frozenset()
    own = key is None or (
        key.public in known if isinstance(key, SigningKey) else key.fingerprint in pgp
    )
    if not own:
        found.close()
        raise ConfigError(
            "signing.trustedKeys lacks the controller's own key",
            remedy=f"add this line: gitops-canary {line}" if line else f"add this key:\n{block}",
        )
    return found
