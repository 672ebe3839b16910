"""OperatorStaking and the people around it."""

from typing import Any

from cluster.chain.roles import STAKE_KEEPER
from cluster.testing import Account, Contract, Receipt
from cluster.testing.contract import Method
from cluster.testing.suite import NATIVE, Suite

CP = 10**18
DAY = 86_400
THAW = 14 * DAY
RISE_DELAY = 7 * DAY
BURN = "0x000000000000000000000000000000000000dEaD"
X128 = 2**128
MIN_OWN = 100 * CP
FUNDS = 10**6 * CP


def act(sender: Any, method: Method, *args: Any, value: int = 0) -> Receipt:
    """Sends a transaction as an account, or through a contract that does what it is told."""
    if isinstance(sender, Account):
        return method(*args, sender=sender, value=value)  # type: ignore[no-any-return]
    receipt: Receipt = sender.execute(method._contract, value, method.calldata(*args), sender=Account("driver"))
    receipt.return_value = method.function(len(args)).result(receipt.return_value)
    return receipt


class House:
    """`operator` takes 20 % of at most 50 %; everybody has CP, USDC and native coin and has approved the contract."""

    def __init__(self, suite: Suite, min_own: int = MIN_OWN) -> None:
        self.suite = suite
        self.chain: Any = suite.chain
        self.admin, self.cp, self.usdc, self.router = suite.admin, suite.token, suite.usdc, suite.router
        self.staking: Contract = suite.staking
        if min_own != MIN_OWN:
            self.staking.setMinOwnStake(min_own, sender=suite.admin)
        self.keeper = suite.chain.account("keeper")
        suite.grant(STAKE_KEEPER.id, self.keeper)
        self.operator, self.other, self.alice, self.bob, self.payer, self.challenger, self.anyone = map(
            suite.chain.account, ("operator", "other", "alice", "bob", "payer", "challenger", "anyone")
        )
        for account in (self.operator, self.other, self.alice, self.bob, self.payer):
            self.endow(account)
        self.staking.register("ipfs://operator", 2_000, 5_000, sender=self.operator)

    def endow(self, account: Any) -> None:
        self.cp.transfer(account, FUNDS, sender=self.suite.treasury)
        self.usdc.mint(account, FUNDS, sender=self.admin)
        if isinstance(account, Account):
            self.chain.fund(account, FUNDS)
        for token in (self.cp, self.usdc):
            act(account, token.approve, self.staking, 2**256 - 1)

    def stake(self, account: Any, amount: int, operator: Any = None) -> int:
        """Shares that came."""
        receipt = act(account, self.staking.stake, operator or self.operator, amount, 0)
        return int(receipt.expect("Staked").shares)

    def reward(self, amount: int, currency: Any = NATIVE, operator: Any = None) -> Receipt:
        value = amount if currency == NATIVE else 0
        receipt: Receipt = self.staking.addReward(
            operator or self.operator, currency, amount, sender=self.payer, value=value
        )
        return receipt

    def lock(self, amount: int, operator: Any = None) -> int:
        return int(self.staking.lock(operator or self.operator, amount, sender=self.keeper).return_value)

    def slash(self, amount: int, operator: Any = None, challenger: Any = None) -> Receipt:
        """Takes stake through a lock made for it."""
        at = operator or self.operator
        lock, locked = self.staking.lockDisputed(at, amount, sender=self.keeper).return_value
        assert locked == amount
        receipt: Receipt = self.staking.slash(at, lock, amount, challenger or self.challenger, sender=self.keeper)
        return receipt

    def worth(self, account: Any, operator: Any = None) -> int:
        return int(self.staking.positionOf(operator or self.operator, account)[1])

    def claimable(self, account: Any, currency: Any = NATIVE) -> int:
        return int(self.staking.claimable(currency, account))

    def balance(self, currency: Any, account: Any) -> int:
        return int(self.chain.balance(account) if currency == NATIVE else currency.balanceOf(account))
