"""Every argv git is ever started with, made from checked values; anything else is a bug."""

import pathlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

_REVISION = re.compile(r"[0-9a-f]{40}")
_WORD = re.compile(r"[A-Za-z0-9\\][A-Za-z0-9:. -]{0,252}")
HEADS = "refs/heads/"
TRACKING = "refs/remotes/origin/"
"""Where the remote's branches lie in our clone."""


@dataclass(frozen=True, slots=True)
class Command:
    """One shape of a git command."""

    argv: tuple[str, ...]
    network: bool = False
    """Whether it may talk to the remote; all others may talk to nobody."""
    partial: bool = False
    """Whether it is told that the clone leaves large blobs out; others find them missing."""
    unchecked: bool = False
    """Whether objects are taken as they come, where `rejection.is_unread` allows it."""
    settings: tuple[tuple[str, str], ...] = ()
    """Settings of its own."""

    @property
    def name(self) -> str:
        """The subcommand, for messages."""
        return self.argv[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """One branch's way in a push."""

    branch: str
    old: str | None
    """The tip it must still have; None: it must not exist."""
    new: str


INIT = Command(("init", "--quiet", "--bare", "--template=", "--object-format=sha1"))
REFS = Command(("for-each-ref", "--format=%(objectname) %(refname)", TRACKING))
CAT_FILE = Command(("cat-file", "--batch-command"))
INDEX_PACK = Command(("index-pack", "--stdin", "--fix-thin", "--fsck-objects"))
INDEX_PACK_UNCHECKED = Command(("index-pack", "--stdin", "--fix-thin"))
_OLD = "2.weeks.ago"
"""Whatever nothing refers to is kept so long: a look under way may still need it."""
# No bitmap: git cannot write one where large blobs may be left out, and fails for it. What seems to
# be unreachable becomes loose and is not dropped: git before 2.48 takes objects of ours for that as
# soon as one it fetched refers to them.
REPACK = Command(("repack", "-q", "-d", "-l", "-A", "--no-write-bitmap-index"), partial=True)
PRUNE_PACKED = Command(("prune-packed", "--quiet"))
PRUNE = Command(("prune", f"--expire={_OLD}"), partial=True)


def pack_loose(place: pathlib.Path) -> Command:
    """Put all loose objects that the branches reach into one pack; the end of its name is told.

    `place` is its path up to that; those left out for their size do not matter.
    """
    options = ("--quiet", "--all", "--unpacked", "--incremental", "--non-empty")
    return Command(("pack-objects", *options, "--missing=allow-any", str(place)))


def ls_remote(branches: Sequence[str]) -> Command:
    """Ask for exactly these branches."""
    refs = (HEADS + branch for branch in branches)
    return Command(("ls-remote", "--quiet", "origin", *refs), network=True)


def ls_below(folder: str) -> Command:
    """Ask for every branch below a folder of names, e.g. `gitops-canary/main/`."""
    return Command(("ls-remote", "--quiet", "origin", f"{HEADS}{folder}*"), network=True)


def fetch(branches: Sequence[str], *, unchecked: bool) -> Command:
    """Fetch exactly these branches, whatever became of them."""
    specs = (f"+{HEADS}{branch}:{TRACKING}{branch}" for branch in branches)
    options = ("--quiet", "--atomic", "--no-tags", "--no-write-fetch-head")
    quiet = ("--no-recurse-submodules", "--no-auto-maintenance", "--no-show-forced-updates")
    argv = ("fetch", *options, *quiet, "origin", *specs)
    # Three lines of advice about that, before any error, would be most of what is told of it.
    settings = (("advice.fetchShowForcedUpdates", "false"),)
    return Command(argv, network=True, partial=True, unchecked=unchecked, settings=settings)


FETCH_BLOBS = Command(
    ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules",
     "--no-auto-maintenance", "--filter=blob:none", "--stdin", "origin"),
    network=True, partial=True,
    # Told which commits we have, a server would take it that we have their files.
    settings=(("fetch.negotiationAlgorithm", "noop"),),
)  # fmt: skip
"""Fetch objects, as their ids say on standard input; `--filter` is for what they refer to."""


def push(updates: Sequence[Update], *, atomic: bool, rehearse: bool = False) -> Command:
    """Move the branches from their old tips to the new ones: all or none, never by force.

    With `rehearse` nothing is sent: the server is only asked whether we may.
    """
    leases = (f"--force-with-lease={HEADS}{u.branch}:{u.old or ''}" for u in updates)
    specs = (f"{_revision(u.new)}:{HEADS}{u.branch}" for u in updates)
    options = (*(["--atomic"] if atomic else []), *(["--dry-run"] if rehearse else []))
    return _push(*options, *leases, "origin", *specs)


def delete(branch: str, tip: str) -> Command:
    """Delete a branch that still has this tip."""
    lease = f"--force-with-lease={HEADS}{branch}:{_revision(tip)}"
    return _push(lease, "origin", f":{HEADS}{branch}")


def _push(*words: str) -> Command:
    options = ("--porcelain", "--no-verify", "--no-signed", "--no-follow-tags")
    argv = ("push", *options, "--recurse-submodules=no", *words)
    # The branches it moves there are moved in our clone as well.
    tracked = (("remote.origin.fetch", f"+{HEADS}*:{TRACKING}*"),)
    return Command(argv, network=True, partial=True, settings=tracked)


def rev_list(tip: str, *, since: str | None = None, mentioning: str | None = None) -> Command:
    """List everything reachable, children before parents, newest first.

    `since` leaves out what is reachable from it, `mentioning` what lacks these words.
    """
    grep = ("--fixed-strings", f"--grep={_word(mentioning)}") if mentioning else ()
    seen = (f"^{_revision(since)}",) if since else ()
    return Command(("rev-list", "--topo-order", *grep, _revision(tip), *seen, "--"))


def path_to(tip: str, since: str) -> Command:
    """List the commits of a branch that descend from one, children before parents."""
    ends = (_revision(tip), f"^{_revision(since)}")
    return Command(("rev-list", "--topo-order", "--ancestry-path", *ends, "--"))


def grep(revisions: Iterable[str], folders: Sequence[str], *, perl: bool) -> Command:
    """List the YAML files that match a pattern of standard input, as `revision:path`, NUL after.

    A revision may be a directory's. One thread, since others only wait for each other. The options
    say all that settings or attributes could: bytes are searched as they are, binary or not.
    """
    options = ("--files-with-matches", "--null", "--full-name", "--threads=1", "--no-color")
    bytes_ = ("--text", "--no-textconv", "--no-recurse-submodules")
    dialect = "--perl-regexp" if perl else "--extended-regexp"
    where = (spec for folder in folders for spec in _yaml_below(folder))
    argv = ("grep", *options, *bytes_, dialect, "-f", "-", *map(_revision, revisions), "--")
    # Nobody is asked whether a branch bears an id as its name.
    plain = (("core.warnAmbiguousRefs", "false"),)
    return Command((*argv, *(where if folders else ("*.yaml", "*.yml"))), settings=plain)


def _yaml_below(folder: str) -> Iterator[str]:
    """Name the YAML files below a folder, or the file of that name."""
    parts = [part for part in folder.split("/") if part]
    if {".", ".."} & set(parts) or "\0" in folder:
        raise ValueError(f"{ascii(folder)[:60]} is not a folder to look in")
    literal = re.sub(r"([][*?\\])", r"\\\1", "/".join(parts))
    for suffix in (".yaml", ".yml"):
        yield f":(top,glob){literal}/**/*{suffix}" if parts else f":(top)*{suffix}"
    if parts and literal.endswith((".yaml", ".yml")):
        yield f":(top,glob){literal}"


def is_ancestor(ancestor: str, revision: str) -> Command:
    """Ask whether one commit is the other or reachable from it: exit 0 yes, 1 no."""
    return Command(("merge-base", "--is-ancestor", _revision(ancestor), _revision(revision)))


def is_revision(text: str) -> bool:
    """Tell whether a text is a full id."""
    return _REVISION.fullmatch(text) is not None


def branch_of(ref: str) -> str:
    """Take the prefix off a full name of a branch, ours or the remote's."""
    return ref.removeprefix(HEADS).removeprefix(TRACKING)


def _word(text: str) -> str:
    if _WORD.fullmatch(text) is None:
        raise ValueError(f"{ascii(text)[:60]} is not a word to look for")
    return text


def _revision(text: str) -> str:
    if not is_revision(text):
        raise ValueError(f"{ascii(text)[:60]} is not a full id")
    return text
