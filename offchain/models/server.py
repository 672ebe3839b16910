"""A chat server in this process: llama.cpp through `xllamacpp`, OpenAI's API over HTTP."""

import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from offchain.models.weights import CONTEXT, HINT, MODEL, WeightsUnusable

QUIET = 0


@dataclass(frozen=True)
class ServerOptions:
    """How to serve. One thread is the fastest on shared cores: spinning barriers collapse when a core is
    taken away.
    """

    host: str = "127.0.0.1"
    port: int = 8401
    threads: int = 1
    parallel: int = 2
    """Answers generated at once; the context is shared out among them."""
    context: int = CONTEXT


def start(weights: Path, options: ServerOptions) -> Any:
    """Loads the weights and begins to listen; the server runs on threads of its own until the process ends.

    Returns llama.cpp's server, with its `listening_address`. Raises `WeightsUnusable`, `OSError`.
    """
    try:
        import xllamacpp
    except ImportError as error:
        raise WeightsUnusable(f"the engine xllamacpp is not installed; {HINT}") from error
    params = xllamacpp.CommonParams()
    params.model.path = str(weights)
    params.model_alias = {MODEL}
    params.n_ctx = options.context * options.parallel
    params.n_parallel = options.parallel
    params.warmup = False
    params.verbosity = QUIET
    params.cpuparams.n_threads = options.threads
    params.cpuparams_batch.n_threads = options.threads
    params.hostnames = [options.host]
    params.port = options.port
    params.ui = False
    params.endpoint_slots = False
    params.endpoint_props = False
    check_free(options.host, options.port)
    try:
        return xllamacpp.Server(params)
    except RuntimeError as error:
        raise OSError(f"cannot serve on {options.host}:{options.port}: {error}") from error


def check_free(host: str, port: int) -> None:
    """Raises `OSError` with a readable message if nothing can listen there: llama.cpp's own does not say why."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise OSError(f"cannot listen on {host}:{port}: {error.strerror}") from error
