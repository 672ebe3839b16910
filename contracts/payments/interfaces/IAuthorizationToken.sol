// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IAuthorizationToken
/// @notice The part of EIP-3009 that the router calls, with the signature as bytes (as USDC since v2.2 and CP have it)
interface IAuthorizationToken {
    /// @notice Moves `value` from the signer to `to`. Valid strictly between the two times (unix seconds).
    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;

    /// @notice Whether a nonce was used or canceled; the two can't be told apart.
    function authorizationState(address authorizer, bytes32 nonce) external view returns (bool);
}
