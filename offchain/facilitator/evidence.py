"""What the chain says about an authorization that is no longer unused: paid as agreed, or not.

In EIP-3009 a used and a cancelled authorization have the same state; only the events tell them apart. A payer
can also sign one nonce twice, once for us and once for somebody else, so the transfer itself is looked at:
the token emits `AuthorizationUsed` and, as its very next event, the `Transfer` that this authorization made.
"""

import itertools
from typing import Any

from eth_utils import keccak

from cluster.chain.eip3009 import Authorization
from cluster.chain.rpc import Rpc, RpcFailure
from offchain.facilitator.errors import Refused
from offchain.facilitator.verify import authorization_used

USED = "0x" + keccak(text="AuthorizationUsed(address,bytes32)").hex()
CANCELLED = "0x" + keccak(text="AuthorizationCanceled(address,bytes32)").hex()
TRANSFERRED = "0x" + keccak(text="Transfer(address,address,uint256)").hex()

BLOCKS_A_QUERY = 5_000
REORG_MARGIN = 32
"""Blocks looked at before the one where the authorization was last seen unused: nodes behind one URL
differ.
"""


def _topic(address: str) -> str:
    return "0x" + address.removeprefix("0x").lower().rjust(64, "0")


def paid_in(logs: list[dict[str, Any]], asset: str, authorization: Authorization) -> bool:
    """Whether these logs of one transaction hold the agreed transfer by this authorization."""
    ours = [log for log in logs if log["address"].lower() == asset.lower()]
    used = [USED, _topic(authorization.payer), "0x" + authorization.nonce.hex()]
    transferred = [TRANSFERRED, _topic(authorization.payer), _topic(authorization.to)]
    for log, following in itertools.pairwise(ours):
        if [topic.lower() for topic in log["topics"]] != used:
            continue
        same = [topic.lower() for topic in following["topics"]] == transferred
        return same and int(following["data"], 16) == authorization.value
    return False


class Undecided(RpcFailure):
    """The node says that an authorization is no longer unused, and not by what: it is behind itself, or behind
    another node at the same URL. To be asked again.
    """


async def settled_on_chain(rpc: Rpc, asset: str, authorization: Authorization, from_block: int) -> str | None:
    """Hash of the transaction, whoever sent it, that paid as agreed; None while the authorization is unused.

    Raises `Refused` once the chain shows that it was cancelled or used for something else, `Undecided`,
    `RpcFailure`.
    """
    payer, nonce = authorization.payer, authorization.nonce
    if not await authorization_used(rpc, asset, payer, nonce):
        return None
    for log in await _events_of(rpc, asset, authorization, from_block):
        receipt = await rpc.call("eth_getTransactionReceipt", log["transactionHash"])
        if receipt is None:
            raise Undecided(f"no receipt of {log['transactionHash']}")
        if paid_in(receipt["logs"], asset, authorization):
            return str(log["transactionHash"])
        raise Refused(
            "payment_cancelled", "the payer cancelled the authorization, or used it for something else", payer
        )
    raise Undecided(f"the authorization by {payer} is not unused, but no event says what became of it")


async def _events_of(rpc: Rpc, asset: str, authorization: Authorization, from_block: int) -> list[dict[str, Any]]:
    """The event, if the node shows it, by which an authorization ended."""
    head = int(await rpc.call("eth_blockNumber"), 16)
    first = max(0, from_block - REORG_MARGIN)
    topics = [[USED, CANCELLED], _topic(authorization.payer), "0x" + authorization.nonce.hex()]
    while first <= head:
        last = min(first + BLOCKS_A_QUERY - 1, head)
        found: list[dict[str, Any]] = await rpc.call(
            "eth_getLogs", {"address": asset, "topics": topics, "fromBlock": hex(first), "toBlock": hex(last)}
        )
        if found:
            return found
        first = last + 1
    return []
