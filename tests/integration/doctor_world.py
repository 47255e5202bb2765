"""What the primary of the tests of `doctor` did lately, as a mesh counts it."""

import time

from prometheus_server import Written

EVERY_MS = 1_000
OWN = {
    "destination_workload_namespace": "prod",
    "destination_workload": "checkout-primary",
    "reporter": "destination",
}


def now_ms() -> int:
    return int(time.time()) * 1000


def traffic() -> list[Written]:
    """Write the primary's last two minutes and the next ten: every request answered, and fast."""
    now = now_ms()
    times = range(now - 120_000, now + 600_000, EVERY_MS)
    counts = [(at, float(100 * n)) for n, at in enumerate(times)]
    buckets = {"10": 1.0, "1000": 1.0, "+Inf": 1.0}
    return [
        Written("up", {"job": "envoy"}, [(at, 1.0) for at in times]),
        Written("scrape_duration_seconds", {"job": "envoy"}, [(at, 0.05) for at in times]),
        Written("istio_requests_total", {**OWN, "response_code": "200"}, counts),
        *(
            Written(
                "istio_request_duration_milliseconds_bucket",
                {**OWN, "response_code": "200", "le": le},
                [(at, count * share) for at, count in counts],
            )
            for le, share in buckets.items()
        ),
    ]
