"""The README's snippets do what they say, on a running stack."""

import asyncio
import re
from pathlib import Path
from typing import Any

from eth_account import Account

from cluster.chain.paths import root
from cluster.content.dataset import load
from cluster.demo import market
from cluster.demo.chain import Chain
from cluster.demo.story import DATASET, PRICE
from cluster.stack.accounts import account
from cluster.stack.ports import Ports
from cluster.stack.relay_settings import MODEL
from cluster.stack.stack import Stack

SNIPPETS = re.findall(r"```python\n(.*?)```", (root() / "README.md").read_text(), re.DOTALL)


def run(snippet: str, stack: Stack, **given: Any) -> dict[str, Any]:
    """Runs a snippet, with this stack's addresses in place of the default ones."""
    for default, actual in (
        ("deployments/31337.json", str(stack.deployments / "31337.json")),
        ("http://127.0.0.1:8545", stack.urls["anvil"]),
        ("http://127.0.0.1:8400", stack.urls["relay"]),
    ):
        snippet = snippet.replace(default, actual)
    names = dict(given)
    exec(snippet, names)  # noqa: S102
    return names


def test_the_snippets_buy_a_dataset_and_ask_a_model(tmp_path: Path) -> None:
    buying, asking = SNIPPETS
    with Stack(tmp_path, Ports.free(), tmp_path / "deployments") as stack:
        chain = Chain(stack.urls["anvil"], stack.manifest)
        id_, _ = market.publish(chain, account("creator"), load(DATASET), PRICE)
        buyer, agent = chain.web3.eth.accounts[9], Account.create()
        for who in (buyer, agent.address):
            chain.send(account("deployer"), chain.contract("USDC").functions.mint(who, PRICE))

        run(buying, stack)
        assert market.can_download(chain, id_, buyer)
        assert chain.usdc(buyer) == 0

        client = run(asking, stack, account=agent)["client"]

        async def ask() -> str:
            async with client:
                messages = [{"role": "user", "content": "Say hello."}]
                answer = await client.chat.completions.create(model=MODEL, messages=messages, max_tokens=8)
            return str(answer.choices[0].message.content)

        assert asyncio.run(ask())
        assert chain.usdc(account("operator").address) == PRICE - chain.usdc(agent.address) > 0
