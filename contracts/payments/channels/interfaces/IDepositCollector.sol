// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Brings a payer's tokens into the channels' escrow
/// @notice The interface that x402's `batch-settlement` scheme gives its deposit collectors.
interface IDepositCollector {
    /// @notice Moves `amount` of `token` from `payer` to the caller, or reverts. Callable by the channels' contract
    /// alone.
    /// @param payer Whose tokens.
    /// @param token ERC-20.
    /// @param amount In the token's smallest unit.
    /// @param channelId The channel that the payer must have agreed to pay into.
    /// @param collectorData The payer's agreement, in the collector's own form.
    function collect(
        address payer,
        address token,
        uint256 amount,
        bytes32 channelId,
        bytes calldata collectorData
    ) external;
}
