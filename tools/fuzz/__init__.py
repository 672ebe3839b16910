"""The state machines of the contracts, run for as long as asked for: `python -m tools.fuzz`."""
