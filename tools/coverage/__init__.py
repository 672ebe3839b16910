"""Line and branch coverage of the contracts, from what the EVM executed: `python -m tools.coverage`."""
