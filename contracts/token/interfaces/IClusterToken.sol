// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title The protocol's token: ERC-20, ERC-2612, EIP-3009, votes on a timestamp clock
/// @notice 18 decimals; 5,000,000,000 CP minted once, to the treasury. There is no other mint.
interface IClusterToken is IERC20 {
    /// @notice The treasury can't be the zero address.
    /// @param treasury The address given.
    error InvalidTreasury(address treasury);

    // Constants first, then what changes state, then what reads it.
    // solhint-disable ordering

    /// @notice All there will ever be, in wei of CP.
    /// @return Wei of CP.
    function MAX_SUPPLY() external view returns (uint256);

    /// @notice EIP-712 domain version.
    /// @return "1".
    function version() external view returns (string memory);

    /// @notice EIP-3009 transfer with the signature as bytes: 65 bytes r, s, v of an account, or what an ERC-1271
    /// wallet accepts. Anyone may send it. Valid strictly between `validAfter` and `validBefore` (unix seconds).
    /// @param from Payer and signer.
    /// @param to Payee.
    /// @param value Wei of CP.
    /// @param validAfter Valid strictly after this unix second.
    /// @param validBefore Valid strictly before this unix second.
    /// @param nonce The authorization's random 32 bytes.
    /// @param signature 65 bytes r, s, v; or what the wallet contract accepts.
    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;

    /// @notice As `transferWithAuthorization`, callable by the payee alone.
    /// @param from Payer and signer.
    /// @param to Payee.
    /// @param value Wei of CP.
    /// @param validAfter Valid strictly after this unix second.
    /// @param validBefore Valid strictly before this unix second.
    /// @param nonce The authorization's random 32 bytes.
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

    /// @notice Makes an unused authorization worthless, with the signature as bytes.
    /// @param authorizer Who signed the authorization.
    /// @param nonce The authorization's random 32 bytes.
    /// @param signature 65 bytes r, s, v; or what the wallet contract accepts.
    function cancelAuthorization(address authorizer, bytes32 nonce, bytes calldata signature) external;
}
