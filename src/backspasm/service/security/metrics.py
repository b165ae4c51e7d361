"""Prometheus metrics: counts and times by route template; no label holds anything of a patient or a caller."""

from __future__ import annotations

import os

from litestar import Response, get
from litestar.datastructures import State
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

#: Litestar adds the charset itself
_MEDIA_TYPE = CONTENT_TYPE_LATEST.removesuffix("; charset=utf-8")
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

disable_created_metrics()  # type: ignore[no-untyped-call]  # a time for every series, of no use here


class Metrics:
    """The instruments of one application. Workers of one service share them through PROMETHEUS_MULTIPROC_DIR."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        own = {"namespace": "backspasm", "registry": self.registry}
        self.requests = Counter("requests", "Requests answered.", ["method", "route", "status"], **own)  # type: ignore[arg-type]
        self.seconds = Histogram(
            "request_seconds",
            "Time from the first byte of a request's body to the answer.",
            ["route"],
            buckets=_SECONDS,
            **own,  # type: ignore[arg-type]
        )
        self.refused = Counter("refused", "Requests turned away before any route.", ["reason"], **own)  # type: ignore[arg-type]
        self.assessments = Counter("assessments", "Assessments made, by urgency.", ["urgency"], **own)  # type: ignore[arg-type]
        self.repeated = Counter("repeated", "Answers given again to the very same question.", **own)  # type: ignore[arg-type]
        self.store_failures = Counter("store_failures", "Times that the store failed.", **own)  # type: ignore[arg-type]
        self.at_work = Gauge("at_work", "Requests at work.", multiprocess_mode="livesum", **own)  # type: ignore[arg-type]

    def text(self) -> bytes:
        """All metrics in the text format of Prometheus."""
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self.registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)


@get("/metrics", sync_to_thread=False, include_in_schema=False)
def metrics(state: State) -> Response[bytes]:
    """For Prometheus."""
    return Response(state.metrics.text(), media_type=_MEDIA_TYPE)


ROUTES = (metrics,)
