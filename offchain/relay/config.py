"""Settings of the relay; docs/relay.md describes them for operators."""

from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from offchain.facilitator.config import SettlementConfig
from offchain.service.errors import SettingsError
from offchain.service.settings import check_address, read_settings

PREFIX = "CLUSTER_RELAY"
MAX_PRICE = 10**12
"""A dollar a token."""


class ChainConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where payments are made."""

    rpc: list[str]
    """Nodes of one chain, in order of preference."""


class PaymentConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked for, and for whom."""

    asset: str
    """Address of a token with EIP-3009 and 6 decimals: USDC. Its EIP-712 name and version are read from
    it.
    """
    pay_to: str
    """Address that receives the payments."""
    timeout_s: int = 120
    """How long an authorization is asked to be valid."""
    v1_network: str | None = None
    """The chain's name in x402 v1, where the built-in list has none."""


class FacilitatorConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An outside facilitator. Without a URL the relay settles by itself, as `settlement` says."""

    url: str | None = None
    token_env: str | None = None
    """Environment variable with a bearer token for it."""


class ProviderConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An OpenAI-compatible upstream."""

    name: str
    url: str
    """Up to and including `/v1`."""
    models: dict[str, str]
    """Our model id → its name there."""
    api_key_env: str | None = None
    """Environment variable with its API key."""


class ModelConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model that is sold. Prices are in micro-dollars for a million tokens."""

    id: str
    input_price: int
    output_price: int
    context: int
    """Most tokens of prompt and answer together."""
    max_output: int
    """Most tokens of one answer that can be asked for."""
    default_output: int
    """Tokens of answer that are sold where the request names none."""
    aliases: list[str] = []
    owned_by: str = "cluster"
    created: int = 0
    """When it appeared, in seconds since 1970."""
    description: str = ""


class LimitsConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds. Times in seconds."""

    max_body_bytes: int = 1 << 20
    max_answer_bytes: int = 16 << 20
    max_concurrent: int = 64
    """Paid requests under way at once; more are refused with 503 before they pay."""
    max_choices: int = 4
    """Most answers (`n`) to one request."""
    bytes_per_token: int = 2
    """Prompt tokens are sold as its UTF-8 bytes divided by this, rounded up. English has about four bytes a
    token, 1 is a strict upper bound for byte-level vocabularies; what a dense prompt takes beyond the
    estimate is the operator's cost."""
    body_timeout_s: int = 15
    connect_timeout_s: int = 5
    first_byte_timeout_s: int = 60
    """How long one provider may take to begin to answer."""
    whole_timeout_s: int = 120
    """How long one provider may take for an answer in one piece."""
    idle_timeout_s: int = 60
    """Longest silence inside a stream."""
    deadline_s: int = 300
    """Longest a request may take in all, settlement included."""


class RelayConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All settings."""

    chain: ChainConfig
    payment: PaymentConfig
    providers: list[ProviderConfig]
    models: list[ModelConfig]
    settlement: SettlementConfig = SettlementConfig()
    facilitator: FacilitatorConfig = FacilitatorConfig()
    limits: LimitsConfig = LimitsConfig()
    host: str = "127.0.0.1"
    port: int = 8400
    public_url: str | None = None
    """How clients reach it, for the terms; else what they sent as `Host`."""
    journal: Path = Path("relay.sqlite")
    """Payments and receipts."""


def load_config(path: Path | None) -> RelayConfig:
    """Reads a TOML file and `CLUSTER_RELAY_*` variables. Raises `SettingsError` with all that is wrong."""
    config = read_settings(RelayConfig, path, PREFIX)
    check(config)
    return config


def check(config: RelayConfig) -> None:
    """Raises `SettingsError` with all that is wrong."""
    problems = check_address("payment.asset", config.payment.asset)
    problems += check_address("payment.pay_to", config.payment.pay_to)
    problems += [f"settlement.{problem}" for problem in config.settlement.problems()]
    if not config.chain.rpc:
        problems.append("chain.rpc must name at least one node")
    if not 10 <= config.payment.timeout_s <= 86_400:
        problems.append(f"payment.timeout_s must be between 10 and 86400, not {config.payment.timeout_s}")
    for name in LimitsConfig.__struct_fields__:
        if getattr(config.limits, name) < 1:
            problems.append(f"limits.{name} must be at least 1, not {getattr(config.limits, name)}")
    urls: list[tuple[str, str | None]] = [("chain.rpc", url) for url in config.chain.rpc]
    urls += [(f"providers.{provider.name}.url", provider.url) for provider in config.providers]
    urls += [("facilitator.url", config.facilitator.url), ("public_url", config.public_url)]
    for where, url in urls:
        if url is not None and not _is_http(url):
            # The URL itself may carry a key and is not told.
            problems.append(f"{where}: must be an http:// or https:// URL")
    problems += _check_models(config)
    if problems:
        raise SettingsError(problems)


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def _check_models(config: RelayConfig) -> list[str]:
    problems = []
    names = [name for model in config.models for name in (model.id, *model.aliases)]
    problems += [f"models: {name!r} is named twice" for name in sorted({n for n in names if names.count(n) > 1})]
    providers = [provider.name for provider in config.providers]
    problems += [f"providers: {n!r} is named twice" for n in sorted({n for n in providers if providers.count(n) > 1})]
    if not config.models:
        problems.append("models: at least one is needed")
    for model in config.models:
        here = f"models.{model.id}"
        if not (0 <= model.input_price <= MAX_PRICE and 0 <= model.output_price <= MAX_PRICE):
            problems.append(f"{here}: prices are micro-dollars for a million tokens, 0 to {MAX_PRICE:,}")
        if not 1 <= model.default_output <= model.max_output <= model.context:
            problems.append(f"{here}: must have 1 ≤ default_output ≤ max_output ≤ context")
        if not any(model.id in provider.models for provider in config.providers):
            problems.append(f"{here}: no provider offers it; add it to one's `models`")
    known = {model.id for model in config.models}
    for provider in config.providers:
        for unknown in sorted(set(provider.models) - known):
            problems.append(f"providers.{provider.name}.models: {unknown!r} has no [[models]] entry with a price")
    return problems
