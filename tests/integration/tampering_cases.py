"""Alterations by name: what is done, and what verification has to say about it."""

import json
import re
from collections.abc import Callable
from typing import Any

from recorded_world import EVIDENCE, git
from tampering import ADA, Forge, message, replaced, signature, stranger, trailer, unsigned

Json = dict[str, Any]
WEB_FLOW = b"GitHub <noreply@github.com>"
PGP = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n wsFcBAABCAAQ\n -----END PGP SIGNATURE-----\n"


def weighs(forge: Forge, weight: str) -> Callable[[bytes], bytes]:
    path = "apps/checkout/virtualservice.yaml"
    text = forge.read(path, "main")
    return forge.files("main", {path: text.replace(b"weight: 0", f"weight: {weight}".encode())})


def drop(forge: Forge, back: int) -> None:
    chain = forge.log()
    old, new = chain[back], chain[back + 1]
    for child in reversed(chain[:back]):
        body = forge.body(child).replace(f"parent {old}".encode(), f"parent {new}".encode())
        old, new = child, forge.put(body)
    forge.move("main", new)


def swap(forge: Forge) -> None:
    path = forge.last_decision()
    other = f"{path[:-7]}{int(path[-7:-5]) - 1:02}{path[-5:]}"
    files = {path: forge.read(other), other: forge.read(path)}
    forge.alter(0, forge.files(EVIDENCE, files), EVIDENCE, sign=True)


def sample(document: Json, value: str) -> None:
    row = next(q for q in document["queries"] if "response_code" in q["expression"])
    failed = next(s for s in row["series"] if s["labels"]["response_code"] == "500")
    failed["samples"][-1][1] = value


def silence(document: Json) -> None:
    document["queries"] = []


def passes(document: Json) -> None:
    for one in document["verdicts"][-1]["checks"]:
        one["verdict"] = "pass"


def later(document: Json) -> None:
    document["live"]["since"] = "2026-02-02T02:40:00Z"


def pretty(forge: Forge) -> None:
    path = forge.last_decision()
    forge.redigest(path, json.dumps(json.loads(forge.read(path)), indent=1).encode())


def squashed(forge: Forge) -> None:
    tree = git(forge.clone, "rev-parse", f"{EVIDENCE}^{{tree}}")
    stamp = f"{ADA.decode()} 1770000000 +0000"
    body = f"tree {tree}\nauthor {stamp}\ncommitter {stamp}\n\nSquash\n"
    forge.move(EVIDENCE, forge.put(body.encode()))


def other_key(forge: Forge) -> None:
    key = stranger(forge.clone)
    forge.alter(0, lambda body: forge.sign(body, key))


def borrowed(forge: Forge) -> None:
    other = signature(forge.body(forge.log()[1]))
    forge.alter(0, lambda body: body.replace(signature(body), other))


def merged(forge: Forge) -> None:
    side = forge.log()[5]
    forge.alter(0, lambda b: b.replace(b"\nauthor", f"\nparent {side}\nauthor".encode()), sign=True)


def unpolicied(document: Json) -> None:
    document["policy"]["effective"]["checks"][0]["minimum"] = "50"


def on_disk(forge: Forge) -> None:
    path = forge.last_decision()
    git(forge.clone, "repack", "-q", "-a", "-d")
    name = git(forge.clone, "rev-parse", f"{EVIDENCE}:{path}")
    body = forge.read(path)
    packs = list((forge.clone / "objects/pack").glob("*.pack"))
    kept = packs[0].rename(forge.clone / "kept.pack")
    for rest in (forge.clone / "objects/pack").glob("*"):
        rest.unlink()
    git(forge.clone, "unpack-objects", "-q", stdin=kept.read_bytes())
    forge.loose(name, "blob", body.replace(b"1.2.0", b"1.2.9"))


def sealed(forge: Forge) -> str:
    return forge.last_decision().replace(".json", ".dsse.json")


def link(forge: Forge) -> None:
    path = forge.last_decision()
    forge.alter(
        0, forge.files(EVIDENCE, {path: b"decision-01.json"}, "120000"), EVIDENCE, sign=True
    )


def page(forge: Forge, text: bytes) -> None:
    path = forge.last_decision()[:-16] + "README.md"
    forge.alter(0, forge.files(EVIDENCE, {path: text}), EVIDENCE, sign=True)


CASES: dict[str, tuple[Callable[[Forge], object], str]] = {
    "a word of the message": (
        lambda f: f.alter(1, replaced("pods are ready", "pods are read!")),
        "does not fit",
    ),
    "a trailer": (
        lambda f: f.alter(1, replaced("Canary-Weight: 0->5", "Canary-Weight: 0->90")),
        "does not fit",
    ),
    "the date": (
        lambda f: f.alter(0, lambda b: re.sub(rb"> 17\d+ ", b"> 1760000000 ", b)),
        "does not fit",
    ),
    "the tree": (lambda f: f.alter(0, weighs(f, "30")), "does not fit"),
    "no signature": (lambda f: f.alter(0, unsigned), "it is not signed"),
    "another key": (other_key, "a key that is not trusted"),
    "another commit's signature": (borrowed, "does not fit"),
    "a second signature": (
        lambda f: f.alter(0, lambda b: b.replace(b"gpgsig ", b"gpgsig x\ngpgsig ", 1)),
        "not signed|none of an ed25519",
    ),
    "cherry-picked": (
        lambda f: f.on_top(message(f), b"gitops-canary <canary@example.com>"),
        "it is not signed",
    ),
    "forged by a person": (lambda f: f.on_top(message(f)), "it is not signed"),
    "signed by the forge": (
        lambda f: f.on_top(message(f), WEB_FLOW, extra=PGP),
        "signed by an OpenPGP key, and none of the trusted keys",
    ),
    "half a record": (
        lambda f: f.on_top("x\n\nCanary-Format: 1\nCanary: a/b\n"),
        "it is not signed",
    ),
    "half a record, signed": (
        lambda f: f.alter(0, replaced("Canary-Reverts", "Canary-reverts"), sign=True),
        "not exactly the keys",
    ),
    "replayed on top, signed": (
        lambda f: f.move("main", f.put(f.sign(f.body(f.on_top(message(f)))))),
        "names [0-9a-f]{40} as its previous|may not follow",
    ),
    "a move taken out": (lambda f: drop(f, 1), "does not fit"),
    "the newest moves cut off": (
        lambda f: f.move("main", f.log()[2]),
        "No commit of this branch carries",
    ),
    "a wrong previous move": (
        lambda f: f.alter(
            0,
            lambda b: b.replace(
                b"Canary-Previous: " + trailer(b, "Canary-Previous").encode(),
                b"Canary-Previous: " + f.log()[3].encode(),
            ),
            sign=True,
        ),
        "as its previous move",
    ),
    "a file that is nobody's": (
        lambda f: f.alter(0, f.files("main", {"README.md": b"hi\n"}), sign=True),
        "changes README.md, where it owns nothing",
    ),
    "another weight than told": (
        lambda f: f.alter(0, weighs(f, "7"), sign=True),
        "in another way than its move",
    ),
    "a comment beside the weight": (
        lambda f: f.alter(
            0,
            f.files(
                "main",
                {
                    "apps/checkout/deployment.yaml": f.read("apps/checkout/deployment.yaml", "main")
                    + b"# x\n"
                },
            ),
            sign=True,
        ),
        "in another way",
    ),
    "an executable manifest": (
        lambda f: f.alter(
            0,
            f.files(
                "main",
                {"apps/checkout/deployment.yaml": f.read("apps/checkout/deployment.yaml", "main")},
                "100755",
            ),
            sign=True,
        ),
        "in another way",
    ),
    "a merge as a move": (merged, "it has 2 parents"),
    "a trailer against the evidence": (
        lambda f: f.alter(0, replaced("Canary-Failed: 2/2", "Canary-Failed: 1/2"), sign=True),
        "disagree about failed",
    ),
    "a sample of the evidence": (
        lambda f: f.alter(
            0,
            f.files(
                EVIDENCE, {f.last_decision(): f.read(f.last_decision()).replace(b'"7"', b'"0"')}
            ),
            EVIDENCE,
        ),
        "the sha256 differs",
    ),
    "evidence taken out": (
        lambda f: f.alter(0, f.files(EVIDENCE, {f.last_decision(): None}), EVIDENCE, sign=True),
        "is not on the evidence branch",
    ),
    "evidence exchanged": (swap, "the sha256 differs"),
    "evidence as a link": (link, "is not on the evidence branch"),
    "evidence added": (
        lambda f: f.alter(
            0, f.files(EVIDENCE, {"a/b/0123456789ab/decision-01.json": b"{}"}), EVIDENCE, sign=True
        ),
        "No commit of this branch carries",
    ),
    "a page": (lambda f: page(f, b"fine\n"), "when rebuilt"),
    "a page passed off as an old one": (
        lambda f: page(f, b"<!-- gitops-canary page 1 -->\nfine\n"),
        "when rebuilt",
    ),
    "the evidence branch": (
        lambda f: git(f.clone, "update-ref", "-d", f"refs/heads/{EVIDENCE}"),
        "no evidence branch",
    ),
    "a seal taken out": (
        lambda f: f.alter(0, f.files(EVIDENCE, {sealed(f): None}), EVIDENCE, sign=True),
        "there is no seal",
    ),
    "a seal's signature": (
        lambda f: f.alter(
            0,
            f.files(EVIDENCE, {sealed(f): f.read(sealed(f)).replace(b'"sig":"', b'"sig":"A')}),
            EVIDENCE,
            sign=True,
        ),
        r"no trusted key sealed it\.|no DSSE envelope",
    ),
    "a seal of another decision": (
        lambda f: f.alter(
            0,
            f.files(EVIDENCE, {sealed(f): f.read(sealed(f).replace("03.d", "02.d"))}),
            EVIDENCE,
            sign=True,
        ),
        "it seals something else",
    ),
    "an evidence commit": (
        lambda f: f.alter(0, replaced("evidence:", "Evidence:"), EVIDENCE),
        "evidence branch is not ours",
    ),
    "evidence squashed": (squashed, "evidence branch is not ours"),
    "with the key: a sample": (
        lambda f: f.decide(lambda d: sample(d, "0")),
        "of request-success-rate is",
    ),
    "with the key: no samples": (
        lambda f: f.decide(silence),
        "verdict of request-success-rate is inconclusive",
    ),
    "with the key: a verdict": (
        lambda f: f.decide(passes),
        "verdict of request-success-rate is fail, not pass",
    ),
    "with the key: the live instant": (lambda f: f.decide(later), "evaluation times"),
    "with the key: the exposure": (
        lambda f: f.decide(lambda d: d["exposure"].update(minutes="0.01")),
        "the exposure is",
    ),
    "with the key: the policy": (lambda f: f.decide(unpolicied), "policy's digest"),
    "with the key: a field": (
        lambda f: f.decide(lambda d: d.update(note="fine")),
        "not as its schema says",
    ),
    "with the key: another spelling": (pretty, "not in canonical form"),
}
