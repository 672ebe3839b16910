// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title Currency
/// @notice Tokens and the chain's native coin by the same calls. Amounts are in a currency's smallest unit.
library Currency {
    using SafeERC20 for IERC20;

    /// @dev Stands for the native coin.
    address internal constant NATIVE = address(0);

    /// @dev Enough for any wallet contract that only takes the money; too little to make a payment costly.
    uint256 private constant NATIVE_TRANSFER_GAS = 50_000;

    /// @notice The native coin sent is not the amount (0 for a token).
    /// @param sent Native coin sent, in wei.
    /// @param expected What it must be, in wei.
    error ValueMismatch(uint256 sent, uint256 expected);

    /// @notice Fewer units arrived than were taken: a token that takes a fee can't be used.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param received Units that came.
    /// @param expected Units that were to come.
    error ReceivedLess(address currency, uint256 received, uint256 expected);

    /// @notice A transfer to the named receiver failed; nothing changed.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param to Where it goes.
    /// @param amount Units of the currency.
    error TransferFailed(address currency, address to, uint256 amount);

    /// @notice Takes an amount from the caller. Native coin came with the call; a token is pulled and measured.
    function take(address currency, uint256 amount) internal {
        uint256 value = currency == NATIVE ? amount : 0;
        if (msg.value != value) revert ValueMismatch(msg.value, value);
        if (currency != NATIVE && amount != 0) pull(currency, amount);
    }

    /// @notice Pulls a token from the caller and measures what came.
    function pull(address token, uint256 amount) internal {
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        requireReceived(token, before, amount);
    }

    /// @notice Sends with all gas, or reverts.
    function send(address currency, address to, uint256 amount) internal {
        bool success;
        if (currency != NATIVE) success = IERC20(currency).trySafeTransfer(to, amount);
        else (success, ) = to.call{value: amount}("");
        if (!success) revert TransferFailed(currency, to, amount);
    }

    /// @notice Sends, or says that it failed. A receiver of native coin gets little gas, and its answer is not read.
    function trySend(address currency, address to, uint256 amount) internal returns (bool success) {
        if (currency != NATIVE) return IERC20(currency).trySafeTransfer(to, amount);
        // In assembly, because Solidity would copy whatever the receiver returns, at the sender's expense.
        // solhint-disable-next-line no-inline-assembly
        assembly {
            success := call(NATIVE_TRANSFER_GAS, to, amount, 0, 0, 0, 0)
        }
    }

    /// @notice Reverts if this contract's balance did not grow by what was expected.
    /// @param before Its balance before.
    function requireReceived(address currency, uint256 before, uint256 expected) internal view {
        uint256 received = balanceOf(currency, address(this)) - before;
        if (received < expected) revert ReceivedLess(currency, received, expected);
    }

    /// @notice Balance of an account.
    function balanceOf(address currency, address account) internal view returns (uint256) {
        return currency == NATIVE ? account.balance : IERC20(currency).balanceOf(account);
    }
}
