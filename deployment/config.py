"""What a deployment is given: by chain who holds what, which USDC and prices, how long to wait; first parameters."""

import tomllib
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from eth_utils import is_checksum_address, is_hex_address, to_checksum_address

from cluster.chain.protocol import CP, NATIVE, Parameters
from cluster.chain.roles import DAY, TWO_DAYS
from deployment.errors import DeploymentError

T = TypeVar("T")

DEFAULT = Path(__file__).with_name("config.toml")

HOLDERS = ("admin", "upgrader", "parameters", "pauser", "moderator", "guardian", "prober")
"""Configured holders of the roles of the same name."""

_ZERO = NATIVE


class Feed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a currency is priced: Chainlink feeds of dollars for a whole unit. `max_age` in seconds, prices in
    micro-dollars, `max_deviation_bps` only with a secondary.
    """

    currency: str
    max_age: int
    min_price: int
    max_price: int
    primary: str | None = None
    secondary: str = _ZERO
    max_deviation_bps: int = 0
    decimals: int = 18


class Sequencer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Chainlink's uptime feed of a rollup's sequencer; `grace_period` in seconds."""

    feed: str
    grace_period: int


class Channels(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where x402's published clients look for the contracts of its `batch-settlement` scheme."""

    settlement: str
    collector: str


class Governor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """First settings of ClusterGovernor: times in seconds, threshold in whole CP. Bounds stand in
    `IClusterGovernor.Settings`.
    """

    voting_delay: int = DAY
    voting_period: int = 5 * DAY
    base_delay: int = TWO_DAYS
    proposal_threshold_cp: int = 1_000_000
    quorum_percent: int = 4

    def views(self) -> dict[str, int]:
        """What the governor's views say with these settings."""
        return {
            "votingDelay": self.voting_delay,
            "votingPeriod": self.voting_period,
            "baseDelaySeconds": self.base_delay,
            "proposalThreshold": self.proposal_threshold_cp * CP,
            "quorumNumerator": self.quorum_percent,
        }


class _Tier(msgspec.Struct, forbid_unknown_fields=True):
    min_stake_cp: int
    discount_bps: int
    priority: int


class _ClassWeight(msgspec.Struct, forbid_unknown_fields=True):
    capacity_class: int
    weight: int


class _Parameters(msgspec.Struct, forbid_unknown_fields=True):
    min_own_stake_cp: int
    member_cooldown: int
    idle_rate_wei: int
    tiers: list[_Tier]
    class_weights: list[_ClassWeight]


class _Section(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    confirmations: int
    admin_delay: int
    local: bool = False
    treasury: str | None = None
    usdc: str | None = None
    admin: str | None = None
    upgrader: str | None = None
    parameters: str | None = None
    pauser: str | None = None
    moderator: str | None = None
    guardian: str | None = None
    prober: str | None = None
    feeds: list[Feed] = []
    sequencer: Sequencer | None = None
    channels: Channels | None = None


class Config(msgspec.Struct, frozen=True):
    """One chain's configuration, complete and checked.

    `confirmations` counts blocks. `admin_delay` is in seconds. `holders` maps a role's name to its holder.
    `usdc` is None on local chains, which get a test token, and so is a feed's `primary`, which becomes a test feed.
    `channels` is None where the protocol deploys its own.
    """

    chain_id: int
    name: str
    local: bool
    confirmations: int
    admin_delay: int
    treasury: str
    usdc: str | None
    holders: dict[str, str]
    protocol: Parameters
    governor: Governor = Governor()
    feeds: tuple[Feed, ...] = ()
    sequencer: Sequencer | None = None
    channels: Channels | None = None


def load(chain_id: int, deployer: str, path: Path = DEFAULT) -> Config:
    """The configuration of a chain. Raises `DeploymentError` if anything is missing or malformed."""
    sections = _sections(path)
    section = _section(sections, chain_id, path)
    where = f"[{chain_id}] in {path}"
    needed = {key: getattr(section, key) for key in ("treasury", *HOLDERS)}
    if section.local:
        needed = {key: value or deployer for key, value in needed.items()}
        if section.usdc is not None:
            raise DeploymentError(f"{where}: a local chain gets a test USDC of its own; remove `usdc`")
    else:
        needed["usdc"] = section.usdc
    missing = [key for key, value in needed.items() if not value]
    if missing:
        raise DeploymentError(f"{where} does not say {', '.join(missing)}; {section.name} needs them all")
    needed |= _named(section, where)
    for key, value in needed.items():
        if not is_checksum_address(value):
            hint = f"; with a checksum it is {to_checksum_address(value)}" if is_hex_address(value) else ""
            raise DeploymentError(f"{where}: {key} is not a checksummed address: {value!r}{hint}")
        if value == _ZERO:
            raise DeploymentError(f"{where}: {key} is the zero address")
    if section.confirmations < 1 or section.admin_delay < 0:
        raise DeploymentError(f"{where}: confirmations must be at least 1 and admin_delay at least 0")
    return Config(
        chain_id=chain_id,
        name=section.name,
        local=section.local,
        confirmations=section.confirmations,
        admin_delay=section.admin_delay,
        treasury=needed["treasury"],
        usdc=section.usdc,
        holders={key.upper(): needed[key] for key in HOLDERS},
        protocol=_parameters(sections, needed["treasury"], path),
        governor=_table(sections, "governor", Governor, path),
        feeds=tuple(section.feeds),
        sequencer=section.sequencer,
        channels=section.channels,
    )


def confirmations(chain_id: int, path: Path = DEFAULT) -> int:
    """Blocks to wait for on a chain: all that an upgrade needs to be told."""
    return _section(_sections(path), chain_id, path).confirmations


def _named(section: _Section, where: str) -> dict[str, str]:
    """Addresses of other people's contracts, by what they are."""
    named: dict[str, str] = {}
    for number, feed in enumerate(section.feeds):
        if feed.currency != "native":
            named[f"feeds[{number}].currency"] = feed.currency
        if feed.secondary != _ZERO:
            named[f"feeds[{number}].secondary"] = feed.secondary
        if feed.primary is not None:
            named[f"feeds[{number}].primary"] = feed.primary
        elif not section.local:
            raise DeploymentError(f"{where}: feeds[{number}] has no primary; only local chains get a test feed")
    if section.sequencer is not None:
        named["sequencer.feed"] = section.sequencer.feed
    if section.channels is not None:
        named |= {"channels.settlement": section.channels.settlement, "channels.collector": section.channels.collector}
    return named


def _parameters(sections: dict[str, Any], treasury: str, path: Path) -> Parameters:
    found = _table(sections, "parameters", _Parameters, path)
    return Parameters(
        treasury=treasury,
        min_own_stake=found.min_own_stake_cp * CP,
        member_cooldown=found.member_cooldown,
        tiers=tuple((tier.min_stake_cp * CP, tier.discount_bps, tier.priority) for tier in found.tiers),
        idle_rate=found.idle_rate_wei,
        class_weights=tuple((each.capacity_class, each.weight) for each in found.class_weights),
    )


def _table(sections: dict[str, Any], name: str, kind: type[T], path: Path) -> T:
    if name not in sections:
        raise DeploymentError(f"{path} has no [{name}]")
    try:
        return msgspec.convert(sections[name], kind)
    except msgspec.ValidationError as error:
        raise DeploymentError(f"[{name}] in {path}: {error}") from error


def _sections(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except FileNotFoundError:
        raise DeploymentError(f"no configuration at {path}") from None
    except tomllib.TOMLDecodeError as error:
        raise DeploymentError(f"{path} is not TOML: {error}") from error


def _section(sections: dict[str, Any], chain_id: int, path: Path) -> _Section:
    found = sections.get(str(chain_id))
    if found is None:
        known = ", ".join(key for key in sections if key.isdecimal())
        raise DeploymentError(f"{path} knows no chain {chain_id}; it has: {known}")
    try:
        section = msgspec.convert(found, _Section)
    except msgspec.ValidationError as error:
        raise DeploymentError(f"[{chain_id}] in {path}: {error}") from error
    if section.local and chain_id not in (1337, 31337):
        raise DeploymentError(f"[{chain_id}] in {path}: only chains 1337 and 31337 can be local")
    return section
