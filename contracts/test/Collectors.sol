// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IDepositCollector} from "../payments/channels/interfaces/IDepositCollector.sol";

/// @title Brings nothing and says nothing
contract LazyCollector is IDepositCollector {
    /// @inheritdoc IDepositCollector
    function collect(address, address, uint256, bytes32, bytes calldata) external {}
}

/// @title Calls its caller back with the data it is given
contract ReentrantCollector is IDepositCollector {
    /// @inheritdoc IDepositCollector
    function collect(address, address, uint256, bytes32, bytes calldata collectorData) external {
        (bool success, bytes memory result) = msg.sender.call(collectorData);
        if (!success) {
            assembly {
                revert(add(result, 0x20), mload(result))
            }
        }
    }
}

/// @title Takes what the payer approved it for: the simplest honest collector
contract ApprovalCollector is IDepositCollector {
    /// @inheritdoc IDepositCollector
    function collect(address payer, address token, uint256 amount, bytes32, bytes calldata) external {
        SafeERC20.safeTransferFrom(IERC20(token), payer, msg.sender, amount);
    }
}
