// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title ICredits
/// @notice What a contract owes to accounts until they take it out
/// @dev A currency is a token's address, or the zero address for the chain's native coin; amounts are in its smallest unit.
interface ICredits {
    /// @notice An account was credited: the amount waits in `claimable`.
    event Credited(address indexed account, address indexed currency, uint256 amount);

    /// @notice A credit was taken out.
    event Claimed(address indexed account, address indexed currency, address to, uint256 amount);

    /// @notice Currency units that nobody is owed were sent away.
    event SurplusRescued(address indexed currency, address indexed to, uint256 amount);

    /// @notice There is nothing to take out.
    error NothingToClaim(address account, address currency);

    /// @notice Nobody who is paid, named or given access can be this address: zero, or this contract.
    error InvalidAddress(address account);

    /// @notice More was asked for than nobody is owed.
    error SurplusExceeded(uint256 asked, uint256 surplus);

    /// @notice Takes out the caller's whole credit in a currency. Never paused.
    /// @param to Where it goes.
    /// @return amount Units sent.
    function claim(address currency, address to) external returns (uint256 amount);

    /// @notice Sends away units that reached this contract outside its functions, and that nobody is owed.
    /// Restricted, delayed.
    function rescueSurplus(address currency, address to, uint256 amount) external;

    /// @notice Credit of an account in a currency.
    function claimable(address currency, address account) external view returns (uint256);
}
