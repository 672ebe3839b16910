"""Bugs that cost others money, at least one of each kind, and the test that must notice it."""

from tools.mutants.planted import Bug

ROUTER, STAKING, PREPAID = (
    "payments/PaymentRouter.sol",
    "compute/OperatorStaking.sol",
    "payments/prepaid/PrepaidBalances.sol",
)
CHANNELS, TOKEN, IDENTITIES = (
    "payments/channels/BatchSettlement.sol",
    "token/ClusterToken.sol",
    "agents/IdentityRegistry.sol",
)
CREDITS, OF_ROUTER = "payments/Credits.sol", f"{ROUTER}:PaymentRouter"

BUGS = [
    Bug(
        "nonce: a signed refund is good again and again",
        CHANNELS,
        {"        if (nonce != expected) revert InvalidRefundNonce(nonce, expected);\n": ""},
        "channels/test_way_out.py::test_a_signed_refund_can_be_sent_by_anyone_once",
    ),
    Bug(
        "nonce: a wallet's consent is good again",
        IDENTITIES,
        {"        if ($.signatureUsed[digest]) revert SignatureUsed(digest);\n": ""},
        "agents/test_agent_wallet.py::test_a_message_is_good_once",
    ),
    Bug(
        "replay: on a copy of the contract or another chain",
        TOKEN,
        {
            "if (!SignatureChecker.isValidSignatureNowCalldata(signer, _hashTypedDataV4(structHash), signature)) {": (
                "if (signature.length != 65) {"
            )
        },
        "token/test_authorization.py::test_another_domain__reverts",
    ),
    Bug(
        "replay: what was signed to be sent is taken for what was signed to be received",
        TOKEN,
        {"abi.encode(RECEIVE_WITH_AUTHORIZATION_TYPEHASH,": "abi.encode(TRANSFER_WITH_AUTHORIZATION_TYPEHASH,"},
        "token/test_authorization.py::test_a_transfer_is_no_receipt_and_the_other_way_round",
    ),
    Bug(
        "replay: a voucher of one channel is good in all",
        CHANNELS,
        {
            "        _requireVoucherSignature(claimed, getVoucherDigest(channelId, ceiling));\n": (
                "        if (claimed.signature.length == 0) revert InvalidSignature(address(0));\n"
            )
        },
        "channels/test_claim.py::test_a_voucher_of_another_channel__reverts",
    ),
    Bug(
        "window: a second too long",
        TOKEN,
        {"time >= validBefore": "time > validBefore"},
        "token/test_authorization.py::test_the_window_excludes_both_its_ends",
    ),
    Bug(
        "delay: a payer takes the escrow before the receiver can claim",
        CHANNELS,
        {"        if (Time.timestamp() < finalizeAfter) revert WithdrawDelayNotElapsed(finalizeAfter);\n": ""},
        "channels/test_way_out.py::test_a_second_too_early__reverts",
    ),
    Bug(
        "cap: what was spent does not count",
        PREPAID,
        {"usage.microDollars > grant.limit - grant.spent": "usage.microDollars > grant.limit"},
        "settlement/test_prepaid_balances.py::test_a_limit_counts_over_all_currencies",
    ),
    Bug(
        "order of effects: a balance goes down after the money went out",
        PREPAID,
        {
            "uint256 amount, address to) external nonReentrant {": "uint256 amount, address to) external {",
            "        $.balance[currency][msg.sender] = balance - amount;\n": "",
            "        Currency.send(currency, to, amount);\n": (
                "        Currency.send(currency, to, amount);\n"
                "        $.balance[currency][msg.sender] = balance - amount;\n"
            ),
        },
        "settlement/test_prepaid_balances.py::test_a_receiver_that_comes_back_in_gets_nothing_twice",
    ),
    Bug(
        "order of effects: a purchase is recorded when everybody has been paid",
        ROUTER,
        {
            "        purchases.set(id);\n": "",
            "            _payOrCredit(Currency.NATIVE, msg.sender, msg.value - sale.price);\n": (
                "            _payOrCredit(Currency.NATIVE, msg.sender, msg.value - sale.price);\n"
                "            _storage().purchases[recipient].set(id);\n"
            ),
        },
        "payments/test_reentrancy.py::test_the_purchase_is_recorded_before_anybody_is_paid",
    ),
    Bug(
        "re-entrancy guard: a receiver comes back in",
        CREDITS,
        {"claim(address currency, address to) external nonReentrant": "claim(address currency, address to) external"},
        "payments/test_reentrancy.py::test_a_receiver_does_not_get_back_in",
        OF_ROUTER,
    ),
    Bug(
        "rounding: shares are paid out rounded up",
        "compute/SharePool.sol",
        {
            "Math.mulDiv(shares, pool.tokens, pool.shares)": (
                "Math.mulDiv(shares, pool.tokens, pool.shares, Math.Rounding.Ceil)"
            )
        },
        "compute/test_stake.py::test_what_leaves_is_rounded_down_and_the_last_one_takes_what_that_left",
        "compute/OperatorStaking.sol:OperatorStaking",
    ),
    Bug(
        "rounding: a fee is rounded down",
        "models/ModelRegistry.sol",
        {"Math.ceilDiv(total, UNITS_PRICED)": "total / UNITS_PRICED"},
        "models/test_versions.py::test_a_fee_is_rounded_up_once",
    ),
    Bug(
        "access: anyone slashes",
        STAKING,
        {
            "        address challenger\n    ) external restricted nonReentrant {": (
                "        address challenger\n    ) external nonReentrant {"
            )
        },
        "compute/test_governance.py::test_strangers_may_not",
    ),
    Bug(
        "access: a model is trained on a dataset that was not paid for",
        "models/ModelRegistry.sol",
        {
            "            if (!DATASETS.canDownload(datasetId, msg.sender)) "
            "revert NoAccessToDataset(datasetId, msg.sender);\n": ""
        },
        "models/test_register.py::test_training_on_a_paid_dataset_demands_access_to_it",
    ),
    Bug(
        "pause: it holds what is people's own",
        PREPAID,
        {"uint256 amount, address to) external nonReentrant {": "uint256 amount, address to) external whenNotPaused {"},
        "settlement/test_prepaid_balances.py::test_a_pause_stops_deposits_and_draws_but_never_the_way_out",
    ),
    Bug(
        "double claim: a credit stays when it was paid",
        CREDITS,
        {"        $.claimable[currency][msg.sender] = 0;\n        $.owed[currency] -= amount;\n": ""},
        "payments/test_claim.py::test_takes_the_whole_credit_out_once",
        OF_ROUTER,
    ),
    Bug(
        "slippage: fewer shares than agreed",
        STAKING,
        {"        if (shares < minSharesOut) revert SharesBelowMin(shares, minSharesOut);\n": ""},
        "compute/test_stake.py::test_fewer_shares_than_agreed_are_refused",
    ),
    Bug(
        "stale price: an old answer counts",
        "payments/prepaid/PriceFeeds.sol",
        {" || Time.timestamp() - updatedAt > feed.maxAge": ""},
        "settlement/test_price_feeds.py::test_an_old_answer_is_refused",
    ),
    Bug(
        "measured arrival: a token that takes a fee is believed",
        "payments/Currency.sol",
        {"        requireReceived(token, before, amount);\n": ""},
        "payments/test_purchase.py::test_a_token_that_takes_a_fee_is_measured_and_refused",
        OF_ROUTER,
    ),
    Bug(
        "slash: it does not reach what thaws",
        "compute/SharePool.sol",
        {"        amount = worth(pool, shares);\n": "        amount = Math.min(shares, pool.tokens);\n"},
        "compute/test_slash.py::test_a_slash_in_the_block_of_withdrawal_comes_before_or_after_and_never_in_between",
        "compute/OperatorStaking.sol:OperatorStaking",
    ),
    Bug(
        "slash: stake leaves from under a job",
        STAKING,
        {" < thawed.releaseAt) revert HeldByLock(operator, oldest);": " == 0) revert HeldByLock(operator, oldest);"},
        "compute/test_slash.py::test_a_job_from_before_holds_stake_however_long_it_takes",
    ),
    Bug(
        "first depositor: a donation makes shares dear",
        STAKING,
        {
            "        shares = pool.deposit(amount);\n": (
                "        if (pool.shares != 0) pool.tokens = TOKEN.balanceOf(address(this)).toUint128();\n"
                "        shares = pool.deposit(amount);\n"
            )
        },
        "compute/test_stake.py::test_no_first_depositor_takes_anything_from_those_who_follow[1]",
    ),
    Bug(
        "merkle proof: an inner node passes for a leaf",
        "agents/AgentActivity.sol",
        {"return keccak256(bytes.concat(keccak256(abi.encode(task, step, stepHash))));": "return stepHash;"},
        "agents/test_activity.py::test_an_inner_node_is_no_step",
    ),
    Bug(
        "initializer: an implementation is taken over",
        "access/ClusterUpgradeable.sol",
        {"        _disableInitializers();\n": ""},
        "access/test_upgrades.py::test_initialize__on_the_implementation__reverts[ClusterToken]",
        "token/ClusterToken.sol:ClusterToken",
    ),
    Bug(
        "upgrade: anyone may",
        "access/ClusterUpgradeable.sol",
        {"internal override restricted {}": "internal override {}"},
        "access/test_upgrades.py::test_an_upgrade__by_a_stranger__reverts[DatasetNFT]",
        "data/DatasetNFT.sol:DatasetNFT",
    ),
    Bug(
        "failed push: what a receiver did not take is nobody's",
        CREDITS,
        {"        _credits().claimable[currency][account] += amount;\n": ""},
        "payments/test_purchase.py::test_a_payee_who_does_not_take_native_coin_gets_a_credit_and_stops_nobody",
        OF_ROUTER,
    ),
    Bug(
        "front-running: an address that is paid does not bind the referrer",
        ROUTER,
        {"keccak256(abi.encode(id, recipient, referrer))": "keccak256(abi.encode(id, recipient))"},
        "payments/test_purchase_with_authorization.py::test_what_is_signed_fixes_buyer_and_referrer",
    ),
    Bug(
        "surplus: what people have staked is taken for it",
        STAKING,
        {"        if (currency == address(TOKEN)) owed += $.totalStaked;\n": ""},
        "compute/test_governance.py::test_only_what_nobody_is_owed_is_rescued",
    ),
]
