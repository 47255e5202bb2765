"""Asking one metric provider of the stand-in, and judging what it answers."""

import asyncio
import json
import logging
from collections.abc import Mapping
from decimal import Decimal

from provider_answers import AT, PROVIDERS, SECOND, SECRET
from provider_server import Reply, Server

from gitops_canary.core.course import Course
from gitops_canary.http import Opening
from gitops_canary.manifest.document import parse
from gitops_canary.manifest.spec_file import read_canary
from gitops_canary.metrics import METRICS
from gitops_canary.model.observation import Answer, Question


class Asking:
    """Asks one provider, and looks after the secrets in whatever comes of it."""

    def __init__(self, server: Server, loop: asyncio.Runner, opening: Opening, name: str) -> None:
        self.server = server
        self.loop = loop
        self.opening = opening
        self.name = name

    def __call__(self, reply: Reply, **rest: object) -> Answer:
        return self.asked([reply], **rest)[0]

    def asked(self, replies: list[Reply], **rest: object) -> list[Answer]:
        """Ask once for each reply, of one client."""
        opening = self._with(rest)
        question = Question(
            source="default", expression=PROVIDERS[self.name].query, start_ms=AT, end_ms=AT,
            step_ms=60_000, lookback_ms=60_000,
        )  # fmt: skip

        async def go() -> list[Answer]:
            client = METRICS[self.name](opening)
            assert SECRET not in repr(client)
            found = []
            for reply in replies:
                self.server.reply = reply
                found.append((await client.ask([question]))[question])
            await client.aclose()
            return found

        self.server.asked.clear()
        found = self.loop.run(go())
        for one in found:
            assert SECRET not in repr(one), "an answer holds the secret"
            assert SECOND not in repr(one), "an answer holds the secret"
        return found

    def judged(self, reply: Reply) -> str:
        """Ask what a Canary with one check would ask, and judge the answer; 100 is the most."""
        check = {"name": "errors", "source": self.name, "query": PROVIDERS[self.name].query,
                 "interval": "60s", "thresholdRange": {"max": 100}}  # fmt: skip
        document = {
            "apiVersion": "gitops-canary.dev/v1alpha1",
            "kind": "Canary",
            "metadata": {"name": "web", "namespace": "prod"},
            "spec": {
                "provider": "istio",
                "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
                "analysis": {"interval": "60s", "threshold": 1, "stepWeight": 50,
                             "judge": {"type": "threshold"}, "metrics": [check]},
            },
        }  # fmt: skip
        [node] = parse(json.dumps(document), file="canary.yaml")
        assert node is not None
        spec = read_canary(node, file="canary.yaml", templates=lambda *_: None)
        course = Course(
            policy=spec.policy, spec=spec, live_ms=AT - 60_000, now_ms=AT + 20_000,
            scrape_ms=15_000, delay_ms=20_000, weight=Decimal(50), last=False,
        )  # fmt: skip

        async def go() -> str:
            client = METRICS[self.name](self.opening)
            self.server.reply = reply
            answers = await client.ask(course.questions())
            await client.aclose()
            [verdict] = course.verdicts(answers)
            return verdict.outcome.value

        return self.loop.run(go())

    def _with(self, rest: Mapping[str, object]) -> Opening:
        given = {field: getattr(self.opening, field) for field in Opening.__slots__}
        return Opening(**{**given, **rest})


class Watch(logging.Handler):
    """Notes what is logged."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
