// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Prepaid balances, from which relays draw what was used
/// @notice An account deposits a currency, grants a relay a spending limit, and takes out the rest whenever it wants. A
/// relay draws for a batch of usage, and anchors the receipts of it. A deposit keeps its currency; usage is priced in
/// micro-dollars and converted when it is drawn, or not drawn at all where the price can't be trusted. Balances are in
/// the currency's smallest unit, the zero address is the chain's native coin, times are unix seconds. For every
/// currency this contract holds exactly the sum of the balances.
interface IPrepaidBalances {
    /// @notice Why a row of a batch was not drawn. The others of the batch are.
    enum Refusal {
        AboveLimit,
        AboveBalance
    }

    /// @notice What a relay may spend of an account.
    /// @param limit Micro-dollars a period, over all currencies.
    /// @param period Seconds.
    /// @param spent Micro-dollars of the period that began at `since`.
    /// @param since When that was.
    struct Grant {
        uint64 limit;
        uint32 period;
        uint64 spent;
        uint48 since;
    }

    /// @notice What an account used.
    /// @param account Who pays.
    /// @param modelId Which model.
    /// @param version Its version.
    /// @param operator Who served.
    /// @param microDollars Price of all of it.
    struct Usage {
        address account;
        uint256 modelId;
        uint32 version;
        address operator;
        uint64 microDollars;
    }

    /// @notice Money came in for an account.
    /// @param account The account.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param payer Who paid.
    /// @param amount Units of the currency.
    event Deposited(address indexed account, address indexed currency, address indexed payer, uint256 amount);

    /// @notice An account took money out.
    /// @param account The account.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param to Where it goes.
    /// @param amount Units of the currency.
    event Withdrawn(address indexed account, address indexed currency, address to, uint256 amount);

    /// @notice An account set what a relay may spend; a limit of 0 is nothing. The period begins anew.
    /// @param account The account.
    /// @param relay The relay.
    /// @param limit Micro-dollars a period.
    /// @param period Seconds.
    event GrantSet(address indexed account, address indexed relay, uint64 limit, uint32 period);

    /// @notice A relay drew for a row of usage.
    /// @param account The account.
    /// @param relay The relay.
    /// @param modelId The model that was used.
    /// @param version Version of the model.
    /// @param operator Who served.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param microDollars Micro-dollars of usage.
    /// @param amount Units of the currency.
    event Drawn(
        address indexed account,
        address indexed relay,
        uint256 indexed modelId,
        uint32 version,
        address operator,
        address currency,
        uint64 microDollars,
        uint256 amount
    );

    /// @notice A row was not drawn. `index` is its place in the batch.
    /// @param account The account.
    /// @param relay The relay.
    /// @param index Place of the row in the draw, from 0.
    /// @param microDollars Micro-dollars of usage.
    /// @param reason Why.
    event DrawRefused(
        address indexed account,
        address indexed relay,
        uint256 index,
        uint64 microDollars,
        Refusal reason
    );

    /// @notice A batch is done: `amount` units for `microDollars` of usage went to the settlement.
    /// @param relay The relay.
    /// @param batch Number under which the receipts were anchored.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param microDollars Micro-dollars of usage.
    /// @param amount Units of the currency.
    event BatchDrawn(
        address indexed relay,
        uint256 indexed batch,
        address indexed currency,
        uint256 microDollars,
        uint256 amount
    );

    /// @notice The currency is not accepted.
    /// @param currency Token address, or the zero address for the native coin.
    error CurrencyNotAccepted(address currency);

    /// @notice Nothing was given, or asked for.
    error ZeroAmount();

    /// @notice The account or receiver can't be this address.
    /// @param account The address given.
    error InvalidAddress(address account);

    /// @notice A grant with a limit needs a period.
    error InvalidPeriod();

    /// @notice The account has less than that.
    /// @param account The account.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param balance Units it has.
    /// @param asked Units asked for.
    error InsufficientBalance(address account, address currency, uint256 balance, uint256 asked);

    /// @notice Deposits for an account, its own or another's. For a token, the caller has approved this contract.
    /// @param account The account.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param amount Units of the currency.
    function deposit(address account, address currency, uint256 amount) external payable;

    /// @notice Credits an account with what was sent to its `depositAddress`. Anyone may call it.
    /// @param account The account.
    /// @param currency Token address, or the zero address for the native coin.
    /// @return amount Units credited.
    function collect(address account, address currency) external returns (uint256 amount);

    /// @notice Takes the caller's money out. Never paused.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param amount Units of the currency.
    /// @param to Where it goes.
    function withdraw(address currency, uint256 amount, address to) external;

    /// @notice Sets what a relay may spend of the caller's balances.
    /// @param relay The relay.
    /// @param limit Micro-dollars a period; 0 for nothing.
    /// @param period Seconds. Periods follow each other from now on; around a change of period, up to two limits can be
    /// spent within one period's time.
    function setGrant(address relay, uint64 limit, uint32 period) external;

    /// @notice The caller, a relay, draws for a batch of usage what it was granted, into the settlement. A row that its
    /// account can't or won't pay is refused by an event and does not stop the others. Anchors the batch's receipts, and
    /// the root of the rows that were drawn, by which `IReceiptRegistry.provePaidReceipt` tells which receipts were paid.
    /// Rows of one model, version and operator that follow each other cost less.
    /// @param currency All rows' currency.
    /// @param usages The rows.
    /// @param receiptRoot Merkle root of the batch's receipts, see `IReceiptRegistry`.
    /// @param receiptCount How many there are.
    /// @return batch Number under which the receipts were anchored.
    /// @return amount Units drawn.
    function draw(
        address currency,
        Usage[] calldata usages,
        bytes32 receiptRoot,
        uint32 receiptCount
    ) external returns (uint256 batch, uint256 amount);

    /// @notice Stops deposits and draws. Restricted, immediate. Withdrawals go on.
    function pause() external;

    /// @notice Allows them again. Restricted.
    function unpause() external;

    /// @notice Address that a plain transfer is sent to, to be credited to the account: by wallets, exchanges, x402.
    /// @param account The account.
    /// @return The address, of that account alone.
    function depositAddress(address account) external view returns (address);

    /// @notice What an account has in a currency.
    /// @param account The account.
    /// @param currency Token address, or the zero address for the native coin.
    /// @return Units.
    function balanceOf(address account, address currency) external view returns (uint256);

    /// @notice Sum of all balances in a currency: what this contract must hold.
    /// @param currency Token address, or the zero address for the native coin.
    /// @return Units.
    function totalBalance(address currency) external view returns (uint256);

    /// @notice What a relay may spend, as of now: `spent` is 0 if a new period has begun.
    /// @param account The account.
    /// @param relay The relay.
    /// @return The grant.
    function grantOf(address account, address relay) external view returns (Grant memory);
}
