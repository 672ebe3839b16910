"""The agent's wallet: whose it is at first, how it changes, and which signatures are worth nothing."""

from typing import Any

import pytest
from eth_account.messages import encode_typed_data
from eth_utils import keccak
from pyrevm import AccountInfo

from cluster.testing import Account, Chain, Receipt, reverts
from tests.contracts.agents.agents import MINUTE, NOBODY, Agents

LONGEST = 5 * MINUTE
SECP256K1_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@pytest.fixture
def wallet(agents: Agents) -> Account:
    return agents.chain.account("wallet")


@pytest.fixture(autouse=True)
def registered(agents: Agents, owner: Account) -> int:
    """Agent 0 of the owner."""
    return agents.register(owner)


def now(agents: Agents) -> int:
    assert isinstance(agents.chain, Chain)
    return agents.chain.time


def signed(agents: Agents, signer: Account, wallet: Any, owner: Any, deadline: int, agent_id: int = 0) -> bytes:
    return signer.sign_typed(agents.wallet_message(agent_id, wallet, owner, deadline))


def rotate(agents: Agents, wallet: Account, owner: Account, ahead: int = MINUTE, **by: Any) -> Receipt:
    deadline = now(agents) + ahead
    signature = signed(agents, wallet, wallet, owner, deadline)
    receipt: Receipt = agents.identity.setAgentWallet(0, wallet, deadline, signature, sender=by.get("by", owner))
    return receipt


def wallet_is(agents: Agents, account: Any) -> bool:
    """Both answers about the wallet agree on this account, or on nobody."""
    address = getattr(account, "address", NOBODY)
    raw = b"" if account is None else bytes.fromhex(address[2:])
    answers = agents.identity.getAgentWallet(0), agents.identity.getMetadata(0, "agentWallet")
    return bool(answers == (address, raw))


# --- what it is


def test_it_is_the_owner_at_first(agents: Agents, owner: Account) -> None:
    assert wallet_is(agents, owner)


def test_a_transfer_clears_it_and_a_transfer_back_does_not_restore_it(
    agents: Agents, owner: Account, stranger: Account
) -> None:
    for before, after in ((owner, stranger), (stranger, owner)):
        receipt = agents.identity.transferFrom(before, after, 0, sender=before)
        assert [event.name for event in receipt.events] == ["MetadataSet", "Transfer"]
        receipt.expect("MetadataSet", agentId=0, metadataKey="agentWallet", metadataValue=b"")
        assert wallet_is(agents, None)


def test_a_transfer_to_oneself_clears_it(agents: Agents, owner: Account) -> None:
    agents.identity.transferFrom(owner, owner, 0, sender=owner)
    assert wallet_is(agents, None)


@pytest.mark.parametrize("function", ["transferFrom", "safeTransferFrom"])
def test_a_transfer_clears_a_chosen_wallet(
    agents: Agents, owner: Account, wallet: Account, stranger: Account, function: str
) -> None:
    rotate(agents, wallet, owner)
    transfer = getattr(agents.identity, function)
    transfer(owner, stranger, 0, sender=owner)
    assert wallet_is(agents, None)


def test_unsetting_clears_it(agents: Agents, owner: Account) -> None:
    for _ in range(2):
        receipt = agents.identity.unsetAgentWallet(0, sender=owner)
        receipt.expect("MetadataSet", agentId=0, metadataKey="agentWallet", metadataValue=b"")
        assert wallet_is(agents, None)


def test_another_agents_wallet_stays(agents: Agents, owner: Account, stranger: Account) -> None:
    second = agents.register(owner)
    agents.identity.unsetAgentWallet(0, sender=owner)
    assert agents.identity.getAgentWallet(second) == owner.address


# --- setting it


def test_a_wallet_with_a_key_signs(agents: Agents, owner: Account, wallet: Account) -> None:
    receipt = rotate(agents, wallet, owner)
    receipt.expect(
        "MetadataSet",
        agentId=0,
        indexedMetadataKey=keccak(text="agentWallet"),
        metadataKey="agentWallet",
        metadataValue=bytes.fromhex(wallet.address[2:]),
    )
    assert wallet_is(agents, wallet)


@pytest.mark.parametrize("who", ["operator", "approved"])
def test_operator_and_approved_may_set_it_with_the_owner_in_the_message(
    agents: Agents, owner: Account, wallet: Account, who: str
) -> None:
    account = agents.chain.account(who)
    if who == "operator":
        agents.identity.setApprovalForAll(account, True, sender=owner)
    else:
        agents.identity.approve(account, 0, sender=owner)
    rotate(agents, wallet, owner, by=account)
    assert wallet_is(agents, wallet)


def test_nobody_else_may_set_it(agents: Agents, owner: Account, wallet: Account, stranger: Account) -> None:
    for account in (stranger, wallet):
        with reverts("NotAuthorized", 0, account):
            rotate(agents, wallet, owner, by=account)


def test_a_contract_wallet_says_yes_by_erc_1271(agents: Agents, owner: Account, wallet: Account) -> None:
    contract = agents.chain.deploy("ContractWallet", wallet, sender=owner)
    deadline = now(agents) + MINUTE
    signature = signed(agents, wallet, contract, owner, deadline)
    agents.identity.setAgentWallet(0, contract, deadline, signature, sender=owner)
    assert wallet_is(agents, contract)


def test_a_contract_wallet_says_no(agents: Agents, owner: Account, wallet: Account, stranger: Account) -> None:
    contract = agents.chain.deploy("ContractWallet", wallet, sender=owner)
    deadline = now(agents) + MINUTE
    signature = signed(agents, stranger, contract, owner, deadline)
    with reverts("InvalidWalletSignature"):
        agents.identity.setAgentWallet(0, contract, deadline, signature, sender=owner)


@pytest.mark.parametrize("name", ["FalseToken", "GasBurner"])
def test_a_contract_that_is_no_wallet_is_refused(agents: Agents, owner: Account, wallet: Account, name: str) -> None:
    contract = agents.chain.deploy(name, sender=owner)
    deadline = now(agents) + MINUTE
    with reverts("InvalidWalletSignature"):
        agents.identity.setAgentWallet(
            0, contract, deadline, signed(agents, wallet, contract, owner, deadline), sender=owner
        )


def test_an_account_with_delegated_code_signs_with_its_key(
    chain: Chain, agents: Agents, owner: Account, wallet: Account
) -> None:
    """As EIP-7702 makes them: code that knows no ERC-1271, and a key all the same."""
    token = chain.deploy("FalseToken", sender=owner)
    chain._evm.insert_account_info(wallet.address, AccountInfo(code=chain.code(token)))
    assert chain.code(wallet)
    rotate(agents, wallet, owner)
    assert wallet_is(agents, wallet)


@pytest.mark.parametrize("ahead", [0, 1, LONGEST])
def test_a_deadline_is_good_from_now_to_five_minutes(
    agents: Agents, owner: Account, wallet: Account, ahead: int
) -> None:
    rotate(agents, wallet, owner, ahead)
    assert wallet_is(agents, wallet)


def test_a_deadline_passed_reverts(agents: Agents, owner: Account, wallet: Account) -> None:
    with reverts("SignatureExpired", now(agents) - 1, now(agents)):
        rotate(agents, wallet, owner, -1)


def test_a_deadline_too_far_reverts(agents: Agents, owner: Account, wallet: Account) -> None:
    assert agents.identity.MAX_DEADLINE_DELAY() == LONGEST
    with reverts("DeadlineTooFar", now(agents) + LONGEST + 1, now(agents) + LONGEST):
        rotate(agents, wallet, owner, LONGEST + 1)


def test_the_zero_address_is_no_wallet(agents: Agents, owner: Account) -> None:
    with reverts("InvalidWallet", NOBODY):
        agents.identity.setAgentWallet(0, NOBODY, now(agents), bytes(65), sender=owner)


def test_an_agent_that_does_not_exist_has_no_wallet_to_set(agents: Agents, owner: Account) -> None:
    with reverts("ERC721NonexistentToken", 7):
        agents.identity.setAgentWallet(7, owner, now(agents), bytes(65), sender=owner)


# --- signatures that are worth nothing


def test_a_message_is_good_once(agents: Agents, owner: Account, wallet: Account) -> None:
    deadline = now(agents) + MINUTE
    signature = signed(agents, wallet, wallet, owner, deadline)
    digest = digest_of(agents, wallet, owner, deadline)
    assert agents.identity.isSignatureUsed(digest) is False
    agents.identity.setAgentWallet(0, wallet, deadline, signature, sender=owner)
    assert agents.identity.isSignatureUsed(digest) is True
    agents.identity.unsetAgentWallet(0, sender=owner)
    with reverts("SignatureUsed", digest):
        agents.identity.setAgentWallet(0, wallet, deadline, signature, sender=owner)
    rotate(agents, wallet, owner, 2 * MINUTE)
    assert wallet_is(agents, wallet)


def test_a_refused_signature_does_not_use_the_message_up(
    agents: Agents, owner: Account, wallet: Account, stranger: Account
) -> None:
    deadline = now(agents) + MINUTE
    with reverts("InvalidWalletSignature", wallet, digest_of(agents, wallet, owner, deadline)):
        agents.identity.setAgentWallet(
            0, wallet, deadline, signed(agents, stranger, wallet, owner, deadline), sender=owner
        )
    rotate(agents, wallet, owner)


def digest_of(agents: Agents, wallet: Any, owner: Any, deadline: int) -> bytes:
    message = encode_typed_data(full_message=agents.wallet_message(0, wallet, owner, deadline))
    return keccak(b"\x19" + message.version + message.header + message.body)


@pytest.mark.parametrize(
    "change",
    [
        {"chainId": 1},
        {"name": "IdentityRegistry"},
        {"version": "2"},
        {"verifyingContract": "0x00000000000000000000000000000000000000AA"},
    ],
)
def test_a_signature_for_another_domain_is_refused(
    agents: Agents, owner: Account, wallet: Account, change: dict[str, Any]
) -> None:
    deadline = now(agents) + MINUTE
    signature = wallet.sign_typed(agents.wallet_message(0, wallet, owner, deadline, **change))
    with reverts("InvalidWalletSignature"):
        agents.identity.setAgentWallet(0, wallet, deadline, signature, sender=owner)


@pytest.mark.parametrize("field", ["agentId", "newWallet", "owner", "deadline"])
def test_a_signature_for_other_values_is_refused(
    agents: Agents, owner: Account, wallet: Account, stranger: Account, field: str
) -> None:
    deadline = now(agents) + MINUTE
    message = agents.wallet_message(0, wallet, owner, deadline)
    message["message"] |= {
        field: {"agentId": 1, "newWallet": stranger.address, "owner": stranger.address, "deadline": deadline + 1}[field]
    }
    with reverts("InvalidWalletSignature"):
        agents.identity.setAgentWallet(0, wallet, deadline, wallet.sign_typed(message), sender=owner)


def test_a_signature_for_the_former_owner_is_refused(
    agents: Agents, owner: Account, wallet: Account, stranger: Account
) -> None:
    deadline = now(agents) + MINUTE
    signature = signed(agents, wallet, wallet, owner, deadline)
    agents.identity.transferFrom(owner, stranger, 0, sender=owner)
    with reverts("InvalidWalletSignature"):
        agents.identity.setAgentWallet(0, wallet, deadline, signature, sender=stranger)


@pytest.mark.parametrize("signature", [b"", bytes(65), b"\1" * 64, b"\xff" * 65])
def test_garbage_is_refused(agents: Agents, owner: Account, wallet: Account, signature: bytes) -> None:
    with reverts("InvalidWalletSignature"):
        agents.identity.setAgentWallet(0, wallet, now(agents), signature, sender=owner)


def test_the_other_form_of_a_signature_is_refused(agents: Agents, owner: Account, wallet: Account) -> None:
    deadline = now(agents) + MINUTE
    signature = signed(agents, wallet, wallet, owner, deadline)
    high_s = SECP256K1_ORDER - int.from_bytes(signature[32:64], "big")
    other = signature[:32] + high_s.to_bytes(32, "big") + bytes([55 - signature[64]])
    with reverts("InvalidWalletSignature"):
        agents.identity.setAgentWallet(0, wallet, deadline, other, sender=owner)
