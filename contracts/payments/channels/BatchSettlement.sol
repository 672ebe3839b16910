// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

import {IBatchSettlement} from "./interfaces/IBatchSettlement.sol";
import {IDepositCollector} from "./interfaces/IDepositCollector.sol";

/// @title BatchSettlement
/// @notice x402's payment channels, for chains that lack the canonical contract. See {IBatchSettlement}.
/// @dev Without owner, pause or upgrade, as the canonical one: what a payer signed can't be given another meaning.
contract BatchSettlement is IBatchSettlement, EIP712, Multicall, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    struct Channel {
        uint128 balance;
        uint128 totalClaimed;
    }

    struct Withdrawal {
        uint128 amount;
        uint40 initiatedAt;
    }

    struct Receiver {
        uint128 totalClaimed;
        uint128 totalSettled;
    }

    // solhint-disable gas-small-strings
    bytes32 private constant CHANNEL_CONFIG_TYPEHASH = keccak256(
        "ChannelConfig(address payer,address payerAuthorizer,address receiver,address receiverAuthorizer,"
        "address token,uint40 withdrawDelay,bytes32 salt)"
    );
    bytes32 private constant VOUCHER_TYPEHASH = keccak256("Voucher(bytes32 channelId,uint128 maxClaimableAmount)");
    bytes32 private constant REFUND_TYPEHASH = keccak256("Refund(bytes32 channelId,uint256 nonce,uint128 amount)");
    bytes32 private constant CLAIM_ENTRY_TYPEHASH = keccak256(
        "ClaimEntry(bytes32 channelId,uint128 maxClaimableAmount,uint128 totalClaimed)"
    );
    bytes32 private constant CLAIM_BATCH_TYPEHASH = keccak256(
        "ClaimBatch(ClaimEntry[] claims)"
        "ClaimEntry(bytes32 channelId,uint128 maxClaimableAmount,uint128 totalClaimed)"
    );
    // solhint-enable gas-small-strings

    /// @inheritdoc IBatchSettlement
    uint40 public constant MIN_WITHDRAW_DELAY = 15 minutes;
    /// @inheritdoc IBatchSettlement
    uint40 public constant MAX_WITHDRAW_DELAY = 30 days;

    /// @inheritdoc IBatchSettlement
    mapping(bytes32 channelId => Channel) public channels;
    /// @inheritdoc IBatchSettlement
    mapping(bytes32 channelId => uint256) public refundNonce;
    /// @inheritdoc IBatchSettlement
    mapping(bytes32 channelId => Withdrawal) public pendingWithdrawals;
    /// @inheritdoc IBatchSettlement
    mapping(address receiver => mapping(address token => Receiver)) public receivers;

    /// @notice Sets the EIP-712 domain that the scheme names.
    constructor() EIP712("x402 Batch Settlement", "1") {}

    /// @inheritdoc IBatchSettlement
    function deposit(
        ChannelConfig calldata config,
        uint128 amount,
        address collector,
        bytes calldata collectorData
    ) external nonReentrant {
        _requireValid(config);
        if (amount == 0) revert ZeroAmount();
        if (collector.code.length == 0) revert InvalidCollector(collector);

        bytes32 channelId = getChannelId(config);
        Channel storage channel = channels[channelId];
        bool created = channel.balance == 0 && channel.totalClaimed == 0;
        uint128 balance = channel.balance + amount;
        channel.balance = balance;
        if (created) emit ChannelCreated(channelId, config);
        emit Deposited(channelId, msg.sender, amount, balance);

        uint256 before = IERC20(config.token).balanceOf(address(this));
        IDepositCollector(collector).collect(config.payer, config.token, amount, channelId, collectorData);
        uint256 received = IERC20(config.token).balanceOf(address(this)) - before;
        if (received != amount) revert DepositCollectionFailed(received, amount);
    }

    /// @inheritdoc IBatchSettlement
    function claim(VoucherClaim[] calldata voucherClaims) external nonReentrant {
        if (voucherClaims.length == 0) revert EmptyBatch();
        for (uint256 i = 0; i < voucherClaims.length; ++i) {
            _requireReceiverSide(voucherClaims[i].voucher.channel);
            _claim(voucherClaims[i], getChannelId(voucherClaims[i].voucher.channel));
        }
    }

    /// @inheritdoc IBatchSettlement
    function claimWithSignature(
        VoucherClaim[] calldata voucherClaims,
        bytes calldata authorizerSignature
    ) external nonReentrant {
        if (voucherClaims.length == 0) revert EmptyBatch();
        address authorizer = voucherClaims[0].voucher.channel.receiverAuthorizer;
        bytes32[] memory channelIds = _channelIdsOf(voucherClaims);
        bytes32 digest = _claimBatchDigest(voucherClaims, channelIds);
        if (!SignatureChecker.isValidSignatureNowCalldata(authorizer, digest, authorizerSignature)) {
            revert InvalidSignature(authorizer);
        }
        for (uint256 i = 0; i < voucherClaims.length; ++i) {
            address found = voucherClaims[i].voucher.channel.receiverAuthorizer;
            if (found != authorizer) revert NotReceiverAuthorizer(found, authorizer);
            _claim(voucherClaims[i], channelIds[i]);
        }
    }

    /// @inheritdoc IBatchSettlement
    function settle(address receiver, address token) external nonReentrant {
        Receiver storage state = receivers[receiver][token];
        uint128 amount = state.totalClaimed - state.totalSettled;
        if (amount == 0) return;
        state.totalSettled = state.totalClaimed;
        emit Settled(receiver, token, msg.sender, amount);
        IERC20(token).safeTransfer(receiver, amount);
    }

    /// @inheritdoc IBatchSettlement
    function initiateWithdraw(ChannelConfig calldata config, uint128 amount) external nonReentrant {
        _requirePayerSide(config);
        if (amount == 0) revert ZeroAmount();
        bytes32 channelId = getChannelId(config);
        Withdrawal storage withdrawal = pendingWithdrawals[channelId];
        if (withdrawal.initiatedAt != 0) revert WithdrawalAlreadyPending(channelId);
        uint128 available = _available(channels[channelId]);
        if (amount > available) revert WithdrawAmountExceedsAvailable(amount, available);
        uint40 now_ = uint40(Time.timestamp());
        withdrawal.amount = amount;
        withdrawal.initiatedAt = now_;
        emit WithdrawInitiated(channelId, amount, now_ + config.withdrawDelay);
    }

    /// @inheritdoc IBatchSettlement
    function finalizeWithdraw(ChannelConfig calldata config) external nonReentrant {
        _requirePayerSide(config);
        bytes32 channelId = getChannelId(config);
        Withdrawal memory withdrawal = pendingWithdrawals[channelId];
        if (withdrawal.initiatedAt == 0) revert WithdrawalNotPending(channelId);
        uint256 finalizeAfter = uint256(withdrawal.initiatedAt) + config.withdrawDelay;
        if (Time.timestamp() < finalizeAfter) revert WithdrawDelayNotElapsed(finalizeAfter);
        delete pendingWithdrawals[channelId];

        Channel storage channel = channels[channelId];
        uint128 amount = _atMost(withdrawal.amount, _available(channel));
        channel.balance -= amount;
        emit WithdrawFinalized(channelId, msg.sender, amount);
        _giveBack(config, channelId, channel, amount);
    }

    /// @inheritdoc IBatchSettlement
    function refund(ChannelConfig calldata config, uint128 amount) external nonReentrant {
        _requireReceiverSide(config);
        bytes32 channelId = getChannelId(config);
        ++refundNonce[channelId];
        _refund(config, channelId, amount);
    }

    /// @inheritdoc IBatchSettlement
    function refundWithSignature(
        ChannelConfig calldata config,
        uint128 amount,
        uint256 nonce,
        bytes calldata receiverAuthorizerSignature
    ) external nonReentrant {
        bytes32 channelId = getChannelId(config);
        uint256 expected = refundNonce[channelId];
        if (nonce != expected) revert InvalidRefundNonce(nonce, expected);
        refundNonce[channelId] = expected + 1;
        bytes32 digest = getRefundDigest(channelId, nonce, amount);
        address authorizer = config.receiverAuthorizer;
        if (!SignatureChecker.isValidSignatureNowCalldata(authorizer, digest, receiverAuthorizerSignature)) {
            revert InvalidSignature(authorizer);
        }
        _refund(config, channelId, amount);
    }

    /// @inheritdoc IBatchSettlement
    function getClaimBatchDigest(VoucherClaim[] calldata voucherClaims) external view returns (bytes32) {
        return _claimBatchDigest(voucherClaims, _channelIdsOf(voucherClaims));
    }

    /// @inheritdoc IBatchSettlement
    function getChannelId(ChannelConfig calldata config) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(CHANNEL_CONFIG_TYPEHASH, config)));
    }

    /// @inheritdoc IBatchSettlement
    function getVoucherDigest(bytes32 channelId, uint128 maxClaimableAmount) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(VOUCHER_TYPEHASH, channelId, maxClaimableAmount)));
    }

    /// @inheritdoc IBatchSettlement
    function getRefundDigest(bytes32 channelId, uint256 nonce, uint128 amount) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(REFUND_TYPEHASH, channelId, nonce, amount)));
    }

    function _claim(VoucherClaim calldata claimed, bytes32 channelId) private {
        Channel storage channel = channels[channelId];
        uint128 total = claimed.totalClaimed;
        uint128 before = channel.totalClaimed;
        // An old voucher is worth nothing, and does not stop the others of its batch.
        if (total <= before) return;
        uint128 ceiling = claimed.voucher.maxClaimableAmount;
        if (total > ceiling) revert ClaimExceedsCeiling(total, ceiling);
        if (total > channel.balance) revert ClaimExceedsBalance(total, channel.balance);
        _requireVoucherSignature(claimed, getVoucherDigest(channelId, ceiling));

        channel.totalClaimed = total;
        receivers[claimed.voucher.channel.receiver][claimed.voucher.channel.token].totalClaimed += total - before;
        emit Claimed(channelId, msg.sender, total - before, total);
    }

    function _refund(ChannelConfig calldata config, bytes32 channelId, uint128 asked) private {
        if (asked == 0) revert ZeroAmount();
        Channel storage channel = channels[channelId];
        uint128 amount = _atMost(asked, _available(channel));
        if (amount == 0) return;
        channel.balance -= amount;

        Withdrawal storage withdrawal = pendingWithdrawals[channelId];
        if (withdrawal.initiatedAt != 0) {
            if (amount >= withdrawal.amount) delete pendingWithdrawals[channelId];
            else withdrawal.amount -= amount;
        }
        emit Refunded(channelId, msg.sender, amount);
        _giveBack(config, channelId, channel, amount);
    }

    function _giveBack(
        ChannelConfig calldata config,
        bytes32 channelId,
        Channel storage channel,
        uint128 amount
    ) private {
        if (channel.balance == 0 && channel.totalClaimed == 0) emit ChannelClosed(channelId, config);
        if (amount != 0) IERC20(config.token).safeTransfer(config.payer, amount);
    }

    function _channelIdsOf(VoucherClaim[] calldata voucherClaims) private view returns (bytes32[] memory ids) {
        ids = new bytes32[](voucherClaims.length);
        for (uint256 i = 0; i < ids.length; ++i) ids[i] = getChannelId(voucherClaims[i].voucher.channel);
    }

    function _claimBatchDigest(
        VoucherClaim[] calldata voucherClaims,
        bytes32[] memory channelIds
    ) private view returns (bytes32) {
        bytes32[] memory entries = new bytes32[](voucherClaims.length);
        for (uint256 i = 0; i < entries.length; ++i) {
            entries[i] = keccak256(
                abi.encode(
                    CLAIM_ENTRY_TYPEHASH,
                    channelIds[i],
                    voucherClaims[i].voucher.maxClaimableAmount,
                    voucherClaims[i].totalClaimed
                )
            );
        }
        return _hashTypedDataV4(keccak256(abi.encode(CLAIM_BATCH_TYPEHASH, keccak256(abi.encodePacked(entries)))));
    }

    function _requireVoucherSignature(VoucherClaim calldata claimed, bytes32 digest) private view {
        address signer = claimed.voucher.channel.payerAuthorizer;
        bool valid;
        if (signer != address(0)) {
            (address recovered, ECDSA.RecoverError err, ) = ECDSA.tryRecoverCalldata(digest, claimed.signature);
            valid = err == ECDSA.RecoverError.NoError && recovered == signer;
        } else {
            signer = claimed.voucher.channel.payer;
            valid = SignatureChecker.isValidSignatureNowCalldata(signer, digest, claimed.signature);
        }
        if (!valid) revert InvalidSignature(signer);
    }

    function _requireReceiverSide(ChannelConfig calldata config) private view {
        if (msg.sender != config.receiver && msg.sender != config.receiverAuthorizer) {
            revert NotReceiverSide(msg.sender);
        }
    }

    function _requirePayerSide(ChannelConfig calldata config) private view {
        if (msg.sender != config.payer && msg.sender != config.payerAuthorizer) revert NotPayerSide(msg.sender);
    }

    function _available(Channel storage channel) private view returns (uint128) {
        return channel.balance - channel.totalClaimed;
    }

    function _requireValid(ChannelConfig calldata config) private pure {
        if (
            config.payer == address(0) ||
            config.receiver == address(0) ||
            config.receiverAuthorizer == address(0) ||
            config.token == address(0)
        ) revert InvalidChannel(config);
        if (config.withdrawDelay < MIN_WITHDRAW_DELAY || config.withdrawDelay > MAX_WITHDRAW_DELAY) {
            revert WithdrawDelayOutOfRange(config.withdrawDelay, MIN_WITHDRAW_DELAY, MAX_WITHDRAW_DELAY);
        }
    }

    function _atMost(uint128 asked, uint128 available) private pure returns (uint128) {
        return asked < available ? asked : available;
    }
}
