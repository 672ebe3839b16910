"""`cluster compute`, or `python -m offchain.compute`"""

import json
import stat
import sys
import time
from pathlib import Path
from typing import Any

import click
import msgspec
from eth_account import Account

from offchain.compute import files
from offchain.compute.model import Model
from offchain.compute.receipts import Answer, Domain, Issuer, ReceiptInvalid, first_wrong_token
from offchain.compute.weights import ROOT, SHA256, SMOLLM2, WeightsUnusable
from offchain.models import weights as floats
from offchain.service.errors import KeyUnusable
from offchain.service.serving import reporting, serve

EXIT_WRONG = 1
EXIT_START = 3
NOBODY = "0x" + "00" * 20

weights_option = click.option(
    "--weights", type=click.Path(dir_okay=False, path_type=Path), help="The integer weights. [default: build/weights/…]"
)


@click.group()
def main() -> None:
    """SmolLM2-135M-Instruct in integers: the same bits everywhere, so a wrong answer can be proved wrong.

    The weights are made from the installed GGUF the first time they are needed (136 MB, some 10 s).
    """


def load(path: Path | None) -> Model:
    """The model, or a sentence and exit code 3."""
    try:
        return Model(files.ensure(path))
    except (WeightsUnusable, floats.WeightsUnusable, OSError) as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(EXIT_START)


@main.command()
@weights_option
@click.option("--again", is_flag=True, help="Make them even if they are there.")
def build(weights: Path | None, again: bool) -> None:
    """Make the integer weights from the GGUF, in integer arithmetic, and check their SHA-256.

    \b
    Example:
      cluster compute build
    """
    path = weights or files.default_path()
    try:
        if again or not path.exists():
            files.build(path)
        found = files.ensure(path)
    except (WeightsUnusable, floats.WeightsUnusable, OSError) as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(EXIT_START)
    if found.root != ROOT:
        raise click.ClickException(f"model root {found.root.hex()}, expected {ROOT.hex()}")
    click.echo(f"{path}\nsha256     {SHA256}\nmodel root 0x{ROOT.hex()}\nprogram    0x{SMOLLM2.word.hex()}")


@main.command()
@weights_option
@click.option(
    "--text",
    "texts",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A text to read; can be given many times. [default: those that are shipped]",
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def quality(weights: Path | None, texts: tuple[Path, ...], as_json: bool) -> None:
    """What the integers lose against float32: top-1 agreement, perplexity and divergence on texts.

    How many first choices differ depends on how sure the model is of a text.

    \b
    Examples:
      cluster compute quality
      cluster compute quality --json
    """
    from offchain.compute import quality as measure
    from offchain.compute.floats import FloatModel
    from offchain.compute.text import Text

    model, gguf = load(weights), floats.find()
    reference, tokenizer = FloatModel(gguf, SMOLLM2), Text(gguf)
    found = {}
    for path in texts or measure.TEXTS:
        tokens = [measure.START, *tokenizer.encode(path.read_text())][: SMOLLM2.context - 1]
        found[path.stem] = measure.compare(model, reference, tokens)
    if as_json:
        return click.echo(msgspec.json.encode(found))
    for name, each in found.items():
        click.echo(
            f"{name}: {each.tokens} tokens\n"
            f"  top-1 agreement   {each.top1:.2%}\n"
            f"  perplexity        {each.perplexity:.4f}, float32 {each.float_perplexity:.4f}: "
            f"{each.perplexity_ratio - 1:+.2%}\n"
            f"  divergence        {each.divergence:.5f} nats"
        )
    return None


@main.command()
@weights_option
@click.argument("answer", type=click.File("rb"))
def check(weights: Path | None, answer: Any) -> None:
    """Re-compute the answer of a receipt, read from a file or - : `receipt` of a response, or the whole response.

    Exit code 1 if the receipt does not fit, or a token is not the one that the model gives.

    \b
    Example:
      cluster compute check answer.json
    """
    try:
        value = json.load(answer)
        found = Answer.from_json(value["receipt"] if "choices" in value else value)
        found.check_form()
    except (ReceiptInvalid, ValueError, KeyError, TypeError) as error:
        click.echo(f"refused: {error}", err=True)
        sys.exit(EXIT_WRONG)
    model = load(weights)
    if found.receipt.modelRoot != model.weights.root or found.receipt.program != model.program.word:
        click.echo("refused: the receipt is of another model", err=True)
        sys.exit(EXIT_WRONG)
    begun = time.perf_counter()
    wrong = first_wrong_token(model, found)
    took = time.perf_counter() - begun
    count = len(found.prompt) + len(found.completion)
    click.echo(f"{count} tokens in {took:.2f} s, {1000 * took / count:.1f} ms each", err=True)
    if wrong is not None:
        click.echo(f"wrong: token {wrong} of the answer is not what the model gives")
        sys.exit(EXIT_WRONG)
    click.echo("right")


@main.command(name="serve")
@weights_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8402, show_default=True, help="Port; 0 takes a free one.")
@click.option("--parallel", default=2, show_default=True, help="Answers generated at once, a thread each.")
@click.option(
    "--key-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The operator's private key, in hex, which signs receipts. Without it there are none.",
)
@click.option("--chain-id", default=31337, show_default=True, help="Chain where receipts can be challenged.")
@click.option("--contract", default=NOBODY, help="Contract where receipts can be challenged.")
@click.option("--currency", default=NOBODY, help="Of the prices on receipts. [default: the chain's coin]")
@click.option("--price-in", default=0, show_default=True, help="Of a million tokens read, in its smallest unit.")
@click.option("--price-out", default=0, show_default=True, help="Of a million tokens written, in its smallest unit.")
def serve_command(
    weights: Path | None,
    host: str,
    port: int,
    parallel: int,
    key_file: Path | None,
    chain_id: int,
    contract: str,
    currency: str,
    price_in: int,
    price_out: int,
) -> None:
    """Serve the model with OpenAI's API; each answer carries a signed receipt.

    Sampling is greedy, or by `temperature` and `seed` over the whole vocabulary. Takes no key: meant for the loopback
    interface, with a relay in front.

    Example: cluster compute serve --key-file operator.key
    """
    from offchain.compute.server import create_app
    from offchain.compute.text import Text
    from offchain.compute.weights import MODEL

    def start() -> None:
        account = Account.from_key(read_key(key_file)) if key_file else None
        model = load(weights)
        issuer = None
        if account:
            domain = Domain(chain_id, contract)
            issuer = Issuer(account, domain, ROOT, SMOLLM2.word, currency, price_in, price_out)
        serve(create_app(model, Text(floats.find()), issuer, parallel), host, port, MODEL)

    reporting(start)


def read_key(path: Path) -> bytes:
    """Raises `KeyUnusable`, never quoting what it read."""
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise KeyUnusable(f"{path} can be read by others; run: chmod 600 {path}")
    try:
        key = bytes.fromhex(path.read_text().strip().removeprefix("0x"))
        Account.from_key(key)
    except Exception:
        raise KeyUnusable(f"{path} does not hold a private key: 64 hexadecimal digits") from None
    return key


if __name__ == "__main__":
    main()
