"""`cluster models`, or `python -m offchain.models`"""

import os
import signal
import sys

import click

from offchain.models.server import ServerOptions, start
from offchain.models.weights import CONTEXT, MODEL, WeightsUnusable, find

EXIT_START = 3
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8401, show_default=True, help="Port; 0 takes a free one.")
@click.option("--threads", default=1, show_default=True, help="Threads; more are slower on shared cores.")
@click.option("--parallel", default=2, show_default=True, help="Answers generated at once.")
@click.option("--context", default=CONTEXT, show_default=True, help="Tokens of context for each of them.")
def main(host: str, port: int, threads: int, parallel: int, context: int) -> None:
    """Serve SmolLM2-135M-Instruct with OpenAI's API, from the installed weights.

    GET /health answers 200 once it can answer; it says where it listens no sooner. Takes no key: meant for the
    loopback interface, with a relay in front.

    Example: cluster models --port 8401
    """
    if host not in LOOPBACK:
        click.echo(f"warning: anybody who can reach {host} can use it without a key", err=True)
    stops = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)  # for llama.cpp's threads, too, which inherit it
    try:
        click.echo("checking and loading the weights (98 MB)", err=True)
        server = start(find(), ServerOptions(host, port, threads, parallel, context))
    except (WeightsUnusable, OSError) as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(EXIT_START)
    click.echo(f"{MODEL} listening on {server.listening_address}", err=True)
    signal.sigwait(stops)
    # llama.cpp's threads do not end by themselves; there is no state to save.
    os._exit(0)


if __name__ == "__main__":
    main()
