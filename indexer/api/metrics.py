"""Figures for Prometheus."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.responses import Response

from indexer.sync import Status

TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8"


class _Figures(Collector):
    def __init__(self, status: Status) -> None:
        self._status = status

    def collect(self) -> Iterator[Metric]:
        status = self._status
        for name, text, value in (
            ("head_block", "Newest block of the node", status.head),
            ("indexed_block", "Last block that was read", status.indexed),
            ("lag_blocks", "Blocks between the two", status.lag),
            ("up", "1 if nothing has to be waited out", int(status.error is None)),
        ):
            if value is not None:
                yield GaugeMetricFamily(f"cluster_indexer_{name}", text, value=value)
        for name, text, value in (
            ("reorganizations", "Reorganizations taken back", status.reorgs),
            ("deep_reorganizations", "Of them, deeper than the journal", status.deep_reorgs),
            ("logs", "Logs read since the start", status.logs),
        ):
            yield CounterMetricFamily(f"cluster_indexer_{name}", text, value=value)


class Metrics:
    """The `/metrics` page."""

    def __init__(self, status: Status) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Figures(status))

    def page(self) -> Response:
        """All figures as text."""
        return Response(generate_latest(self._registry), media_type=TEXT_FORMAT)
