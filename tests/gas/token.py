"""Gas of the ClusterToken."""

from typing import Any

from eth_utils import keccak

from cluster.chain.eip3009 import RECEIVE, TRANSFER, Authorization, Domain
from cluster.testing.accounts import Account
from tests.contracts.payments.signing import domain_of, permit_of, sign, sign_cancel, typed, vrs
from tests.gas.meter import ALWAYS, CP, NEVER, Meter

_DELEGATION = ("delegatee", "nonce", "expiry")


def measure(meter: Meter) -> None:
    token, treasury = meter.suite.token, meter.suite.treasury
    domain = domain_of(token)
    alice, bob, anyone = map(meter.account, ("alice", "bob", "anyone"))
    token.transfer(alice, 1_000_000 * CP, sender=treasury)
    _transfers(meter, token, alice, bob)
    _allowances(meter, token, domain, alice, bob, anyone)
    _delegations(meter, token, domain, alice, bob, anyone)
    _authorizations(meter, token, domain, alice, bob, anyone)


def _transfers(meter: Meter, token: Any, alice: Account, bob: Account) -> None:
    with meter.apart():
        meter("transfer_first", token.transfer, bob, CP, sender=alice)
        meter("transfer_steady", token.transfer, bob, CP, sender=alice)
    with meter.apart():
        token.transfer(bob, CP, sender=alice)
        token.delegate(alice, sender=alice)
        token.delegate(bob, sender=bob)
        meter("transfer_delegated", token.transfer, bob, CP, sender=alice)


def _allowances(meter: Meter, token: Any, domain: Domain, alice: Account, bob: Account, anyone: Account) -> None:
    with meter.apart():
        meter("approve_first", token.approve, bob, 5 * CP, sender=alice)
        meter("transfer_from_first", token.transferFrom, alice, bob, CP, sender=bob)
        meter("transfer_from_steady", token.transferFrom, alice, bob, CP, sender=bob)
        meter("approve_again", token.approve, bob, 9 * CP, sender=alice)
    with meter.apart():
        for nonce, when in enumerate(("first", "again")):
            value, *rest = permit_of(domain, alice, bob, (nonce + 1) * CP, nonce)
            meter(f"permit_{when}", token.permit, alice, bob, value, *rest, sender=anyone)


def _delegations(meter: Meter, token: Any, domain: Domain, alice: Account, bob: Account, anyone: Account) -> None:
    with meter.apart():
        meter("delegate_first", token.delegate, alice, sender=alice)
        meter("delegate_again", token.delegate, bob, sender=alice)
    with meter.apart():
        message = dict(zip(_DELEGATION, (bob.address, 0, NEVER), strict=True))
        signature = alice.sign_typed(typed(domain, "Delegation", message))
        meter("delegate_by_sig", token.delegateBySig, bob, 0, NEVER, *vrs(signature), sender=anyone)


def _authorizations(meter: Meter, token: Any, domain: Domain, alice: Account, bob: Account, anyone: Account) -> None:
    def signed(name: str, kind: str = TRANSFER) -> tuple[tuple[Any, ...], bytes]:
        authorization = Authorization(alice.address, bob.address, CP, ALWAYS, NEVER, keccak(text=name))
        fields = (alice, bob, CP, ALWAYS, NEVER, authorization.nonce)
        return fields, sign(alice, authorization, domain, kind)

    with meter.apart():
        for when in ("first", "steady"):
            fields, signature = signed(when)
            name = f"transfer_with_authorization_{when}"
            meter(name, token.transferWithAuthorization, *fields, signature, sender=anyone)
        fields, signature = signed("vrs")
        name = "transfer_with_authorization_vrs"
        meter(name, token.transferWithAuthorization, *fields, *vrs(signature), sender=anyone)
        fields, signature = signed("receive", RECEIVE)
        meter("receive_with_authorization", token.receiveWithAuthorization, *fields, signature, sender=bob)
        fields, signature = signed("receive vrs", RECEIVE)
        meter("receive_with_authorization_vrs", token.receiveWithAuthorization, *fields, *vrs(signature), sender=bob)
        for name, split in (("cancel_authorization", False), ("cancel_authorization_vrs", True)):
            nonce = keccak(text=name)
            signature = sign_cancel(alice, alice, nonce, domain)
            parts = vrs(signature) if split else (signature,)
            meter(name, token.cancelAuthorization, alice, nonce, *parts, sender=anyone)
