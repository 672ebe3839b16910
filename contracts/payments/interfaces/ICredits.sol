// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title ICredits
/// @notice What a contract owes to accounts until they take it out
/// @dev A currency is a token's address, or the zero address for the chain's native coin; amounts are in its smallest unit.
interface ICredits {
    /// @notice An account was credited: the amount waits in `claimable`.
    /// @param account The account.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param amount Units of the currency.
    event Credited(address indexed account, address indexed currency, uint256 amount);

    /// @notice A credit was taken out.
    /// @param account The account.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param to Where it goes.
    /// @param amount Units of the currency.
    event Claimed(address indexed account, address indexed currency, address to, uint256 amount);

    /// @notice Currency units that nobody is owed were sent away.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param to Where it goes.
    /// @param amount Units of the currency.
    event SurplusRescued(address indexed currency, address indexed to, uint256 amount);

    /// @notice There is nothing to take out.
    /// @param account The account.
    /// @param currency Token address, or the zero address for the native coin.
    error NothingToClaim(address account, address currency);

    /// @notice Nobody who is paid, named or given access can be this address: zero, or this contract.
    /// @param account The address given.
    error InvalidAddress(address account);

    /// @notice More was asked for than nobody is owed.
    /// @param asked Units asked for.
    /// @param surplus Units that nobody is owed.
    error SurplusExceeded(uint256 asked, uint256 surplus);

    /// @notice Takes out the caller's whole credit in a currency. Never paused.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param to Where it goes.
    /// @return amount Units sent.
    function claim(address currency, address to) external returns (uint256 amount);

    /// @notice Sends away units that reached this contract outside its functions, and that nobody is owed.
    /// Restricted, delayed.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param to Where it goes.
    /// @param amount Units of the currency.
    function rescueSurplus(address currency, address to, uint256 amount) external;

    /// @notice Credit of an account in a currency.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param account The account.
    /// @return Units.
    function claimable(address currency, address account) external view returns (uint256);
}
