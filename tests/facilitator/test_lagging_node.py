"""A node that is behind itself: it counts a transaction, and shows neither its receipt nor its events yet."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from cluster.chain.eip3009 import read_domain
from cluster.chain.rpc import Rpc
from offchain.facilitator.config import SettlementConfig
from offchain.facilitator.facilitator import Facilitator
from offchain.facilitator.hotkey import HotKey
from tests.facilitator.test_settling import AMOUNT, payment
from tests.relay.world import World

LAG_S = 1.5


def test_a_payment_is_not_given_up_because_a_node_hides_its_receipt_and_events(
    the_world: World, tmp_path: Path
) -> None:
    pay_to, key = the_world.fresh_address(), the_world.hot_key()
    paid, terms = payment(the_world, pay_to)

    async def play() -> None:
        sent_at: list[float] = []

        def hide(call: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
            if call["method"] == "eth_sendRawTransaction":
                sent_at.append(time.monotonic())
            if sent_at and time.monotonic() - sent_at[0] < LAG_S:
                if call["method"] == "eth_getTransactionReceipt":
                    return {**answer, "result": None}
                if call["method"] == "eth_getLogs":
                    return {**answer, "result": []}
            return answer

        async def forward(request: web.Request) -> web.Response:
            asked = await request.json()
            async with session.post(the_world.url, data=json.dumps(asked)) as response:
                answered = await response.json()
            if isinstance(asked, list):
                by_id = {call["id"]: call for call in asked}
                return web.json_response([hide(by_id[answer["id"]], answer) for answer in answered])
            return web.json_response(hide(asked, answered))

        app = web.Application()
        app.router.add_post("/", forward)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        config = SettlementConfig(journal=tmp_path / "facilitator.sqlite", max_open=4)
        try:
            async with (
                aiohttp.ClientSession(headers={"content-type": "application/json"}) as session,
                Rpc(f"http://127.0.0.1:{runner.addresses[0][1]}") as rpc,
            ):
                found = Facilitator(rpc, await read_domain(rpc, terms.asset), HotKey(key), config)
                await found.start()
                try:
                    assert await found.settle(await found.verify(paid, terms))
                finally:
                    await found.stop()
        finally:
            await runner.cleanup()

    asyncio.run(play())
    assert the_world.transfers_to(pay_to) == [AMOUNT]
    assert int(the_world.chain.rpc("eth_getTransactionCount", key.address, "latest"), 16) == 1
