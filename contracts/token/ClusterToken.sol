// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20Upgradeable} from "@openzeppelin/contracts-upgradeable/token/ERC20/ERC20Upgradeable.sol";
import {ERC20PermitUpgradeable} from "@openzeppelin/contracts-upgradeable/token/ERC20/extensions/ERC20PermitUpgradeable.sol";
import {ERC20VotesUpgradeable} from "@openzeppelin/contracts-upgradeable/token/ERC20/extensions/ERC20VotesUpgradeable.sol";
import {ERC3009Upgradeable} from "@openzeppelin/contracts-upgradeable/token/ERC20/extensions/draft-ERC3009Upgradeable.sol";
import {NoncesUpgradeable} from "@openzeppelin/contracts-upgradeable/utils/NoncesUpgradeable.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

import {ClusterUpgradeable} from "../access/ClusterUpgradeable.sol";
import {IClusterToken} from "./interfaces/IClusterToken.sol";

/// @title ClusterToken (CP)
/// @notice The protocol's token. See {IClusterToken}.
contract ClusterToken is
    IClusterToken,
    ClusterUpgradeable,
    ERC20PermitUpgradeable,
    ERC20VotesUpgradeable,
    ERC3009Upgradeable
{
    /// @inheritdoc IClusterToken
    uint256 public constant MAX_SUPPLY = 5_000_000_000e18;

    /// @notice Sets the names and mints the whole supply.
    /// @param authority The AccessManager.
    /// @param treasury Receives the supply.
    function initialize(address authority, address treasury) external initializer {
        if (treasury == address(0)) revert InvalidTreasury(treasury);
        __AccessManaged_init(authority);
        __ERC20_init("Cluster Protocol", "CP");
        __ERC20Permit_init("Cluster Protocol");
        _mint(treasury, MAX_SUPPLY);
    }

    /// @inheritdoc IClusterToken
    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external {
        _requireSignature(
            from,
            keccak256(
                abi.encode(TRANSFER_WITH_AUTHORIZATION_TYPEHASH, from, to, value, validAfter, validBefore, nonce)
            ),
            signature
        );
        _transferWithAuthorization(from, to, value, validAfter, validBefore, nonce);
    }

    /// @inheritdoc IClusterToken
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external {
        if (to != _msgSender()) revert ERC20InvalidReceiver(to);
        _requireSignature(
            from,
            keccak256(abi.encode(RECEIVE_WITH_AUTHORIZATION_TYPEHASH, from, to, value, validAfter, validBefore, nonce)),
            signature
        );
        _transferWithAuthorization(from, to, value, validAfter, validBefore, nonce);
    }

    /// @inheritdoc IClusterToken
    function cancelAuthorization(address authorizer, bytes32 nonce, bytes calldata signature) external {
        _requireSignature(
            authorizer,
            keccak256(abi.encode(CANCEL_AUTHORIZATION_TYPEHASH, authorizer, nonce)),
            signature
        );
        _cancelAuthorization(authorizer, nonce);
    }

    /// @inheritdoc IClusterToken
    function version() external view returns (string memory) {
        return _EIP712Version();
    }

    /// @notice Votes are counted by time (ERC-6372), so that they mean the same on every chain.
    /// @return Unix seconds.
    function clock() public view override returns (uint48) {
        return Time.timestamp();
    }

    /// @notice Next ERC-2612 and delegation nonce of an account. EIP-3009 nonces are separate.
    function nonces(address owner) public view override(ERC20PermitUpgradeable, NoncesUpgradeable) returns (uint256) {
        return super.nonces(owner);
    }

    // solhint-disable func-name-mixedcase
    /// @notice ERC-6372 description of `clock`.
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }
    // solhint-enable func-name-mixedcase

    function _update(
        address from,
        address to,
        uint256 value
    ) internal override(ERC20Upgradeable, ERC20VotesUpgradeable) {
        super._update(from, to, value);
    }

    /// @dev EIP-3009 to the letter: unix seconds. OpenZeppelin's would read both times as block numbers if both have
    /// bit 47 set, and so accept what every other implementation calls not yet valid.
    function _checkValidity(uint256 validAfter, uint256 validBefore) internal view override {
        uint256 time = Time.timestamp();
        if (time <= validAfter || time >= validBefore) {
            revert ERC3009InvalidAuthorizationTime(validAfter, validBefore);
        }
    }

    function _requireSignature(address signer, bytes32 structHash, bytes calldata signature) private view {
        if (!SignatureChecker.isValidSignatureNowCalldata(signer, _hashTypedDataV4(structHash), signature)) {
            revert ERC3009InvalidSignature();
        }
    }
}
