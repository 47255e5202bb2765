"""What controller.yaml looks like: strict models, from which its JSON Schema is made."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from gitops_canary.app.config_values import (
    Address,
    BranchName,
    File,
    Folder,
    Header,
    KeyFile,
    Listen,
    Long,
    Name,
    Option,
    Poll,
    Scrape,
    SecretFile,
    Timeout,
    Wait,
    choice,
)
from gitops_canary.forge import FORGES
from gitops_canary.manifest.providers import OWN_PROVIDERS
from gitops_canary.metrics import METRICS
from gitops_canary.model.request import Method
from gitops_canary.notify import NOTIFIERS
from gitops_canary.sync import SYNC

SOURCE_LATER = ("cortex", "mimir", "thanos", "victoriametrics")
"""Those that speak Prometheus' API can be configured as `prometheus`."""
FORGES_LATER = ("gitlab", "gitea", "forgejo", "bitbucket")


class _Strict(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        alias_generator=to_camel,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
    )


class Credentials(_Strict):
    """Login at the Git server."""

    username: str = Field(min_length=1)
    """Login name."""
    password_file: SecretFile
    """File with the password or token."""


class Forge(_Strict):
    """Where the authors of changes are told: a commit status, and one comment on the request."""

    type: Annotated[str, AfterValidator(choice(*FORGES, later=FORGES_LATER))]
    """Which forge it is."""
    url: Address = "https://api.github.com"
    """Base URL of its API."""
    repository: str = Field(pattern=r"^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$")
    """Owner and name, e.g. acme/config."""
    token_file: SecretFile
    """File with a token that may write commit statuses and pull request comments."""


class Delivery(_Strict):
    """How moves come to the branch."""

    type: Annotated[str, AfterValidator(choice("push", "pull-request"))]
    """push commits to the branch; pull-request opens one for each move, see the how-to."""
    merge: Annotated[str, AfterValidator(choice("controller", "people"))] = "controller"
    """Who merges: controller, as soon as the branch's rules allow, or people alone."""
    method: Annotated[str, AfterValidator(choice(*(one.value for one in Method)))] = "merge"
    """How the controller merges: merge keeps its commit; squash and rebase need forgeCommits."""


class Repository(_Strict):
    """One config repository."""

    name: Name
    """Name in logs and reports."""
    url: str
    """https or ssh; http to this machine only, file where allowFile; never with credentials."""
    branch: BranchName = "main"
    """Short name of the branch that is watched and written."""
    paths: list[Folder] = Field(default_factory=list)
    """Folders the controller reads Canaries in and writes in; none is the whole repository."""
    poll: Poll = Field(default="30s", validate_default=True)
    """Time between two looks, from 100ms; sooner where there is more to judge."""
    credentials: Credentials | None = None
    """Login for https."""
    ca_file: File | None = None
    """Certificates to trust instead of the system's."""
    ssh_key_file: SecretFile | None = None
    """Key for ssh, with knownHostsFile; without them ssh's own settings apply."""
    known_hosts_file: File | None = None
    """Public keys of the hosts that the key may be shown to, as in known_hosts."""
    pushes_per_minute: int = Field(default=6, ge=1, le=600)
    """Pushes in a minute at most, aborts aside."""
    allow_file: bool = False
    """Whether url may be a path on this machine."""
    lean: bool = False
    """Whether the clone holds no file before it is read: less disk, a fetch more at a change."""
    provider: Annotated[str, AfterValidator(choice(*OWN_PROVIDERS))] = "istio"
    """Router of Canaries that name none; istio is Flagger's default too."""
    forge_commits: bool = False
    """Whether a commit that the forge wrote, e.g. on a squash, counts where our seal vouches."""
    forge: Forge | None = None
    """Where authors are told; without it nobody is."""
    delivery: Delivery | None = None
    """How moves come to the branch; without it they are pushed."""
    initialise: bool = False
    """Whether the controller writes the primary of a Canary that has none, as `init` would."""
    allow_missing: list[str] = Field(default_factory=list)
    """Flagger fields to do without, e.g. analysis.webhooks."""


class Identity(_Strict):
    """The committer of the controller's commits."""

    name: str = "gitops-canary"
    """Committer's name."""
    email: str = "gitops-canary@localhost"
    """Committer's address; it need not exist."""


class Signing(_Strict):
    """How commits are signed."""

    format: Annotated[str, AfterValidator(choice("ssh", "gpg"))] = "ssh"
    """Kind of signature."""
    key_file: KeyFile
    """Key without a passphrase, mode 600: OpenSSH's ed25519, or an armoured OpenPGP secret key."""
    trusted_keys: list[File] = Field(default_factory=list)
    """Like allowed_signers, or OpenPGP blocks; these keys make a commit the controller's own."""


class Source(_Strict):
    """One place measurements come from."""

    type: Annotated[str, AfterValidator(choice(*METRICS, later=SOURCE_LATER))]
    """Which API it speaks."""
    url: Address
    """Base URL, without credentials."""
    scrape_interval: Scrape = Field(default="15s", validate_default=True)
    """Time between two samples of a series."""
    scrape_timeout: Scrape | None = None
    """Time a scrape may take; 10s for prometheus, which is its default, at most the interval."""
    lag: Wait = Field(default="5s", validate_default=True)
    """Time until a sample can be asked for once its scrape is over."""
    timeout: Timeout = Field(default="10s", validate_default=True)
    """Time all questions of one look may take together."""
    addresses: list[Address] = Field(default_factory=list)
    """URLs that documents may carry for this source; its own url counts."""
    token_file: SecretFile | None = None
    """File with a bearer token."""
    username: str | None = None
    """Login for basic authentication."""
    password_file: SecretFile | None = None
    """File with its password."""
    ca_file: File | None = None
    """Certificates to trust instead of the system's."""
    secret_files: dict[str, SecretFile] = Field(default_factory=dict)
    """Files with what else the type needs, e.g. datadog_api_key."""
    options: dict[str, Option] = Field(default_factory=dict)
    """What else the type has to be told, e.g. a region or a project."""
    headers: dict[str, Header] = Field(default_factory=dict)
    """Headers of every request, e.g. X-Scope-OrgID; nothing secret."""
    header_files: dict[str, SecretFile] = Field(default_factory=dict)
    """Files with headers that are secret, one line each."""


class Metrics(_Strict):
    """Where measurements come from."""

    sources: dict[Name, Source] = Field(min_length=1)
    """Metric sources by the name Canaries use."""


class Webhook(_Strict):
    """One service that canaries may have called."""

    url: Address
    """Where it is called; a Flagger document may add a path below it."""
    addresses: list[Address] = Field(default_factory=list)
    """URLs that documents may carry for it; its own url counts."""
    timeout: Long = Field(default="5m", validate_default=True)
    """Time one attempt may take, whatever a document says."""
    secret_file: SecretFile | None = None
    """File with the secret messages are signed with, as whsec_ and base64, or as it is."""
    token_file: SecretFile | None = None
    """File with a bearer token."""
    ca_file: File | None = None
    """Certificates to trust instead of the system's."""


class Notifier(_Strict):
    """One place where people are told."""

    type: Annotated[str, AfterValidator(choice(*NOTIFIERS))]
    """Which service it is."""
    address_file: SecretFile
    """File with the URL messages are posted to, a secret; of matrix the homeserver's."""
    token_file: SecretFile | None = None
    """File with a bot's token, for slack and matrix."""
    channel: str = Field(default="", pattern=r"^[A-Za-z0-9_#@!.:-]{0,200}$")
    """Channel, or a matrix room's id."""
    username: str = Field(default="gitops-canary", pattern=r"^[A-Za-z0-9 _.-]{1,80}$")
    """Who it seems to come from."""
    ca_file: File | None = None
    """Certificates to trust instead of the system's."""
    timeout: Timeout = Field(default="10s", validate_default=True)
    """Time one message may take."""
    providers: list[Annotated[str, Field(pattern=r"^[a-z0-9-]{1,63}/[a-z0-9.-]{1,253}$")]] = Field(
        default_factory=list
    )
    """AlertProviders that mean this one, as namespace/name; its own name counts."""


class Sync(_Strict):
    """What tells that a commit is live."""

    type: Annotated[str, AfterValidator(choice(*SYNC))]
    """traffic looks in measurements, none waits for delay, the others ask that engine's API."""
    delay: Wait | None = None
    """Time from a commit until none takes it as live."""
    settle: Wait = Field(default="30s", validate_default=True)
    """Time after which a fact no source shows is taken as live."""
    source: str = "default"
    """Metric source that traffic asks."""
    url: Address | None = None
    """Base URL of Argo CD, of the Kubernetes API, or for commit-status of GitHub's own."""
    token_file: File | None = None
    """File with a bearer token; a service account's own may be read by its whole pod."""
    ca_file: File | None = None
    """Certificates to trust instead of the system's."""
    timeout: Timeout = Field(default="10s", validate_default=True)
    """Time one look at all moves may take."""
    applications: list[Name] = Field(default_factory=list)
    """Argo CD Applications to look at; none is all that the token may see."""
    repository: str = Field(default="", pattern=r"^([A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+)?$")
    """Owner and name at GitHub, for commit-status."""
    contexts: list[Annotated[str, Field(pattern=r"^[^*?\[\]][^?\[\]]{0,199}$")]] = Field(
        default_factory=list
    )
    """Commit statuses that all have to succeed, for commit-status; * stands for anything."""
    refresh: bool = False
    """Whether argocd or flux is asked to look at Git after each push."""


class Server(_Strict):
    """Where health and the webhook are served."""

    listen: Listen = "127.0.0.1:8787"
    """Address and port; another than this machine's own needs allowRemote."""
    allow_remote: bool = False
    """Whether other machines may ask: health tells names of repositories, the webhook is signed."""
    webhook_secret_file: SecretFile | None = None
    """File with the secret a forge signs its webhooks with; without it there is no webhook."""


def _listed(value: object) -> object:
    return [value] if isinstance(value, dict) else value


class Document(_Strict):
    """The operator's settings of gitops-canary."""

    repositories: list[Repository] = Field(min_length=1)
    """The config repositories to look after."""
    identity: Identity = Identity()
    """The committer of the controller's commits."""
    signing: Signing | None = None
    """Without it the committer's identity tells whose commit it is, which is weaker."""
    metrics: Metrics
    """Where measurements come from."""
    sync: Annotated[
        list[Sync],
        BeforeValidator(_listed, json_schema_input_type=Sync | list[Sync]),
        Field(min_length=1),
    ]
    """What tells that a commit is live; of a list all must agree."""
    evidence: Annotated[str, AfterValidator(choice("branch", "off", later=("tree",)))] = "branch"
    """Where the bulk behind a decision is kept."""
    server: Server | None = None
    """Where health and the webhook are served; without it nothing is."""
    webhooks: dict[Name, Webhook] = Field(default_factory=dict)
    """Services that canaries may have called."""
    notifiers: dict[Name, Notifier] = Field(default_factory=dict)
    """Where people are told."""
