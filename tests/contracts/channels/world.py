"""The channels' contract at its canonical address, and signatures made by x402's own helpers: whatever these tests sign
is what the published clients sign.
"""

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from eth_account import Account as Keys
from eth_account.messages import encode_typed_data
from eth_utils import keccak
from x402.mechanisms.evm.batch_settlement.constants import (
    BATCH_SETTLEMENT_ADDRESS,
    CLAIM_BATCH_TYPES,
    ERC3009_DEPOSIT_COLLECTOR_ADDRESS,
    REFUND_TYPES,
    VOUCHER_TYPES,
)
from x402.mechanisms.evm.batch_settlement.encoding import build_erc3009_collector_data, build_erc3009_deposit_nonce
from x402.mechanisms.evm.batch_settlement.types import ChannelConfig
from x402.mechanisms.evm.batch_settlement.utils import compute_channel_id, get_batch_settlement_eip712_domain

from cluster.chain.eip3009 import RECEIVE, Authorization, Domain, sign
from cluster.testing import Account, Contract
from cluster.testing.chain import CHAIN_ID
from cluster.testing.host import Host

NOBODY = "0x" + "00" * 20
QUARTER_HOUR = 900
FAR = 2**40


def sign_typed(signer: Account, types: dict[str, list[dict[str, str]]], message: dict[str, Any]) -> bytes:
    """EIP-712 in the scheme's domain, as the published client signs."""
    domain = get_batch_settlement_eip712_domain(CHAIN_ID)
    signable = encode_typed_data(domain_data=domain, message_types=types, message_data=message)
    return bytes(Keys.sign_message(signable, signer.local.key).signature)


@cache
def _domain_and_typehash(types: tuple[tuple[str, str], ...]) -> tuple[bytes, bytes]:
    """Separator of the scheme's domain, hash of a flat type."""
    (kind, _), *fields = types
    empty = {name: bytes(32) if of == "bytes32" else 0 for name, of in fields}
    named = {kind: [{"name": name, "type": of} for name, of in fields]}
    signable = encode_typed_data(get_batch_settlement_eip712_domain(CHAIN_ID), named, empty)
    spelt = ",".join(f"{of} {name}" for name, of in fields)
    return signable.header, keccak(text=f"{kind}({spelt})")


def sign_flat(signer: Account, types: dict[str, list[dict[str, str]]], message: dict[str, Any]) -> bytes:
    """What `sign_typed` signs, for structs of numbers and words: ten times as fast, for the state machine."""
    ((kind, fields),) = types.items()
    names = [(field["name"], field["type"]) for field in fields]
    separator, typehash = _domain_and_typehash(((kind, ""), *names))
    values = [message[name] for name, _ in names]
    words = [value if isinstance(value, bytes) else value.to_bytes(32) for value in values]
    digest = keccak(b"\x19\x01" + separator + keccak(typehash + b"".join(words)))
    return sign(digest, bytes(signer.local.key))


@cache
def channel_id(config: tuple[Any, ...]) -> bytes:
    """As x402's client computes it."""
    known = ChannelConfig(*config[:-1], "0x" + config[-1].hex())
    return bytes.fromhex(compute_channel_id(known, CHAIN_ID)[2:])


@dataclass(frozen=True)
class Channel:
    """A channel as its two sides know it."""

    payer: Account | Contract
    receiver: str
    receiver_authorizer: Account
    token: str
    payer_authorizer: Account | None = None
    delay: int = QUARTER_HOUR
    salt: int = 0

    @property
    def signer(self) -> str:
        """`payerAuthorizer`: zero for a wallet contract that signs for itself."""
        return self.payer_authorizer.address if self.payer_authorizer else NOBODY

    @property
    def config(self) -> tuple[Any, ...]:
        """As the contract takes it."""
        authorizer = self.receiver_authorizer.address
        return (
            self.payer.address,
            self.signer,
            self.receiver,
            authorizer,
            self.token,
            self.delay,
            self.salt.to_bytes(32),
        )

    @property
    def id(self) -> bytes:
        """Its id."""
        return channel_id(self.config)

    def voucher(self, ceiling: int, total: int | None = None, by: Account | None = None) -> tuple[Any, ...]:
        """A claim up to `total` by a voucher for `ceiling`."""
        signer = by or self.payer_authorizer
        assert signer is not None
        signature = sign_flat(signer, VOUCHER_TYPES, {"channelId": self.id, "maxClaimableAmount": ceiling})
        return ((self.config, ceiling), signature, ceiling if total is None else total)


def batch_signature(by: Account, claims: list[tuple[Channel, tuple[Any, ...]]]) -> bytes:
    """The receiver's authorizer signs claims."""
    entries = [
        {"channelId": channel.id, "maxClaimableAmount": claim[0][1], "totalClaimed": claim[2]}
        for channel, claim in claims
    ]
    return sign_typed(by, CLAIM_BATCH_TYPES, {"claims": entries})


def refund_signature(by: Account, channel: Channel, amount: int, nonce: int) -> bytes:
    """The receiver's authorizer signs a refund."""
    return sign_flat(by, REFUND_TYPES, {"channelId": channel.id, "nonce": nonce, "amount": amount})


@dataclass
class World:
    """Chain, contracts, people."""

    chain: Host
    usdc: Contract
    channels: Contract
    collector: Contract
    circle: Account
    payer: Account
    relayer: Account
    authorizer: Account
    receiver: Account
    stranger: Account
    salts: int = field(default=0)

    def channel(self, **changed: Any) -> Channel:
        """A channel of the payer for the receiver."""
        usual: dict[str, Any] = {
            "payer": self.payer,
            "receiver": self.receiver.address,
            "receiver_authorizer": self.authorizer,
            "token": self.usdc.address,
            "payer_authorizer": self.payer,
        }
        return Channel(**{**usual, **changed})

    def collector_data(self, channel: Channel, amount: int, signer: Account, valid_before: int = FAR) -> bytes:
        """The payer's agreement to a deposit."""
        self.salts += 1
        nonce = bytes.fromhex(build_erc3009_deposit_nonce("0x" + channel.id.hex(), hex(self.salts))[2:])
        authorization = Authorization(channel.payer.address, self.collector.address, amount, 0, valid_before, nonce)
        domain = Domain("USD Coin", "2", CHAIN_ID, channel.token)
        signature = sign(authorization.digest(domain, RECEIVE), bytes(signer.local.key))
        data = build_erc3009_collector_data("0", str(valid_before), str(self.salts), "0x" + signature.hex())
        return bytes(data)

    def deposit(self, channel: Channel, amount: int, signer: Account | None = None) -> Any:
        """Mints and deposits."""
        by = signer or channel.payer
        assert isinstance(by, Account)
        self.usdc.mint(channel.payer, amount, sender=self.circle)
        data = self.collector_data(channel, amount, by)
        return self.channels.deposit(channel.config, amount, self.collector, data, sender=self.relayer)


def build(chain: Host) -> World:
    """The contracts at their canonical addresses."""
    names = ("circle", "payer", "relayer", "authorizer", "receiver", "stranger")
    circle, payer, relayer, authorizer, receiver, stranger = map(chain.account, names)
    usdc = chain.deploy("TestUSDC", "USD Coin", sender=circle)
    channels = chain.place("BatchSettlement", BATCH_SETTLEMENT_ADDRESS, sender=circle)
    address = ERC3009_DEPOSIT_COLLECTOR_ADDRESS
    collector = chain.place("ERC3009DepositCollector", address, channels.address, sender=circle)
    return World(chain, usdc, channels, collector, circle, payer, relayer, authorizer, receiver, stranger)
