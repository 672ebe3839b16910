"""Settings of the local stack's relay, as its operator would write them."""

import json
import os
from pathlib import Path

from cluster.stack.accounts import account
from cluster.stack.ports import Ports

MODEL = "cluster/smollm2-135m-instruct"

_TOML = """\
# Written by the local stack at each start.
host = "127.0.0.1"
port = {port}
journal = {journal}

[chain]
rpc = [{rpc}]

[payment]
asset = "{usdc}"
pay_to = "{pay_to}"

[settlement]
key_file = {key_file}
journal = {settlements}

[[providers]]
name = "local"
url = {provider}
models = {{ "{model}" = "{model}" }}

[[models]]
id = "{model}"
aliases = ["smollm2-135m-instruct"]
description = "SmolLM2-135M-Instruct (Apache-2.0), four bits, on this machine"
# Micro-dollars for a million tokens.
input_price = 1_000_000
output_price = 4_000_000
context = 8192
max_output = 1024
default_output = 256
"""


def write(home: Path, ports: Ports, usdc: str) -> Path:
    """Writes settings and hot key below `home`; gives the settings' path."""
    key_file = home / "facilitator.key"
    key_file.unlink(missing_ok=True)
    with os.fdopen(os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(account("facilitator").key.hex())
    path = home / "relay.toml"
    # A JSON string is a TOML string.
    path.write_text(
        _TOML.format(
            port=ports.relay,
            journal=json.dumps(str(home / "relay.sqlite")),
            rpc=json.dumps(ports.url("anvil")),
            usdc=usdc,
            pay_to=account("operator").address,
            key_file=json.dumps(str(key_file)),
            settlements=json.dumps(str(home / "facilitator.sqlite")),
            provider=json.dumps(ports.url("models") + "/v1"),
            model=MODEL,
        )
    )
    return path
