"""Many canaries at once: one list for all, few questions about ancestry."""

import asyncio
import copy
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from api_server import TOKEN, ApiServer
from engine_shapes import ADVANCE, NEWER, OURS, WRITTEN, Silent, application

from gitops_canary.model.names import CanaryId, Revision
from gitops_canary.model.observation import Expectation, Liveness
from gitops_canary.sync import SYNC, Closing, Options


def many(count: int) -> tuple[dict[str, Any], list[Expectation]]:
    """Give as many Applications as canaries, each with ten syncs of long ago."""
    answers, moves = application(10), []
    (one,) = answers["/api/v1/applications"]["items"]
    items = []
    for number in range(count):
        app = copy.deepcopy(one)
        app["metadata"]["name"] = f"app-{number}"
        for thing in app["status"]["resources"]:
            thing["name"] = f"shop-{number}"
        older = [
            {"revision": f"{number * 10 + i:040x}", "deployedAt": "2026-02-01T09:00:00Z"}
            for i in range(10)
        ]
        app["status"]["history"] = [*older, *app["status"]["history"][1:]]
        items.append(app)
        resource = answers["/api/v1/applications/shop/resource"]
        answers[f"/api/v1/applications/app-{number}/resource"] = resource
        ref = replace(ADVANCE.routes[0], name=f"shop-{number}")
        moves.append(replace(ADVANCE, canary=CanaryId(f"prod/shop-{number}"), routes=(ref,)))
    answers["/api/v1/applications"] = {"items": items}
    return answers, moves


def test_many_canaries_cost_one_list_and_few_questions_about_ancestry(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(TOKEN)
    answers, moves = many(40)
    questions: list[Revision] = []

    async def contains(revision: Revision, sought: Revision) -> bool:
        questions.append(revision)
        return sought == OURS and revision in {OURS, NEWER}

    async def ask(url: str) -> Mapping[Expectation, Liveness]:
        source = SYNC["argocd"](Options(url=url, token_file=token, contains=contains))
        assert isinstance(source, Closing)
        try:
            return await source.observe(moves, Silent(), 0)
        finally:
            await source.aclose()

    with ApiServer(answers) as server:
        found = asyncio.run(ask(server.url))
    assert {one.live_ms for one in found.values()} == {WRITTEN}
    assert [path for path, _ in server.asked].count("/api/v1/applications") == 1
    assert len(server.asked) == 1 + len(moves)
    assert len(questions) == 2 * len(moves), "nothing from before the commit is asked about"
