"""The HTTP server: status page, health, metrics and, where a secret is configured, a webhook."""

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import AsyncIterator, Iterator

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from gitops_canary import __version__
from gitops_canary.app.controller import Controller
from gitops_canary.app.figures import TYPE
from gitops_canary.errors import CanaryError, ConfigError, Refused
from gitops_canary.model.addresses import LOOPBACK
from gitops_canary.settings import ServerSettings
from gitops_canary.web.health import late, unready
from gitops_canary.web.page import page, policy
from gitops_canary.web.webhook import BODY_MAX, Deliveries, address, check_signature, pushed

log = logging.getLogger("gitops_canary")
_TOO_LARGE = 413
_UNAUTHORIZED = 401
_BAD = 400
_ACCEPTED = 202
_UNWELL = 503
_SECRET_MAX = 4096
_MISDIRECTED = 421
_MISSING = 404
_ELSEWHERE = "ask for 127.0.0.1, or let your proxy do so\n"
_FRAMED = "frame-ancestors 'none'; base-uri 'none'"
_SHUT = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""What nobody else may do with the status page: keep it, or learn of it."""


class _Server(uvicorn.Server):
    """Leaves the signals to the controller."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take no signal."""
        yield


class Pages:
    """The endpoints of one controller."""

    def __init__(self, controller: Controller, settings: ServerSettings) -> None:
        self._controller = controller
        self._secret_file = settings.secret_file
        self._own = settings.host in LOOPBACK
        self._deliveries = Deliveries()
        self._began_s = time.monotonic()

    def app(self) -> Starlette:
        """Make the application."""
        routes = [
            Route("/", self._page),
            Route("/rollout/{repository}/{rollout}", self._rollout),
            Route("/healthz", self._healthz),
            Route("/readyz", self._readyz),
            Route("/metrics", self._metrics),
        ]
        if self._secret_file:
            routes.append(Route("/webhook", self._webhook, methods=["POST"]))
        return Starlette(routes=routes)

    async def _page(self, request: Request) -> Response:
        if self._elsewhere(request):
            return PlainTextResponse(_ELSEWHERE, _MISDIRECTED)
        recorded = {x.station.name for x in self._controller.rounds if x.station.evidence}
        now_ms = time.time_ns() // 1_000_000
        still = "still" in request.query_params
        text = page(self._controller.newest.looked(), __version__, now_ms, recorded, still=still)
        return HTMLResponse(text, headers={"Content-Security-Policy": policy(), **_SHUT})

    async def _rollout(self, request: Request) -> Response:
        """Show the report of a canary's newest rollout, as far as it has come."""
        if self._elsewhere(request):
            return PlainTextResponse(_ELSEWHERE, _MISDIRECTED)
        name, rollout = (request.path_params[key] for key in ("repository", "rollout"))
        # What is asked for only chooses among what is known: no path is made of it.
        shown = [
            (one.station, standing)
            for one in self._controller.rounds
            for standing in self._controller.newest.standings()
            if standing.repository == one.station.name == name and standing.rollout == rollout
        ]
        text = None
        for station, standing in shown:
            folder = f"{standing.canary}/{standing.rollout}"
            seen = sum(bool(move.revision) for move in standing.moves)
            try:
                text = await station.page(folder, seen)
            except CanaryError as error:
                return PlainTextResponse(f"{error}\n", _UNWELL, headers=_SHUT)
        if text is None:
            return PlainTextResponse("no decision of such a rollout is known\n", _MISSING)
        # The page itself says that it may load and run nothing.
        return HTMLResponse(text, headers={"Content-Security-Policy": _FRAMED, **_SHUT})

    def _elsewhere(self, request: Request) -> bool:
        """Tell whether another site's name leads here, whose scripts must not read our pages."""
        return self._own and request.url.hostname not in LOOPBACK

    async def _healthz(self, _: Request) -> PlainTextResponse:
        found = late(self._controller.ages_s(), time.monotonic() - self._began_s)
        if found:
            return PlainTextResponse(f"not looked at for long: {', '.join(found)}\n", _UNWELL)
        return PlainTextResponse("ok\n")

    async def _readyz(self, _: Request) -> PlainTextResponse:
        found = unready(self._controller.ages_s())
        if found:
            return PlainTextResponse(f"not looked at yet: {', '.join(found)}\n", _UNWELL)
        # A halted repository does not make the others' webhooks go nowhere, nor an upgrade wait.
        halted = (f"{one.station.name}: {one.halted}\n" for one in self._controller.rounds)
        return PlainTextResponse("".join(("ok\n", *(h for h in halted if not h.endswith(": \n")))))

    async def _metrics(self, _: Request) -> Response:
        return Response(self._controller.figures.text(), media_type=TYPE)

    async def _webhook(self, request: Request) -> PlainTextResponse:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_MAX:
                return PlainTextResponse("the webhook is too large\n", _TOO_LARGE)
        try:
            return PlainTextResponse(self._take(request, bytes(body)), _ACCEPTED)
        except Refused as error:
            return PlainTextResponse(f"{error}\n", _UNAUTHORIZED)
        except CanaryError as error:
            return PlainTextResponse(f"{error}\n", _BAD)

    def _take(self, request: Request, body: bytes) -> str:
        """Check a webhook and hint at what it names."""
        check_signature(body, request.headers.get("x-hub-signature-256", ""), self._secret())
        if request.headers.get("x-github-event", "push") != "push":
            return "only pushes are listened to\n"
        addresses, branch = pushed(body)
        name = request.headers.get("x-github-delivery", "")
        if name and not self._deliveries.take(name):
            return "seen before\n"
        meant = [
            one
            for one in self._controller.rounds
            if one.branch == branch and address(one.url) in addresses
        ]
        for one in meant:
            self._controller.hint(one)
        return f"looking at {len(meant)} repositories\n"

    def _secret(self) -> bytes:
        assert self._secret_file is not None, "there is no webhook without a secret"
        try:
            with self._secret_file.open("rb") as file:
                secret = file.read(_SECRET_MAX).strip()
        except OSError:
            secret = b""
        if not secret:
            log.error("server.webhookSecretFile cannot be read or is empty: no webhook is taken")
            raise Refused("There is no secret.", remedy="write it into server.webhookSecretFile")
        return secret


@contextlib.asynccontextmanager
async def served(controller: Controller, settings: ServerSettings | None) -> AsyncIterator[None]:
    """Serve while the controller runs; None serves nothing.

    Raises:
        ConfigError: the address cannot be listened on.
    """
    if settings is None:
        yield
        return
    config = uvicorn.Config(
        Pages(controller, settings).app(),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        timeout_keep_alive=5,
        timeout_graceful_shutdown=5,
        limit_concurrency=64,
        h11_max_incomplete_event_size=16 * 1024,
    )
    server = _Server(config)
    bound = _bound(config)
    task = asyncio.create_task(server.serve(sockets=[bound]))
    try:
        yield
    finally:
        server.should_exit = True
        await task
        bound.close()


def _bound(config: uvicorn.Config) -> socket.socket:
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    made = socket.socket(family)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((config.host, config.port))
    except OSError as error:
        made.close()
        raise ConfigError(
            f"Nothing can listen on {config.host}:{config.port}: {error.strerror}.",
            remedy="choose another server.listen, or end what listens there",
        ) from error
    return made
