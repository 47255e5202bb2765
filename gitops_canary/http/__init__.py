"""The one way HTTP services are asked: capped bodies, deadlines, no redirects, hidden secrets."""

from gitops_canary.http.opening import Failed, Opening, Secrets, secrets_of
from gitops_canary.http.session import BODY_MAX, Reply, Request, Session, clock_ms, no_cookies

__all__ = [
    "BODY_MAX", "Failed", "Opening", "Reply", "Request", "Secrets", "Session", "clock_ms",
    "no_cookies", "secrets_of",
]  # fmt: skip
