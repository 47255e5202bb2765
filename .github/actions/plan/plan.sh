#!/usr/bin/env bash
# Plans the base and the head of a pull request in a copy of the checkout, and tells what differs.
# Nothing is pushed; no metric source or cluster is asked.
set -euo pipefail

fail() { printf '::error::%s\n' "$1"; exit 2; }

if [ "$(git -C "$GITHUB_WORKSPACE" rev-parse --is-shallow-repository)" = true ]; then
  fail "The checkout has no history: set fetch-depth: 0 on actions/checkout."
fi
[ -n "$BASE" ] || fail "There is no base to compare with: run this on pull_request."
work=$(mktemp -d "${RUNNER_TEMP:-/tmp}/gitops-canary.XXXXXX")
trap 'rm -rf "$work"' EXIT
git clone -q --bare --shared "$GITHUB_WORKSPACE" "$work/config.git"
for name in base head; do
  revision=$BASE
  [ "$name" = base ] || revision=$HEAD
  git -C "$work/config.git" update-ref "refs/heads/gitops-canary-plan/$name" "$revision" || {
    fail "The $name commit of the pull request is not in the checkout: set fetch-depth: 0 on actions/checkout."
  }
done
(umask 077 && printf '%s\n' "$TOKEN" > "$work/token")

# JSON is YAML, and quotes whatever a workflow passes.
# Isolated: a json.py in the pull request must not be what is imported.
python -I - "$work" <<'PYTHON' || exit 2
import json, os, re, sys

work, env = sys.argv[1], os.environ
committer = re.fullmatch(r"(.*?) *<(.*)>", env["COMMITTER"].strip())
if committer is None:
    print("::error::The input committer is not like: gitops-canary <gitops-canary@localhost>")
    sys.exit(2)
name, email = committer.groups()
for branch in ("base", "head"):
    repository = {
        "name": "config",
        "url": f"file://{work}/config.git",
        "allowFile": True,
        "branch": f"gitops-canary-plan/{branch}",
        "paths": [line.strip() for line in env["PATHS"].splitlines() if line.strip()],
        "provider": env["PROVIDER"],
        "forge": {
            "type": "github",
            "url": env["GITHUB_API_URL"],
            "repository": env["GITHUB_REPOSITORY"],
            "tokenFile": f"{work}/token",
        },
    }
    settings = {
        "repositories": [repository],
        "identity": {"name": name, "email": email},
        "metrics": {"sources": {"default": {"type": "prometheus", "url": "http://127.0.0.1:9"}}},
        "sync": {"type": "traffic"},
    }
    with open(f"{work}/{branch}.yaml", "w") as file:
        json.dump(settings, file)
PYTHON

arguments=(--config "$work/head.yaml" --against "$work/base.yaml" --sheet)
if [ "$COMMENT" = true ] && [ -n "$NUMBER" ]; then
  arguments+=(--pull-request "$NUMBER")
fi
code=0
gitops-canary plan "${arguments[@]}" > "$work/sheet" 2> "$work/talk" || code=$?
# A pull request from a fork has a token that may not comment: the summary has to do.
# Its words may quote the repository; only our own warnings are commands to the runner.
sed -e 's/::/: :/g' -e 's/##\[/# # [/g' -e 's/^warning: /::warning::/' "$work/talk"
cat "$work/sheet" >> "${GITHUB_STEP_SUMMARY:-/dev/stdout}"
# 3, 4 and 6: something waits for time, a person, or measurements nobody asked for here.
case "$code" in 0 | 3 | 4 | 6) exit 0 ;; *) exit "$code" ;; esac
