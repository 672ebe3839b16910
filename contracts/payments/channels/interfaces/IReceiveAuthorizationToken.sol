// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The part of EIP-3009 by which a payee takes a payment, with the signature as bytes
/// @notice https://eips.ethereum.org/EIPS/eip-3009
interface IReceiveAuthorizationToken {
    /// @notice Moves `value` from `from` to the caller, who must be `to`. Reverts if the authorization was used or
    /// canceled, is not valid now, or was not signed by `from`.
    /// @param from Payer and signer.
    /// @param to Payee: the caller.
    /// @param value In the token's smallest unit.
    /// @param validAfter Valid strictly after this unix second.
    /// @param validBefore Valid strictly before this unix second.
    /// @param nonce The authorization's 32 bytes.
    /// @param signature 65 bytes r, s, v; or what the wallet contract accepts.
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;
}
