"""Verify an evidence package with Python's standard library alone.

    python3 verify.py                      everything; 8 where something differs
    python3 verify.py --explain DECISION   one decision, from samples to verdict

It reads the folder it lies in: SHA256SUMS, public-keys/allowed_signers, commits/, evidence/.
"""

import base64
import hashlib
import json
import re
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
DIFFERS = 8
# Curve and base point of Ed25519 (RFC 8032, section 5.1).
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]
Json = dict[str, Any]


def main(arguments: list[str]) -> int:
    """Run the program; its exit code."""
    if arguments[:1] == ["--explain"]:
        return explain(HERE / arguments[1])
    found = list(sums())
    try:
        found.extend(problems())
    except (ArithmeticError, LookupError, OSError, TypeError, ValueError) as error:
        found.append(f"something cannot be read: {error!r}")
    for problem in found:
        print(f"DIFFERS {problem}")
    counts = len(list((HERE / "commits").iterdir())), len(list(bulk()))
    print(f"{counts[0]} commits, {counts[1]} decisions; {len(found)} differences")
    return DIFFERS if found else 0


def sums() -> Iterator[str]:
    """Hold every file against SHA256SUMS."""
    for line in (HERE / "SHA256SUMS").read_text().splitlines():
        digest, _, name = line.partition("  ")
        data = (HERE / name).read_bytes() if (HERE / name).exists() else b""
        if hashlib.sha256(data).hexdigest() != digest:
            yield f"{name}: its sha256 is not the one in SHA256SUMS"


def problems() -> Iterator[str]:
    """Yield everything else that does not fit."""
    keys = trusted()
    told = {}
    for file in sorted((HERE / "commits").iterdir()):
        body = file.read_bytes()
        yield from (f"commit {file.name}: {text}" for text in commit(file.name, body, keys))
        told[file.name] = trailers(body)
    yield from chain(told)
    digests = {values.get("Canary-Evidence") for values in told.values()}
    for path in bulk():
        data = path.read_bytes()
        name = str(path.relative_to(HERE))
        if f"sha256:{hashlib.sha256(data).hexdigest()}" not in digests:
            yield f"{name}: no commit names its sha256"
        yield from (f"{name}: {text}" for text in again(json.loads(data)) if "is not" in text)


def bulk() -> Iterator[Path]:
    """List the decisions."""
    return iter(sorted((HERE / "evidence").rglob("decision-*.json")))


def trusted() -> list[bytes]:
    """Read the public keys, 32 bytes each."""
    text = (HERE / "public-keys" / "allowed_signers").read_text()
    return [base64.b64decode(key)[-32:] for key in re.findall(r"ssh-ed25519 (\S+)", text)]


def commit(name: str, body: bytes, keys: list[bytes]) -> Iterator[str]:
    """Check one commit's name and signature."""
    header = b"commit %d\0" % len(body)
    if hashlib.sha1(header + body, usedforsecurity=False).hexdigest() != name:
        yield "its bytes are not those its name stands for"
    if b"\ngpgsig -----BEGIN PGP SIGNATURE-----\n" in body:
        yield from openpgp(body)
        return
    found = re.search(rb"gpgsig (-----BEGIN SSH SIGNATURE-----\n(?: .*\n)*)", body)
    if not found:
        yield "it is not signed by SSH"
        return
    lines = found.group(1).replace(b"\n ", b"\n").splitlines()[1:-1]
    blob = base64.b64decode(b"".join(lines))
    public, namespace, _, algorithm, signature = strings(blob[10:])
    payload = body.replace(found.group(0), b"", 1)
    if public[-32:] not in keys:
        yield "it is signed by a key that is not in public-keys/allowed_signers"
    parts = (namespace, b"", algorithm, hashlib.sha512(payload).digest())
    signed = b"SSHSIG" + b"".join(struct.pack(">I", len(part)) + part for part in parts)
    if namespace != b"git" or not ed25519(public[-32:], signature[-64:], signed):
        yield "its signature does not fit its bytes"


def openpgp(body: bytes) -> Iterator[str]:
    """Check an OpenPGP signature by gpg, which must be there, with the package's keys alone."""
    head, _, message = body.partition(b"\n\n")
    found = re.search(rb"\ngpgsig (.*(?:\n .*)*)", head)
    assert found, "its first line is there"
    with tempfile.TemporaryDirectory() as home:
        sig, data = Path(home) / "sig", Path(home) / "data"
        sig.write_bytes(found.group(1).replace(b"\n ", b"\n") + b"\n")
        data.write_bytes(head[: found.start()] + head[found.end() :] + b"\n\n" + message)
        gpg = ["gpg", "--homedir", home, "--batch", "--quiet", "--no-autostart"]
        take = [*gpg, "--import", str(HERE / "public-keys" / "allowed_signers")]
        subprocess.run(take, check=False, stderr=subprocess.DEVNULL)
        gpg += ["--status-fd", "1", "--verify", str(sig), str(data)]
        told = subprocess.run(gpg, check=False, capture_output=True).stdout
    if b" VALIDSIG " not in told or b" REVKEYSIG " in told:
        yield "no key in public-keys/allowed_signers made its signature of these bytes"


def chain(told: dict[str, dict[str, str]]) -> Iterator[str]:
    """Check that each commit's previous one is there, and was left at the weight it starts from."""
    for name, values in told.items():
        before = told.get(values.get("Canary-Previous", ""))
        if before is None and values.get("Canary-Previous") not in {"none", None}:
            yield f"commit {name}: its previous move {values['Canary-Previous']} is not here"
        elif before and values["Canary-Action"] in {"promote", "finish"}:
            left, starts = before["Canary-Weight"], values["Canary-Weight"]
            if left.partition("->")[2] != starts.partition("->")[0]:
                yield f"commit {name}: it starts from {starts}, the one before it left {left}"


def trailers(body: bytes) -> dict[str, str]:
    """Read the last paragraph of a message."""
    lines = body.decode().rstrip("\n").rpartition("\n\n")[2].splitlines()
    return {key: value for key, _, value in (line.partition(": ") for line in lines)}


def again(decision: Json) -> Iterator[str]:
    """Compute every check of every verdict again; one sentence each."""
    policy = decision["policy"]["effective"]
    judge = (policy.get("judge") or {"type": "threshold"})["type"]
    checks = {check["name"]: check for check in policy["checks"]}
    for verdict in decision["verdicts"]:
        for one in verdict["checks"]:
            check = checks.get(one["name"])
            where = f"at {verdict['at']} {one['name']}"
            if judge != "threshold":
                yield f"{where}: {one['verdict']}, {one['why']}; judge {judge}, not computed here"
                continue
            if check is None or one["value"] is None:
                yield f"{where}: {one['verdict']}, {one['why']}"
                continue
            values = list(computed(decision, check, verdict["at"]))
            if not values:
                provider = decision["measured"]["provider"]
                yield f"{where}: this script cannot read the series of {provider}"
                continue
            low = check["minimum"] is not None
            value = min(values) if low else max(values)
            if value != Decimal(one["value"]):
                yield f"{where}: the samples give {value}, which is not {one['value']}"
            outcome = "pass" if within(value, check) else "fail"
            if outcome != one["verdict"]:
                yield f"{where}: {value} against {one['limit']} is {outcome}, "
                yield f"{where}: the verdict is not {one['verdict']}"
            yield f"{where}: {value}, limit {one['limit']}: {outcome}"
        yield from outcome_of(verdict) if judge == "threshold" else ()


def outcome_of(verdict: Json) -> Iterator[str]:
    """Join the checks: one failure fails, else silence is inconclusive."""
    seen = {one["verdict"] for one in verdict["checks"]}
    worst = next((o for o in ("fail", "inconclusive", "pass") if o in seen), "inconclusive")
    same = "as recorded" if worst == verdict["outcome"] else f"which is not {verdict['outcome']}"
    yield f"at {verdict['at']} all checks together: {worst}, {same}"


def within(value: Decimal, check: Json) -> bool:
    """Compare with the limits, both ends included."""
    low, high = check["minimum"], check["maximum"]
    return (low is None or value >= Decimal(low)) and (high is None or value <= Decimal(high))


def computed(decision: Json, check: Json, at: str) -> Iterator[Decimal]:
    """Compute a check's value from the raw samples, one for each side that saw requests."""
    measured = decision["measured"]
    mine = measured.get("workload", measured["target"])
    rows = [(series["labels"], value, query["expression"])
            for query in decision["queries"] for series in query["series"]
            for at_ms, value in series["samples"] if at_ms == instant(at)]  # fmt: skip
    if check["builtin"] is None:
        asked = {check["query"].strip()}
        found = [value for _, value, expression in rows if expression.strip() in asked]
        yield from (Decimal(value) for value in found[:1])
        return
    own = [row for row in rows if row[0].get("destination_workload") == mine]
    for side in sorted({labels.get("reporter", "") for labels, _, _ in own}):
        seen = [row for row in own if row[0].get("reporter", "") == side]
        if check["builtin"] == "request-duration":
            quantiles = [Decimal(v) for _, v, text in seen if "histogram_quantile" in text]
            yield from (v.quantize(Decimal("0.0001"), ROUND_CEILING) for v in quantiles)
            continue
        counts = [(labels["response_code"], Decimal(v)) for labels, v, _ in seen
                  if "response_code" in labels]  # fmt: skip
        total = sum(value for _, value in counts)
        good = sum(value for code, value in counts if not code.startswith("5"))
        if total:
            yield (100 * good / total).quantize(Decimal("0.0001"), ROUND_FLOOR)


def instant(text: str) -> int:
    """Read an instant; milliseconds since the epoch."""
    moment = datetime.strptime(text[:19] + "+0000", "%Y-%m-%dT%H:%M:%S%z")
    return int(moment.timestamp()) * 1000 + int(text[20:-1] or 0)


def explain(path: Path) -> int:
    """Show one decision from its samples to its verdict."""
    data = path.read_bytes()
    decision = json.loads(data)
    print(f"{decision['canary']} {decision['action']}: {decision['reason']}")
    print(f"sha256:{hashlib.sha256(data).hexdigest()}")
    for query in decision["queries"]:
        print(f"\nasked {query['source']}: {query['expression']}")
        for series in query["series"]:
            at_ms, value = series["samples"][-1]
            print(f"  {json.dumps(series['labels'])} last {value} at {at_ms}")
    found = list(again(decision))
    print("", *found, sep="\n")
    return DIFFERS if any("is not" in text for text in found) else 0


def strings(data: bytes) -> list[bytes]:
    """Read length-prefixed strings."""
    parts = []
    while data:
        size = int.from_bytes(data[:4], "big")
        parts.append(data[4 : 4 + size])
        data = data[4 + size :]
    return parts


def ed25519(public: bytes, signature: bytes, message: bytes) -> bool:
    """Verify a signature: S*B = R + H(R, A, M)*A (RFC 8032, section 5.1.7)."""
    key, first = decoded(public), decoded(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if key is None or first is None or s >= ORDER:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little")
    y = 4 * pow(5, P - 2, P) % P
    base = decoded(y.to_bytes(32, "little"))
    assert base is not None, "the base point is on the curve"
    left, right = times(s, base), added(first, times(k % ORDER, key))
    same_x = (left[0] * right[2] - right[0] * left[2]) % P == 0
    return same_x and (left[1] * right[2] - right[1] * left[2]) % P == 0


def decoded(data: bytes) -> Point | None:
    """Read a point of the curve."""
    value = int.from_bytes(data, "little")
    y, odd = value & ((1 << 255) - 1), value >> 255
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * ROOT % P
    if (x * x - square) % P or y >= P:
        return None
    x = P - x if x & 1 != odd else x
    return x, y, 1, x * y % P


def added(a: Point, b: Point) -> Point:
    """Add two points in extended coordinates."""
    first, second = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    third, fourth = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = second - first, fourth - third, fourth + third, second + first
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(count: int, point: Point) -> Point:
    """Add a point to itself so many times."""
    total: Point = (0, 1, 1, 0)
    while count:
        total = added(total, point) if count & 1 else total
        point, count = added(point, point), count >> 1
    return total


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
