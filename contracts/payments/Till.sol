// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";

/// @title A payment address that only the contract which made it can empty
/// @notice Used through minimal clones at CREATE2 addresses, deployed when first emptied: the address says what a
/// payment is for, and money may arrive before there is code.
contract Till {
    using SafeERC20 for IERC20;

    address private immutable CONTROLLER = msg.sender;

    /// @notice Only the controller may empty a till.
    /// @param caller Who tried.
    /// @param controller Who may: the contract that made the till.
    error NotController(address caller, address controller);

    /// @notice Native coin may arrive at any time.
    receive() external payable {}

    /// @notice Sends what is asked for; reverts if that fails.
    /// @param currency Token, or the zero address for the native coin.
    /// @param to Where it goes.
    /// @param amount In the currency's smallest unit.
    function release(address currency, address to, uint256 amount) external {
        if (msg.sender != CONTROLLER) revert NotController(msg.sender, CONTROLLER);
        if (currency == address(0)) {
            Address.sendValue(payable(to), amount);
        } else {
            IERC20(currency).safeTransfer(to, amount);
        }
    }
}
