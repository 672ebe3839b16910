// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20Upgradeable} from "@openzeppelin/contracts-upgradeable/token/ERC20/ERC20Upgradeable.sol";
import {ERC20PermitUpgradeable} from "@openzeppelin/contracts-upgradeable/token/ERC20/extensions/ERC20PermitUpgradeable.sol";
import {ERC3009Upgradeable} from "@openzeppelin/contracts-upgradeable/token/ERC20/extensions/draft-ERC3009Upgradeable.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

/// @title A stand-in for Circle's FiatTokenV2_2 on local chains
/// @notice 6 decimals, EIP-2612, EIP-3009 with both forms of signature, blacklist, pause, configured minters. The
/// constructor refuses any chain but a local one.
contract TestUSDC is ERC20PermitUpgradeable, ERC3009Upgradeable {
    uint256 private constant BLACKLISTED = 1 << 255;

    /// @notice Mints, pauses and blacklists: one account stands in for Circle's several.
    address public masterMinter;
    /// @notice Whether all transfers stop.
    bool public paused;

    /// @dev As in Circle's: the balance, and in the highest bit whether the account is blacklisted, in one word.
    mapping(address account => uint256) private _balanceAndBlacklistState;
    uint256 private _totalSupply;

    /// @notice An account was blacklisted.
    event Blacklisted(address indexed account);
    /// @notice An account was taken off the blacklist.
    event UnBlacklisted(address indexed account);
    /// @notice Transfers stopped.
    event Pause();
    /// @notice Transfers go on.
    event Unpause();

    /// @notice This token exists on local chains only.
    error OnlyLocalChains(uint256 chainId);
    /// @notice The caller is not the master minter.
    error NotMasterMinter(address caller);
    /// @notice The account is blacklisted.
    error AccountBlacklisted(address account);
    /// @notice The token is paused.
    error TokenPaused();

    modifier onlyMasterMinter() {
        if (msg.sender != masterMinter) revert NotMasterMinter(msg.sender);
        _;
    }

    /// @param tokenName "USD Coin" as on Base, "USDC" as on Base Sepolia; also the EIP-712 name.
    constructor(string memory tokenName) initializer {
        if (block.chainid != 31337 && block.chainid != 1337) revert OnlyLocalChains(block.chainid);
        __ERC20_init(tokenName, "USDC");
        __EIP712_init(tokenName, "2");
        masterMinter = msg.sender;
    }

    /// @notice Mints test money.
    function mint(address to, uint256 amount) external onlyMasterMinter {
        _mint(to, amount);
    }

    /// @notice Stops an account from sending and receiving.
    function blacklist(address account) external onlyMasterMinter {
        _balanceAndBlacklistState[account] |= BLACKLISTED;
        emit Blacklisted(account);
    }

    /// @notice Undoes `blacklist`.
    function unBlacklist(address account) external onlyMasterMinter {
        _balanceAndBlacklistState[account] &= ~BLACKLISTED;
        emit UnBlacklisted(account);
    }

    /// @notice Stops all transfers.
    function pause() external onlyMasterMinter {
        paused = true;
        emit Pause();
    }

    /// @notice Undoes `pause`.
    function unpause() external onlyMasterMinter {
        paused = false;
        emit Unpause();
    }

    /// @notice EIP-3009 transfer, signature as bytes (ECDSA or ERC-1271).
    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external {
        bytes32 typehash = TRANSFER_WITH_AUTHORIZATION_TYPEHASH;
        _requireSignature(
            from,
            keccak256(abi.encode(typehash, from, to, value, validAfter, validBefore, nonce)),
            signature
        );
        _transferWithAuthorization(from, to, value, validAfter, validBefore, nonce);
    }

    /// @notice EIP-3009 transfer by the payee, signature as bytes.
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external {
        if (to != msg.sender) revert ERC20InvalidReceiver(to);
        bytes32 typehash = RECEIVE_WITH_AUTHORIZATION_TYPEHASH;
        _requireSignature(
            from,
            keccak256(abi.encode(typehash, from, to, value, validAfter, validBefore, nonce)),
            signature
        );
        _transferWithAuthorization(from, to, value, validAfter, validBefore, nonce);
    }

    /// @notice EIP-3009 cancellation, signature as bytes.
    function cancelAuthorization(address authorizer, bytes32 nonce, bytes calldata signature) external {
        _requireSignature(
            authorizer,
            keccak256(abi.encode(CANCEL_AUTHORIZATION_TYPEHASH, authorizer, nonce)),
            signature
        );
        _cancelAuthorization(authorizer, nonce);
    }

    /// @notice EIP-712 version, "2" as in Circle's.
    function version() external view returns (string memory) {
        return _EIP712Version();
    }

    /// @notice Whether an account is blacklisted.
    function isBlacklisted(address account) public view returns (bool) {
        return _balanceAndBlacklistState[account] & BLACKLISTED != 0;
    }

    /// @inheritdoc ERC20Upgradeable
    function balanceOf(address account) public view override returns (uint256) {
        return _balanceAndBlacklistState[account] & ~BLACKLISTED;
    }

    /// @inheritdoc ERC20Upgradeable
    function totalSupply() public view override returns (uint256) {
        return _totalSupply;
    }

    /// @inheritdoc ERC20Upgradeable
    function decimals() public pure override returns (uint8) {
        return 6;
    }

    /// @dev Circle's checks the caller of `transferFrom` too, not only the two ends of the transfer.
    function _spendAllowance(address owner, address spender, uint256 value) internal override {
        if (isBlacklisted(spender)) revert AccountBlacklisted(spender);
        super._spendAllowance(owner, spender, value);
    }

    function _update(address from, address to, uint256 value) internal override {
        if (paused) revert TokenPaused();
        if (from == address(0)) {
            _totalSupply += value;
        } else {
            uint256 balance = _balanceAndBlacklistState[from];
            if (balance & BLACKLISTED != 0) revert AccountBlacklisted(from);
            if (balance < value) revert ERC20InsufficientBalance(from, balance, value);
            _balanceAndBlacklistState[from] = balance - value;
        }
        if (to == address(0)) {
            _totalSupply -= value;
        } else {
            uint256 balance = _balanceAndBlacklistState[to];
            if (balance & BLACKLISTED != 0) revert AccountBlacklisted(to);
            _balanceAndBlacklistState[to] = balance + value;
        }
        emit Transfer(from, to, value);
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
