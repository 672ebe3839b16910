// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Money held for others: measured when it comes, never stuck when it goes
/// @notice A payment that its receiver does not take becomes a credit, so that nobody can block anybody. Amounts are in
/// the currency's smallest unit; the zero address is the chain's native coin. For every currency the contract holds at
/// least `totalOwed`.
interface IEscrow {
    /// @notice A payment failed and became a credit.
    event Credited(address indexed account, address indexed currency, uint256 amount);

    /// @notice A credit was taken out.
    event Claimed(address indexed account, address indexed currency, address to, uint256 amount);

    /// @notice Units that nobody is owed were sent away.
    event SurplusRescued(address indexed currency, address indexed to, uint256 amount);

    /// @notice The native coin sent is not the amount due (0 for a token).
    error ValueMismatch(uint256 sent, uint256 expected);

    /// @notice Fewer units arrived than were taken: a token that takes a fee can't be used.
    error ReceivedLess(address currency, uint256 received, uint256 expected);

    /// @notice There is nothing to take out.
    error NothingToClaim(address account, address currency);

    /// @notice A receiver can't be this address.
    error InvalidAddress(address account);

    /// @notice A transfer to the named receiver failed; nothing changed.
    error TransferFailed(address currency, address to, uint256 amount);

    /// @notice More was asked for than nobody is owed.
    error SurplusExceeded(uint256 asked, uint256 surplus);

    /// @notice Takes out the caller's whole credit in a currency. Never paused.
    /// @param to Where it goes.
    /// @return amount Units sent.
    function claim(address currency, address to) external returns (uint256 amount);

    /// @notice Sends away units that nobody is owed. Restricted, delayed.
    function rescueSurplus(address currency, address to, uint256 amount) external;

    /// @notice Credit of an account in a currency.
    function claimable(address currency, address account) external view returns (uint256);

    /// @notice All that this contract owes in a currency: escrow, bonds, payments put off, credits.
    function totalOwed(address currency) external view returns (uint256);
}
