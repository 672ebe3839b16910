"""Counters for Prometheus, one set an application."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Metrics:
    """All of them; `registry` holds them."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "cluster_relay_requests", "Chat requests by outcome", ["status", "code"], registry=self.registry
        )
        self.paid = Counter(
            "cluster_relay_paid_microdollars",
            "Micro-dollars of served requests",
            ["model"],
            registry=self.registry,
        )
        self.tokens = Counter(
            "cluster_relay_tokens",
            "Tokens of served requests",
            ["model", "direction"],
            registry=self.registry,
        )
        self.settle_seconds = Histogram(
            "cluster_relay_settle_seconds", "From payment header to settled", registry=self.registry
        )
        self.upstream_seconds = Histogram(
            "cluster_relay_upstream_first_byte_seconds",
            "From asking a provider to its first byte; whole answers to their last",
            ["provider"],
            registry=self.registry,
        )
        self.upstream_failures = Counter(
            "cluster_relay_upstream_failures",
            "Answers that a provider did not give",
            ["provider"],
            registry=self.registry,
        )
        self.running = Gauge("cluster_relay_running", "Paid requests under way", registry=self.registry)
