"""The operator's settings as values; `app.config.load` reads them from controller.yaml."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from gitops_canary.model.addresses import check_address
from gitops_canary.model.request import Method


class Evidence(Enum):
    """Where the bulk behind a decision is kept."""

    BRANCH = "branch"
    OFF = "off"


class SyncType(Enum):
    """What tells that a commit is live."""

    TRAFFIC = "traffic"
    NONE = "none"
    ARGOCD = "argocd"
    FLUX = "flux"
    KUBERNETES = "kubernetes"
    COMMIT_STATUS = "commit-status"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeSettings:
    """Where the authors of changes are told."""

    type: str
    """Key of `forge.FORGES`."""
    url: str
    """Base URL of its API."""
    repository: str
    """`owner/name`."""
    token_file: Path
    """File with a token, read for every notice, so that it may rotate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverySettings:
    """How moves come to the branch where nobody may push to it: by pull requests."""

    merges: bool = True
    """Whether the controller merges what the branch's rules allow; else people do."""
    method: Method = Method.MERGE
    """How it merges; `merge` because that alone keeps the commit that we signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositorySettings:
    """One config repository and how the controller works with it."""

    name: str
    """The repository's name in logs and reports; unique."""
    url: str
    """`https`, `ssh`; `http` to this machine only, `file` where `allow_file`; no credentials."""
    branch: str = "main"
    """Short name of the one branch that is watched and written."""
    paths: tuple[str, ...] = ()
    """Folders the controller reads Canaries in and writes in; empty is the whole repository."""
    poll_ms: int = 30_000
    """Milliseconds between two looks; a look without news costs one small request."""
    username: str | None = None
    """Login at the Git server; with `password_file` or not at all."""
    password_file: Path | None = None
    """File with the password or token, read whenever Git asks, so that it may rotate."""
    ca_file: Path | None = None
    """Certificates to trust instead of the system's, for a server with its own authority."""
    ssh_key_file: Path | None = None
    """Key for ssh; with `known_hosts_file` or not at all, then ssh's own settings apply."""
    known_hosts_file: Path | None = None
    """The hosts' public keys, as in known_hosts; no other host is spoken to."""
    pushes_per_minute: int = 6
    """Pushes in a minute at most, aborts aside; 6 is what GitHub advises."""
    allow_file: bool = False
    """Whether `url` may be a path on this machine; off because Git runs hooks of a local path."""
    lean: bool = False
    """Whether the clone leaves out every file until it is read; off, as each look may then have to
    fetch once more."""
    default_provider: str = "istio"
    """Router of Canaries that name none; istio because that is Flagger's own default."""
    forge: ForgeSettings | None = None
    """Where authors are told; None tells nobody."""
    forge_commits: bool = False
    """Whether a commit that the forge wrote is ours where our seal binds just what it does; off
    because then a signature taken off is not told from one that never was."""
    delivery: DeliverySettings | None = None
    """How pull requests are used; None pushes."""
    initialise: bool = False
    """Whether a primary that is missing is written by the controller; off so that nobody's first
    Canary changes more than they expect."""
    allow_missing: frozenset[str] = frozenset()
    """Flagger fields this operator does without, although they are not honoured yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentitySettings:
    """The committer of the controller's commits."""

    name: str = "gitops-canary"
    """Name in every commit; without signing it is what makes a commit the controller's own."""
    email: str = "gitops-canary@localhost"
    """Address in every commit; it need not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningSettings:
    """How the controller proves that a commit is its own."""

    key_file: Path
    """Key without a passphrase, readable by the controller alone: OpenSSH's ed25519 or OpenPGP."""
    trusted_keys: tuple[Path, ...] = ()
    """Files like allowed_signers; empty trusts `key_file` alone. Old keys stay here on a change."""
    format: str = "ssh"
    """`ssh`, or `gpg` with a key of any kind that gpg signs with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """One place measurements come from."""

    type: str
    """Which API it speaks: a key of `metrics.METRICS`; `prometheus` fits Thanos and Mimir too."""
    url: str
    """Base URL, `http` or `https`, without credentials."""
    scrape_ms: int = 15_000
    """Milliseconds between two samples of a series; Prometheus' usual setting."""
    scrape_timeout_ms: int = 10_000
    """Milliseconds a scrape may take; Prometheus' own default, never more than the interval."""
    lag_ms: int = 5_000
    """Milliseconds until a sample can be asked for once it is scraped; covers remote write."""
    timeout_ms: int = 10_000
    """Milliseconds all questions of one look may take together."""
    addresses: frozenset[str] = frozenset()
    """URLs that documents may carry for this source; they are compared, never asked."""
    token_file: Path | None = None
    """File with a bearer token, read for every look, so that it may rotate."""
    username: str | None = None
    """Login for basic authentication; with `password_file` or not at all."""
    password_file: Path | None = None
    """File with the password, read like `token_file`."""
    ca_file: Path | None = None
    """Certificates to trust instead of the system's."""
    secret_files: Mapping[str, Path] = field(default_factory=dict)
    """Files with what else the service wants, by Flagger's names for it."""
    options: Mapping[str, str] = field(default_factory=dict)
    """What the service has to be told besides, e.g. a region or a project."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Sent with every request, e.g. the tenant of a Mimir."""
    header_files: Mapping[str, Path] = field(default_factory=dict)
    """Files with headers that are secret, read like `token_file`."""

    def allows(self, address: str) -> bool:
        """Tell whether a document may carry this URL: it is the source's own, or is listed."""
        try:
            plain = check_address(address)
        except ValueError:
            return False
        return plain == self.url or plain in self.addresses


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings:
    """One service that canaries may have called."""

    url: str
    """Where it is called; a Flagger document may add a path below it."""
    addresses: frozenset[str] = frozenset()
    """URLs that documents may carry for it; they are compared, never called."""
    timeout_ms: int = 300_000
    """Milliseconds one attempt may take, whatever a document says."""
    secret_file: Path | None = None
    """File with the secret that messages are signed with; without it they are not signed."""
    token_file: Path | None = None
    """File with a bearer token."""
    ca_file: Path | None = None
    """Certificates to trust instead of the system's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifierSettings:
    """One place where people are told."""

    type: str
    """Key of `notify.NOTIFIERS`."""
    address_file: Path
    """File with the URL messages are posted to, read for each; such URLs are secrets."""
    token_file: Path | None = None
    """File with a bot's token, for slack and matrix."""
    channel: str = ""
    """Channel, or a matrix room's id; the address's own where empty."""
    username: str = "gitops-canary"
    """Who it seems to come from, for slack, rocket and discord."""
    ca_file: Path | None = None
    """Certificates to trust instead of the system's."""
    timeout_ms: int = 10_000
    """Milliseconds one message may take."""
    providers: frozenset[str] = frozenset()
    """`namespace/name` of Flagger's AlertProviders that mean this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncSettings:
    """One source that tells that a commit is live; of several all must agree."""

    type: SyncType
    """`traffic` looks in measurements, `none` waits, the others ask that engine's API."""
    delay_ms: int = 0
    """Milliseconds from a commit until `none` takes it as live; 0 for `traffic`."""
    settle_ms: int = 30_000
    """Milliseconds after which a fact no source shows is taken as live."""
    source: str = "default"
    """Name of the metric source that `traffic` asks."""
    url: str = ""
    """Base URL of Argo CD, or of the Kubernetes API for `flux` and `kubernetes`."""
    token_file: Path | None = None
    """File with a bearer token, read for every request, so that it may rotate."""
    ca_file: Path | None = None
    """Certificates to trust instead of the system's."""
    timeout_ms: int = 10_000
    """Milliseconds one look at all moves may take."""
    applications: tuple[str, ...] = ()
    """Argo CD Applications to look at; empty is all that the token may see."""
    repository: str = ""
    """`owner/name` at the forge whose commit statuses are read."""
    contexts: tuple[str, ...] = ()
    """Commit statuses that have to succeed; `*` stands for anything."""
    refresh: bool = False
    """Whether the engine is asked to look at Git after each push."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Where health and the webhook are served."""

    host: str = "127.0.0.1"
    """Address to listen on; only this machine's own unless the operator says otherwise."""
    port: int = 8787
    """TCP port."""
    secret_file: Path | None = None
    """File with the secret a forge signs its webhooks with; without it there is no webhook."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything controller.yaml says."""

    repositories: tuple[RepositorySettings, ...]
    """The repositories to look after; at least one."""
    sources: Mapping[str, SourceSettings]
    """Metric sources by the name Canaries use; at least one."""
    sync: tuple[SyncSettings, ...]
    """What tells that a commit is live; at least one, all must agree."""
    identity: IdentitySettings = field(default_factory=IdentitySettings)
    """The committer of the controller's commits."""
    signing: SigningSettings | None = None
    """None trusts the committer's identity, which anybody who may push can write."""
    evidence: Evidence = Evidence.BRANCH
    """Where raw samples, verdicts and policy of a decision go; `off` keeps commit messages only."""
    server: ServerSettings | None = None
    """Where health and the webhook are served; None serves nothing."""
    webhooks: Mapping[str, WebhookSettings] = field(default_factory=dict)
    """Services that canaries may have called, by the name our own documents use."""
    notifiers: Mapping[str, NotifierSettings] = field(default_factory=dict)
    """Where people are told, by the name documents use."""
