"""Settings of the facilitator."""

from pathlib import Path

import msgspec

GWEI = 10**9


class SettlementConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How settlements are sent. Times in seconds, fees in wei a gas."""

    key_file: Path | None = None
    """File with the hot key's private key, readable by its owner only."""
    key_env: str | None = None
    """Environment variable with the same."""
    journal: Path = Path("facilitator.sqlite")
    """Write-ahead journal. One file a hot key and chain; never delete it while settlements are open."""
    confirmations: int = 1
    """Blocks a settlement must be deep, its own included, to count."""
    confirm_timeout_s: int = 30
    """How long an answer waits for that; later it is `payment_pending`, and followed further."""
    bump_after_s: int = 20
    """After how long without a receipt the fee is raised by a quarter."""
    max_fee_wei: int = 100 * GWEI
    """Most that is ever offered for a unit of gas."""
    max_gas: int = 300_000
    """Most gas that one transfer may take."""
    max_open: int = 64
    """Settlements under way at once; more are refused with `facilitator_busy`."""
    max_wasted: int = 3
    """Transfers of one payer that may revert within an hour. They cost gas and bring nothing: a payer who cancels, or
    a wallet contract that changes its mind, is refused after so many."""

    def problems(self) -> list[str]:
        """What is wrong, each with the field's name."""
        found = []
        for name in (
            "confirmations",
            "confirm_timeout_s",
            "bump_after_s",
            "max_fee_wei",
            "max_gas",
            "max_open",
            "max_wasted",
        ):
            if getattr(self, name) < 1:
                found.append(f"{name} must be at least 1, not {getattr(self, name)}")
        if self.key_file is not None and self.key_env is not None:
            found.append("key_file and key_env are both set; keep one")
        return found
