"""More of what a repository, its server or its machine can do to us."""

import pathlib
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
from git_plans import FILES, OpenRepository, plan, push_one

from gitops_canary.errors import Unavailable
from gitops_canary.git import commands
from gitops_canary.git.address import Address
from gitops_canary.git.process import Runner
from gitops_canary.git.surroundings import Surroundings
from gitops_canary.lab.origin import Origin
from gitops_canary.model.names import Path, Revision


@contextmanager
def dripping(head: bytes) -> Iterator[tuple[str, threading.Event]]:
    """A server that sends some bytes, then one more every now and then; its URL, and its end."""
    over = threading.Event()

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(1 << 16)
            connection.sendall(head)
            while not over.wait(0.02):
                try:
                    connection.sendall(b"x")
                except OSError:
                    return  # the client has had enough

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/x.git", over
        finally:
            over.set()
            thread.join()


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 200 OK\r\nX-Long: ",
     b"HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-result\r\n\r\n"],
)  # fmt: skip
def test_a_server_that_drips_does_not_hold_a_look_up(
    open_repository: OpenRepository, head: bytes
) -> None:
    with dripping(head) as (url, over):
        repository = open_repository(url=url, timeout_ms=400)
        with pytest.raises(Unavailable, match="did not end before its deadline"):
            repository.poll()
        assert not over.is_set(), "it would have gone on dripping"


@pytest.mark.parametrize(
    "url", ["ext::sh -c touch% PWNED", "git://127.0.0.1/x", "file://{origin}", "{origin}", "fd::0"]
)
def test_git_itself_refuses_every_other_protocol(
    origin: Origin, tmp_path: pathlib.Path, url: str
) -> None:
    """Were such a URL ever let through, the environment and the settings stop it again."""
    origin.commit(FILES, "Begin\n")
    pwned = tmp_path / "pwned"
    url = url.replace("PWNED", str(pwned)).replace("{origin}", str(origin.path))
    surroundings = Surroundings(
        directory=tmp_path, address=Address(url, "https"), credentials=None, ca_file=None,
        blob_bytes_max=1, low_speed_s=2,
    )  # fmt: skip
    surroundings.prepare()
    runner = Runner(surroundings, timeout_ms=10_000)
    assert runner.run(commands.INIT).ok
    finished = runner.run(commands.ls_remote(["main"]))
    assert not finished.ok
    assert "not allowed" in finished.err
    assert not pwned.exists()


def test_attributes_change_no_byte(origin: Origin, open_repository: OpenRepository) -> None:
    """Filters, encodings, line ends and long patterns are for checkouts, of which there is none."""
    rules = (
        b"*.yaml filter=evil working-tree-encoding=UTF-16 text eol=crlf ident export-subst\n"
        + b"".join(b"pattern-%d/** diff=x\n" % number for number in range(20_000))
        + b"x" * 5000 + b" text\n"
    )  # fmt: skip
    body = b"a: 1\r\nb: $Id$\n$Format:%H$\n"
    origin.commit({".gitattributes": rules, "a.yaml": body}, "Attributes\n")
    repository = open_repository()
    made = push_one(repository, plan({"b.yaml": body}))
    files = repository.files(made)
    names = [files[Path(path)].id for path in ("a.yaml", "b.yaml")]
    assert set(repository.read(names).values()) == {body}
    assert origin.show("b.yaml", made) == body


def test_modules_are_never_looked_at(origin: Origin, open_repository: OpenRepository) -> None:
    """Nobody else's commits stay out for what a `.gitmodules` says, and nothing is fetched."""
    evil = b"".join(
        b'[submodule "%s"]\n\tpath = x\r\n\turl = %s\n\tupdate = !touch pwned\n' % (name, url)
        for name, url in [
            (b"../../x", b"ext::sh -c id"), (b"a", b"-u./evil"), (b"b", origin.url.encode()),
        ]
    )  # fmt: skip
    origin.commit({".gitmodules": evil + b"[", "a.yaml": b"a\n"}, "Modules\n")
    repository = open_repository()
    made = push_one(repository, plan({"a.yaml": b"b\n"}))
    assert origin.tip() == made
    asked = {target.partition("?")[0].rpartition("/")[2] for target in origin.requests}
    assert asked <= {"refs", "POST /origin.git/git-upload-pack", "git-upload-pack",
                     "git-receive-pack"}  # fmt: skip


def test_thousands_of_refs_and_commits_cost_one_ref_and_one_fetch(
    origin: Origin, seeded: Revision, open_repository: OpenRepository
) -> None:
    repository = open_repository()
    repository.fetch()
    packed = [f"{seeded} refs/pull/{number:06}/head" for number in range(30_000)]
    (origin.path / "packed-refs").write_text(
        "# pack-refs with: sorted\n" + "\n".join(packed) + "\n"
    )
    stream = "".join(
        f"commit refs/heads/main\ncommitter A <a@b> {1_700_000_000 + number} +0000\ndata 2\nx\n\n"
        + (f"from {seeded}\n\n" if number == 0 else "")
        for number in range(8_000)
    )
    origin.git("fast-import", "--quiet", stdin=stream.encode())
    before = len(origin.requests)
    tip = repository.poll()
    assert repository.fetch() == (tip, None)
    assert origin.tip() == tip
    assert len(origin.requests) - before <= 4  # the question, and one fetch
    assert sum(1 for _ in repository.history(Revision(str(tip)), since=seeded)) == 8_000
    assert repository.contains(Revision(str(tip)), seeded)


def test_a_merge_of_sixty_and_a_second_root_are_just_history(
    origin: Origin, seeded: Revision, open_repository: OpenRepository
) -> None:
    sides = [
        origin.commit({f"s{n}": b"s"}, f"Side {n}\n", branch=f"side-{n}", parents=[seeded])
        for n in range(59)
    ]
    root = origin.commit({"other": b"o"}, "Other root\n", branch="other", parents=())
    tip = Revision(origin.commit({"t": b"t"}, "Merge\n", parents=[seeded, *sides, root]))
    repository = open_repository()
    assert repository.fetch() == (tip, None)
    found = list(repository.history(tip))
    assert len(found) == 62
    assert len(found[0].parents) == 61
    assert repository.contains(tip, Revision(root))
    assert push_one(repository, plan({"README": b"1"})) == origin.tip()


def test_grafts_hide_nothing(
    origin: Origin, seeded: Revision, open_repository: OpenRepository, tmp_path: pathlib.Path
) -> None:
    repository = open_repository(directory=tmp_path / "clone")
    made = push_one(repository, plan({"README": b"1"}))
    repository.fetch()
    for git_dir in (origin.path, tmp_path / "clone" / "repo.git"):
        (git_dir / "info").mkdir(exist_ok=True)
        (git_dir / "info" / "grafts").write_text(f"{made}\n")
    assert [commit.revision for commit in repository.history(made)] == [made, seeded]
    assert repository.contains(made, seeded)


def test_our_signature_on_another_parent_is_not_ours(
    origin: Origin, seeded: Revision, open_repository: OpenRepository
) -> None:
    """Who cherry-picks a move by hand, signature and all, has made a commit of their own."""
    repository = open_repository()
    made = push_one(repository, plan({"README": b"1"}))
    other = origin.commit({"x": b"x"}, "Meanwhile\n", parents=[seeded])
    body = origin.git("cat-file", "commit", made).replace(seeded, other) + "\n"
    picked = Revision(
        origin.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=body.encode())
    )
    origin.git("update-ref", "refs/heads/main", picked)
    repository.fetch()
    ours: Mapping[str, bool] = {c.revision: c.ours for c in repository.history(picked)}
    assert ours == {picked: False, other: False, seeded: False}
    assert repository.commit(made).ours


def test_a_clone_needs_nothing_of_its_own_hooks(
    origin: Origin, seeded: Revision, open_repository: OpenRepository, tmp_path: pathlib.Path
) -> None:
    """Settings somebody wrote into the clone's own config are overruled where they would run."""
    repository = open_repository(directory=tmp_path / "clone")
    repository.fetch()
    pwned = tmp_path / "pwned"
    config = tmp_path / "clone" / "repo.git" / "config"
    for key in ("core.fsmonitor", "core.sshCommand", "gpg.program", "core.pager"):
        subprocess.run(["git", "config", "-f", config, key, f"touch {pwned}"], check=True)
    origin.commit({"x": b"x"}, "Next\n", parents=[seeded])
    push_one(repository, plan({"README": b"2"}))
    assert not pwned.exists()
