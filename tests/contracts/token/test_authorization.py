"""EIP-3009 of ClusterToken and TestUSDC: what a payer signs can be submitted once, inside its window, as signed."""

from dataclasses import dataclass, replace
from typing import Any

import pytest
from eth_utils import keccak

from cluster.chain.eip3009 import CANCEL, RECEIVE, TRANSFER, Authorization, Domain
from cluster.testing import Account, Chain, Contract, Receipt, reverts
from cluster.testing.suite import NATIVE, Suite
from tests.contracts.payments.signing import NEVER, domain_of, sign, sign_cancel, vrs
from tests.contracts.token.conftest import FUNDS
from tests.contracts.token.twins import high_s

VALUE = 1_000
NONCE = keccak(text="a random nonce")
BLOCK_RANGE = 1 << 47
FORMS = ("bytes", "vrs")
METHODS = {
    TRANSFER: "transferWithAuthorization",
    RECEIVE: "receiveWithAuthorization",
    CANCEL: "cancelAuthorization",
}


@dataclass
class Payments:
    """Authorizations of one token in one form of signature."""

    token: Contract
    form: str
    payer: Any
    payee: Account
    anyone: Account

    @property
    def domain(self) -> Domain:
        return domain_of(self.token)

    def authorization(self, **changes: Any) -> Authorization:
        return replace(Authorization(self.payer.address, self.payee.address, VALUE, 0, NEVER, NONCE), **changes)

    def signature(
        self, authorization: Authorization, kind: str, signer: Account | None = None, domain: Domain | None = None
    ) -> bytes:
        return sign(signer or self.payer, authorization, domain or self.domain, kind)

    def submit(
        self, authorization: Authorization, kind: str, *, signature: bytes | None = None, sender: Any = None
    ) -> Receipt:
        """Sends what the payer signed: by anyone if it is a transfer, else by the payee."""
        a = authorization
        signed = self.signature(a, kind) if signature is None else signature
        fields = (a.payer, a.to, a.value, a.valid_after, a.valid_before, a.nonce)
        default = self.anyone if kind == TRANSFER else self.payee
        return self.call(kind, fields, signed, sender or default)

    def cancel(self, nonce: bytes = NONCE, signature: bytes | None = None) -> Receipt:
        signed = sign_cancel(self.payer, self.payer, nonce, self.domain) if signature is None else signature
        return self.call(CANCEL, (self.payer, nonce), signed, self.anyone)

    def call(self, kind: str, fields: tuple[Any, ...], signature: bytes, sender: Any) -> Receipt:
        method = getattr(self.token, METHODS[kind])
        end = (signature,) if self.form == "bytes" else vrs(signature)
        return method(*fields, *end, sender=sender)  # type: ignore[no-any-return]

    def refuses_the_twin(self, twin: bytes) -> Any:
        """What a high s is refused with: the older form says what is wrong with it."""
        if self.form == "bytes":
            return reverts("ERC3009InvalidSignature")
        return reverts("ECDSAInvalidSignatureS", twin[32:64])


@pytest.fixture(params=["token", "usdc"])
def either(request: pytest.FixtureRequest, suite: Suite) -> Contract:
    return getattr(suite, request.param)  # type: ignore[no-any-return]


@pytest.fixture(params=FORMS)
def payments(request: pytest.FixtureRequest, either: Contract, alice: Account, bob: Account) -> Payments:
    return Payments(either, request.param, alice, bob, Account("anyone"))


both_kinds = pytest.mark.parametrize("kind", [TRANSFER, RECEIVE])


@both_kinds
def test_an_authorization_moves_money_and_uses_its_nonce(payments: Payments, kind: str) -> None:
    token, payer, payee = payments.token, payments.payer, payments.payee
    receipt = payments.submit(payments.authorization(), kind)
    receipt.expect("AuthorizationUsed", authorizer=payer, nonce=NONCE)
    receipt.expect("Transfer", **{"from": payer, "to": payee, "value": VALUE})
    assert [event.name for event in receipt.events] == ["AuthorizationUsed", "Transfer"]
    assert (token.balanceOf(payer), token.balanceOf(payee)) == (FUNDS - VALUE, VALUE)
    assert token.authorizationState(payer, NONCE) is True
    assert token.authorizationState(payee, NONCE) is False


@both_kinds
def test_a_used_nonce__reverts(payments: Payments, kind: str) -> None:
    payments.submit(payments.authorization(), kind)
    for again in (TRANSFER, RECEIVE):
        with reverts("ERC3009UsedAuthorization", payments.payer, NONCE):
            payments.submit(payments.authorization(value=1), again)
    with reverts("ERC3009UsedAuthorization", payments.payer, NONCE):
        payments.cancel()
    assert payments.token.balanceOf(payments.payee) == VALUE


@both_kinds
def test_a_cancelled_nonce__reverts(payments: Payments, kind: str) -> None:
    receipt = payments.cancel()
    receipt.expect("AuthorizationCanceled", authorizer=payments.payer, nonce=NONCE)
    assert [event.name for event in receipt.events] == ["AuthorizationCanceled"]
    assert payments.token.authorizationState(payments.payer, NONCE) is True
    with reverts("ERC3009UsedAuthorization", payments.payer, NONCE):
        payments.submit(payments.authorization(), kind)
    with reverts("ERC3009UsedAuthorization", payments.payer, NONCE):
        payments.cancel()


def test_nonces_belong_to_their_account(payments: Payments) -> None:
    payments.submit(payments.authorization(), TRANSFER)
    back = Authorization(payments.payee.address, payments.payer.address, VALUE, 0, NEVER, NONCE)
    payments.submit(back, TRANSFER, signature=payments.signature(back, TRANSFER, signer=payments.payee))
    assert payments.token.balanceOf(payments.payer) == FUNDS


@both_kinds
@pytest.mark.parametrize(
    ("after", "before", "valid"),
    [(-1, 1, True), (0, 1, False), (-1, 0, False), (1, 10, False), (-10, -1, False)],
    ids=["inside by a second each", "starts now", "ends now", "not yet", "over"],
)
def test_the_window_excludes_both_its_ends(
    payments: Payments, chain: Chain, kind: str, after: int, before: int, valid: bool
) -> None:
    window = {"valid_after": chain.time + after, "valid_before": chain.time + before}
    if valid:
        payments.submit(payments.authorization(**window), kind)
    else:
        with reverts("ERC3009InvalidAuthorizationTime", *window.values()):
            payments.submit(payments.authorization(**window), kind)
    assert payments.token.authorizationState(payments.payer, NONCE) is valid


@both_kinds
def test_times_are_seconds_whatever_their_bits(payments: Payments, chain: Chain, kind: str) -> None:
    window = {"valid_after": BLOCK_RANGE, "valid_before": BLOCK_RANGE + chain.block + 1}
    with reverts("ERC3009InvalidAuthorizationTime", *window.values()):
        payments.submit(payments.authorization(**window), kind)
    payments.submit(payments.authorization(valid_before=2**256 - 1), kind)


@both_kinds
def test_a_high_s__reverts(payments: Payments, kind: str) -> None:
    authorization = payments.authorization()
    twin = high_s(payments.signature(authorization, kind))
    with payments.refuses_the_twin(twin):
        payments.submit(authorization, kind, signature=twin)
    assert payments.token.authorizationState(payments.payer, NONCE) is False


def test_cancel__high_s__reverts(payments: Payments) -> None:
    twin = high_s(sign_cancel(payments.payer, payments.payer, NONCE, payments.domain))
    with payments.refuses_the_twin(twin):
        payments.cancel(signature=twin)


@both_kinds
def test_somebody_elses_signature__reverts(payments: Payments, kind: str) -> None:
    authorization = payments.authorization()
    signature = payments.signature(authorization, kind, signer=payments.anyone)
    with reverts("ERC3009InvalidSignature"):
        payments.submit(authorization, kind, signature=signature)


@both_kinds
@pytest.mark.parametrize(
    "change",
    [{"name": "Other"}, {"version": "7"}, {"chain_id": 8453}, {"verifying_contract": "0x" + "11" * 20}],
    ids=lambda change: next(iter(change)),
)
def test_another_domain__reverts(payments: Payments, kind: str, change: dict[str, Any]) -> None:
    authorization = payments.authorization()
    signature = payments.signature(authorization, kind, domain=replace(payments.domain, **change))
    with reverts("ERC3009InvalidSignature"):
        payments.submit(authorization, kind, signature=signature)


@both_kinds
@pytest.mark.parametrize(
    "change",
    [{"value": VALUE + 1}, {"valid_after": 1}, {"valid_before": NEVER - 1}, {"nonce": keccak(text="other")}],
    ids=lambda change: next(iter(change)),
)
def test_other_fields_than_were_signed__revert(payments: Payments, kind: str, change: dict[str, Any]) -> None:
    signature = payments.signature(payments.authorization(), kind)
    with reverts("ERC3009InvalidSignature"):
        payments.submit(payments.authorization(**change), kind, signature=signature)


def test_another_payee_than_was_signed__reverts(payments: Payments) -> None:
    signature = payments.signature(payments.authorization(), TRANSFER)
    with reverts("ERC3009InvalidSignature"):
        payments.submit(payments.authorization(to=payments.anyone.address), TRANSFER, signature=signature)


def test_a_transfer_is_no_receipt_and_the_other_way_round(payments: Payments) -> None:
    authorization = payments.authorization()
    for signed, sent in ((TRANSFER, RECEIVE), (RECEIVE, TRANSFER)):
        with reverts("ERC3009InvalidSignature"):
            payments.submit(authorization, sent, signature=payments.signature(authorization, signed))


def test_receive__by_another_than_the_payee__reverts(payments: Payments) -> None:
    with reverts("ERC20InvalidReceiver", payments.payee):
        payments.submit(payments.authorization(), RECEIVE, sender=payments.anyone)


@both_kinds
def test_more_than_there_is__reverts_and_leaves_the_nonce_unused(payments: Payments, kind: str) -> None:
    with reverts("ERC20InsufficientBalance", payments.payer, FUNDS, FUNDS + 1):
        payments.submit(payments.authorization(value=FUNDS + 1), kind)
    assert payments.token.authorizationState(payments.payer, NONCE) is False


def test_to_nobody__reverts(payments: Payments) -> None:
    with reverts("ERC20InvalidReceiver", NATIVE):
        payments.submit(payments.authorization(to=NATIVE), TRANSFER)


def test_no_signature_speaks_for_nobody(payments: Payments) -> None:
    """The address that a broken signature recovers to is nobody's."""
    authorization = payments.authorization(payer=NATIVE, value=0)
    broken = bytes(32) + bytes(32) + bytes([27])
    with reverts("ERC3009InvalidSignature" if payments.form == "bytes" else "ECDSAInvalidSignature"):
        payments.submit(authorization, TRANSFER, signature=broken)


def test_cancel__signed_by_another__reverts(payments: Payments) -> None:
    signature = sign_cancel(payments.anyone, payments.payer, NONCE, payments.domain)
    with reverts("ERC3009InvalidSignature"):
        payments.cancel(signature=signature)
    payments.submit(payments.authorization(), TRANSFER)


@both_kinds
def test_bytes_that_are_no_signature__revert(either: Contract, alice: Account, bob: Account, kind: str) -> None:
    payments = Payments(either, "bytes", alice, bob, Account("anyone"))
    authorization = payments.authorization()
    signature = payments.signature(authorization, kind)
    for bad in (b"", signature[:64], signature + b"\0", signature[:64] + b"\1"):
        with reverts("ERC3009InvalidSignature"):
            payments.submit(authorization, kind, signature=bad)


def test_nonces_of_authorizations_are_apart_from_those_of_permits(payments: Payments) -> None:
    before = payments.token.nonces(payments.payer)
    payments.submit(payments.authorization(nonce=before.to_bytes(32, "big")), TRANSFER)
    assert payments.token.nonces(payments.payer) == before


# --- wallets that are contracts


@pytest.fixture
def wallet(chain: Chain, suite: Suite, alice: Account, either: Contract) -> Contract:
    """An ERC-1271 wallet of alice's with money in it."""
    found = chain.deploy("ContractWallet", alice, sender=alice)
    either.transfer(found, FUNDS, sender=alice)
    return found


@both_kinds
def test_a_contract_wallet_pays_by_its_owners_signature(
    either: Contract, wallet: Contract, alice: Account, bob: Account, kind: str
) -> None:
    payments = Payments(either, "bytes", wallet, bob, Account("anyone"))
    authorization = payments.authorization()
    with reverts("ERC3009InvalidSignature"):
        payments.submit(authorization, kind, signature=payments.signature(authorization, kind, signer=bob))
    receipt = payments.submit(authorization, kind, signature=payments.signature(authorization, kind, signer=alice))
    receipt.expect("AuthorizationUsed", authorizer=wallet, nonce=NONCE)
    assert either.balanceOf(bob) == VALUE


def test_a_contract_wallet_cancels_by_its_owners_signature(
    either: Contract, wallet: Contract, alice: Account, bob: Account
) -> None:
    payments = Payments(either, "bytes", wallet, bob, Account("anyone"))
    signature = sign_cancel(alice, wallet, NONCE, payments.domain)
    payments.cancel(signature=signature).expect("AuthorizationCanceled", authorizer=wallet, nonce=NONCE)


@both_kinds
def test_the_older_form_is_for_accounts_with_keys_alone(
    either: Contract, wallet: Contract, alice: Account, bob: Account, kind: str
) -> None:
    payments = Payments(either, "vrs", wallet, bob, Account("anyone"))
    authorization = payments.authorization()
    with reverts("ERC3009InvalidSignature"):
        payments.submit(authorization, kind, signature=payments.signature(authorization, kind, signer=alice))
