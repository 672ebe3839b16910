// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IReceiveAuthorizationToken} from "./interfaces/IReceiveAuthorizationToken.sol";
import {IDepositCollector} from "./interfaces/IDepositCollector.sol";

/// @title Collects deposits into channels by EIP-3009 `receiveWithAuthorization`
/// @notice The authorization's nonce is keccak256(abi.encode(channelId, salt)): what the payer signs names the channel.
contract ERC3009DepositCollector is IDepositCollector {
    using SafeERC20 for IERC20;

    /// @notice The channels' contract; tokens go nowhere else.
    address public immutable BATCH_SETTLEMENT;

    /// @notice Only the channels' contract collects.
    /// @param caller Who tried.
    /// @param expected The channels' contract.
    error NotBatchSettlement(address caller, address expected);

    /// @param batchSettlement The channels' contract.
    constructor(address batchSettlement) {
        BATCH_SETTLEMENT = batchSettlement;
    }

    /// @inheritdoc IDepositCollector
    /// @param collectorData abi.encode(uint256 validAfter, uint256 validBefore, uint256 salt, bytes signature).
    function collect(
        address payer,
        address token,
        uint256 amount,
        bytes32 channelId,
        bytes calldata collectorData
    ) external {
        if (msg.sender != BATCH_SETTLEMENT) revert NotBatchSettlement(msg.sender, BATCH_SETTLEMENT);
        (uint256 validAfter, uint256 validBefore, uint256 salt, bytes memory signature) = abi.decode(
            collectorData,
            (uint256, uint256, uint256, bytes)
        );
        IReceiveAuthorizationToken(token).receiveWithAuthorization(
            payer,
            address(this),
            amount,
            validAfter,
            validBefore,
            keccak256(abi.encode(channelId, salt)),
            signature
        );
        IERC20(token).safeTransfer(BATCH_SETTLEMENT, amount);
    }
}
