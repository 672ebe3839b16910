"""How many calls each state machine makes in `make test`; together at least 100,000. docs/testing.md tells why."""

PROMISED = {
    "agents": 8_000,
    "channels": 6_000,
    "compute": 6_000,
    "market": 50_000,
    "models": 8_000,
    "payments": 16_000,
    "protocol": 40_000,
    "settlement": 6_000,
    "token": 10_000,
}
"""By room: transactions, without the views that compare."""
