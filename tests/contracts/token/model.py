"""What ClusterToken promises, in plain Python: balances, allowances, votes, permits, authorizations.

Written from the standards (ERC-20, ERC-2612, ERC-5805, EIP-3009), not from the code. An action either changes the state
and notes the events that the token emits, or is `Refused` with the error, in which case nothing changed. Accounts are
checksummed addresses.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

NOBODY = "0x0000000000000000000000000000000000000000"
UNLIMITED = 2**256 - 1


class Refused(Exception):
    """The action must revert with this error and these values."""

    def __init__(self, name: str, *values: Any) -> None:
        super().__init__(f"{name}{values}")
        self.name = name
        self.values = values


@dataclass
class Model:
    """The state of the token; `time` in unix seconds."""

    time: int
    balances: Counter[str]
    allowances: dict[tuple[str, str], int] = field(default_factory=dict)
    nonces: Counter[str] = field(default_factory=Counter)
    delegates: dict[str, str] = field(default_factory=dict)
    used: set[tuple[str, bytes]] = field(default_factory=set)
    # Votes at the end of each second in which something may have happened.
    history: list[tuple[int, Counter[str]]] = field(default_factory=list)
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    # --- time and votes

    def advance(self, seconds: int) -> None:
        self.history.append((self.time, self.votes()))
        self.time += seconds

    def votes(self) -> Counter[str]:
        """The sums of what is delegated to each."""
        found: Counter[str] = Counter()
        for account, delegate in self.delegates.items():
            found[delegate] += self.balances[account]
        del found[NOBODY]
        return found

    def past_votes(self, account: str, time: int) -> int:
        if time >= self.time:
            raise Refused("ERC5805FutureLookup", time, self.time)
        return next((votes[account] for then, votes in reversed(self.history) if then <= time), 0)

    def delegate(self, account: str, to: str) -> None:
        was = self.delegates.get(account, NOBODY)
        self._emit("DelegateChanged", delegator=account, fromDelegate=was, toDelegate=to)
        before = self.votes()
        self.delegates[account] = to
        self._emit_votes(before, was, to)

    def delegate_by_signature(self, signer: str, nonce: int, to: str, expiry: int) -> None:
        if self.time > expiry:
            raise Refused("VotesExpiredSignature", expiry)
        if nonce != self.nonces[signer]:
            raise Refused("InvalidAccountNonce", signer, self.nonces[signer])
        self.nonces[signer] += 1
        self.delegate(signer, to)

    # --- ERC-20 and ERC-2612

    def transfer(self, sender: str, to: str, value: int) -> None:
        self._require_transferable(sender, to, value)
        self._emit("Transfer", **{"from": sender, "to": to, "value": value})
        before = self.votes()
        self.balances[sender] -= value
        self.balances[to] += value
        if value:
            self._emit_votes(before, self.delegates.get(sender, NOBODY), self.delegates.get(to, NOBODY))

    def approve(self, owner: str, spender: str, value: int) -> None:
        if spender == NOBODY:
            raise Refused("ERC20InvalidSpender", NOBODY)
        self.allowances[owner, spender] = value
        self._emit("Approval", owner=owner, spender=spender, value=value)

    def transfer_from(self, spender: str, owner: str, to: str, value: int) -> None:
        allowed = self.allowances.get((owner, spender), 0)
        if allowed < value:
            raise Refused("ERC20InsufficientAllowance", spender, allowed, value)
        self.transfer(owner, to, value)
        if allowed != UNLIMITED:
            self.allowances[owner, spender] = allowed - value

    def permit(self, signer: str | None, owner: str, spender: str, value: int, deadline: int) -> None:
        """`signer` is whom the signature belongs to over what the owner should have signed."""
        if self.time > deadline:
            raise Refused("ERC2612ExpiredSignature", deadline)
        if signer != owner:
            raise Refused("ERC2612InvalidSigner", signer, owner)
        self.approve(owner, spender, value)
        self.nonces[owner] += 1

    # --- EIP-3009

    def authorized(self, payer: str, to: str, value: int, after: int, before: int, nonce: bytes) -> None:
        """A transfer whose signature is good."""
        if not after < self.time < before:
            raise Refused("ERC3009InvalidAuthorizationTime", after, before)
        self._require_unused(payer, nonce)
        self._require_transferable(payer, to, value)
        self.used.add((payer, nonce))
        self._emit("AuthorizationUsed", authorizer=payer, nonce=nonce)
        self.transfer(payer, to, value)

    def cancel(self, payer: str, nonce: bytes) -> None:
        """A cancellation whose signature is good."""
        self._require_unused(payer, nonce)
        self.used.add((payer, nonce))
        self._emit("AuthorizationCanceled", authorizer=payer, nonce=nonce)

    # --- conditions and events

    def _require_transferable(self, sender: str, to: str, value: int) -> None:
        if to == NOBODY:
            raise Refused("ERC20InvalidReceiver", NOBODY)
        if self.balances[sender] < value:
            raise Refused("ERC20InsufficientBalance", sender, self.balances[sender], value)

    def _require_unused(self, payer: str, nonce: bytes) -> None:
        if (payer, nonce) in self.used:
            raise Refused("ERC3009UsedAuthorization", payer, nonce)

    def _emit(self, name: str, **values: Any) -> None:
        self.events.append((name, values))

    def _emit_votes(self, before: Counter[str], loser: str, winner: str) -> None:
        after = self.votes()
        for delegate in (loser, winner):
            if before[delegate] != after[delegate]:
                self._emit(
                    "DelegateVotesChanged",
                    delegate=delegate,
                    previousVotes=before[delegate],
                    newVotes=after[delegate],
                )
