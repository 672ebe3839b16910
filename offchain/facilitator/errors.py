"""Why a payment was not taken.

PaymentError
├── Refused            it will not be taken as it is; no money moved
├── Pending            it was sent to the chain and is not confirmed yet
└── Unavailable        it could not be judged or sent now; no money moved
"""


class PaymentError(Exception):
    """Base of all. `code` is stable and ours, the message says what was wrong and what would be right."""

    def __init__(self, code: str, message: str, payer: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.payer = payer


class Refused(PaymentError):
    """The payment is not valid, or its settlement failed for good. No money moved."""

    @property
    def x402_reason(self) -> str:
        """The name that x402's other implementations use for this, where they have one."""
        return _X402_REASONS.get(self.code, self.code)


class Pending(PaymentError):
    """Sent, not confirmed in time. It is followed further; asking again with the same payment joins it."""

    def __init__(self, message: str, transaction: str, payer: str) -> None:
        super().__init__("payment_pending", message, payer)
        self.transaction = transaction


class Unavailable(PaymentError):
    """The chain, the hot key or the outside facilitator cannot do it now. Try the same payment again
    later.
    """


# Code → meaning, in the order in which they are checked. docs/relay.md shows this table; a test compares the
# two.
REFUSALS: dict[str, str] = {
    "payment_malformed": "the header is not the base64 JSON that x402 describes",
    "payment_unsupported": "another x402 version, scheme or transfer method than `exact` with EIP-3009",
    "payment_wrong_network": "signed for another chain",
    "payment_wrong_asset": "another token",
    "payment_wrong_recipient": "to another address than the terms' `payTo`",
    "payment_wrong_amount": "another amount than the terms'",
    "payment_expired": "`validBefore` has passed or is about to",
    "payment_not_yet_valid": "`validAfter` is in the future",
    "payment_bad_signature": "not signed by the payer it names",
    "payment_already_used": "the authorization was used or cancelled",
    "payment_insufficient_balance": "the payer holds less than the amount",
    "payment_rejected_by_token": "the token would revert: the payer is blacklisted, the token is paused, …",
    "payment_payer_suspended": "too many transfers of this payer reverted lately and cost gas for nothing",
    "payment_cancelled": "the payer cancelled the authorization before it was settled",
    "payment_failed": "the transfer reverted on chain",
}

_X402_REASONS = {
    "payment_malformed": "invalid_payload",
    "payment_unsupported": "unsupported_scheme",
    "payment_wrong_network": "network_mismatch",
    "payment_wrong_asset": "invalid_exact_evm_failed_to_get_asset_info",
    "payment_wrong_recipient": "invalid_exact_evm_payload_recipient_mismatch",
    "payment_wrong_amount": "invalid_exact_evm_payload_authorization_value_mismatch",
    "payment_expired": "invalid_exact_evm_payload_authorization_valid_before",
    "payment_not_yet_valid": "invalid_exact_evm_payload_authorization_valid_after",
    "payment_bad_signature": "invalid_exact_evm_payload_signature",
    "payment_already_used": "invalid_exact_evm_nonce_already_used",
    "payment_insufficient_balance": "invalid_exact_evm_insufficient_balance",
    "payment_rejected_by_token": "invalid_exact_evm_transaction_simulation_failed",
    "payment_cancelled": "invalid_exact_evm_nonce_already_used",
    "payment_failed": "transaction_failed",
}
