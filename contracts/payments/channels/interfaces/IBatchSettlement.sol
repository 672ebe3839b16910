// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Payment channels of x402's `batch-settlement` scheme
/// @notice One direction, many calls, no transaction each: a payer escrows tokens, signs vouchers with a rising ceiling,
/// and the receiver's side claims the newest of them for all calls at once. Functions, structs, events and EIP-712
/// types are those of the scheme, so its published clients work unchanged. Amounts are in the token's smallest unit.
/// For every token this contract holds exactly the escrow of its channels, claims included, until they are settled.
/// @dev https://github.com/x402-foundation/x402, specs of the `batch-settlement` scheme on EVM.
interface IBatchSettlement {
    /// @notice What a channel is, for ever; its hash is the channel's id.
    /// @param payer Whose escrow it is, and who gets back what is not claimed.
    /// @param payerAuthorizer Account that signs vouchers for the payer; zero means the payer, who may be an ERC-1271
    /// wallet.
    /// @param receiver Gets what is claimed.
    /// @param receiverAuthorizer Signs claims and refunds for the receiver.
    /// @param token ERC-20 that is paid with.
    /// @param withdrawDelay Seconds between the start and the end of a withdrawal by the payer: the time the receiver's
    /// side has to claim.
    /// @param salt Tells channels apart that are alike otherwise.
    struct ChannelConfig {
        address payer;
        address payerAuthorizer;
        address receiver;
        address receiverAuthorizer;
        address token;
        uint40 withdrawDelay;
        bytes32 salt;
    }

    /// @notice A ceiling that the payer's side signed. It counts all calls of the channel's life.
    /// @param channel The channel.
    /// @param maxClaimableAmount The ceiling, in units of the token.
    struct Voucher {
        ChannelConfig channel;
        uint128 maxClaimableAmount;
    }

    /// @notice A claim by a voucher.
    /// @param voucher What was signed.
    /// @param signature Of the payer's side, over `getVoucherDigest`.
    /// @param totalClaimed What the channel's claims sum up to afterwards, at most the voucher's ceiling.
    struct VoucherClaim {
        Voucher voucher;
        bytes signature;
        uint128 totalClaimed;
    }

    /// @notice A channel got its first escrow, or escrow again after it was closed.
    /// @param channelId The channel's id.
    /// @param config What the channel is.
    event ChannelCreated(bytes32 indexed channelId, ChannelConfig config);

    /// @notice All escrow of a channel without claims went back.
    /// @param channelId The channel's id.
    /// @param config What the channel is.
    event ChannelClosed(bytes32 indexed channelId, ChannelConfig config);

    /// @notice Escrow came in.
    /// @param channelId The channel's id.
    /// @param sender Who sent the call.
    /// @param amount Units of the token.
    /// @param newBalance Escrow of the channel afterwards, claims included.
    event Deposited(bytes32 indexed channelId, address indexed sender, uint128 amount, uint128 newBalance);

    /// @notice The receiver's claims on a channel rose.
    /// @param channelId The channel's id.
    /// @param sender Who sent the call.
    /// @param claimAmount Units more than were claimed before.
    /// @param newTotalClaimed What was claimed in the channel's life, in units.
    event Claimed(bytes32 indexed channelId, address indexed sender, uint128 claimAmount, uint128 newTotalClaimed);

    /// @notice What was claimed for a receiver went there.
    /// @param receiver Who is paid.
    /// @param token ERC-20 that is paid with.
    /// @param sender Who sent the call.
    /// @param amount Units of the token.
    event Settled(address indexed receiver, address indexed token, address indexed sender, uint128 amount);

    /// @notice The receiver's side gave escrow back.
    /// @param channelId The channel's id.
    /// @param sender Who sent the call.
    /// @param amount Units of the token.
    event Refunded(bytes32 indexed channelId, address indexed sender, uint128 amount);

    /// @notice The payer's side began to withdraw; it can be finalized from `finalizeAfter`, unix seconds.
    /// @param channelId The channel's id.
    /// @param amount Units asked for.
    /// @param finalizeAfter Unix seconds.
    event WithdrawInitiated(bytes32 indexed channelId, uint128 amount, uint40 finalizeAfter);

    /// @notice A withdrawal ended; `amount` may be less than was asked for.
    /// @param channelId The channel's id.
    /// @param sender Who sent the call.
    /// @param amount Units of the token.
    event WithdrawFinalized(bytes32 indexed channelId, address indexed sender, uint128 amount);

    /// @notice Payer, receiver, receiver's authorizer and token must be set.
    /// @param config What the channel is.
    error InvalidChannel(ChannelConfig config);

    /// @notice The delay is out of bounds; seconds.
    /// @param delay The delay given, in seconds.
    /// @param min Shortest delay, in seconds.
    /// @param max Longest delay, in seconds.
    error WithdrawDelayOutOfRange(uint40 delay, uint40 min, uint40 max);

    /// @notice Nothing was asked for.
    error ZeroAmount();

    /// @notice The collector has no code.
    /// @param collector The deposit collector, which brings the tokens.
    error InvalidCollector(address collector);

    /// @notice The collector brought something else than the deposit: a token that takes a fee can't be used.
    /// @param received Units that came.
    /// @param expected Units that were to come.
    error DepositCollectionFailed(uint256 received, uint128 expected);

    /// @notice The signature is not that of the one who must sign.
    /// @param signer Who must sign.
    error InvalidSignature(address signer);

    /// @notice The caller is neither receiver nor its authorizer.
    /// @param caller Who tried.
    error NotReceiverSide(address caller);

    /// @notice The caller is neither payer nor its authorizer.
    /// @param caller Who tried.
    error NotPayerSide(address caller);

    /// @notice A batch is signed by one authorizer, for channels of that one.
    /// @param found The authorizer of another channel of the batch.
    /// @param expected The authorizer of the batch's first channel.
    error NotReceiverAuthorizer(address found, address expected);

    /// @notice A batch must hold a claim.
    error EmptyBatch();

    /// @notice More is claimed than the payer's side agreed to.
    /// @param totalClaimed Units that the channel's claims would sum up to.
    /// @param maxClaimableAmount The voucher's ceiling, in units of the token.
    error ClaimExceedsCeiling(uint128 totalClaimed, uint128 maxClaimableAmount);

    /// @notice More is claimed than was ever escrowed and not withdrawn.
    /// @param totalClaimed Units that the channel's claims would sum up to.
    /// @param balance Units ever escrowed and not withdrawn.
    error ClaimExceedsBalance(uint128 totalClaimed, uint128 balance);

    /// @notice A withdrawal is under way; one at a time.
    /// @param channelId The channel's id.
    error WithdrawalAlreadyPending(bytes32 channelId);

    /// @notice No withdrawal is under way.
    /// @param channelId The channel's id.
    error WithdrawalNotPending(bytes32 channelId);

    /// @notice The withdrawal can be finalized from `finalizeAfter`, unix seconds.
    /// @param finalizeAfter Unix seconds.
    error WithdrawDelayNotElapsed(uint256 finalizeAfter);

    /// @notice Less than that is not claimed.
    /// @param amount Units asked for.
    /// @param available Units that are not claimed.
    error WithdrawAmountExceedsAvailable(uint128 amount, uint128 available);

    /// @notice The refund was signed for another number.
    /// @param nonce Number of the refund.
    /// @param expected Number of the channel's next refund.
    error InvalidRefundNonce(uint256 nonce, uint256 expected);

    /// @notice Escrows tokens of the payer, by a collector that proves the payer's agreement. Anyone may send it.
    /// @param config What the channel is.
    /// @param amount Units of the token.
    /// @param collector The deposit collector, which brings the tokens.
    /// @param collectorData The payer's agreement, in the collector's own form.
    function deposit(
        ChannelConfig calldata config,
        uint128 amount,
        address collector,
        bytes calldata collectorData
    ) external;

    /// @notice Claims by vouchers. For the receiver or its authorizer of every channel named. A claim that is not above
    /// what was claimed before changes nothing.
    /// @param voucherClaims The claims; at least one.
    function claim(VoucherClaim[] calldata voucherClaims) external;

    /// @notice Claims by vouchers, signed by the one authorizer of all channels named. Anyone may send it.
    /// @param voucherClaims The claims; at least one.
    /// @param authorizerSignature Of the authorizer, over `getClaimBatchDigest`.
    function claimWithSignature(VoucherClaim[] calldata voucherClaims, bytes calldata authorizerSignature) external;

    /// @notice Sends the receiver what was claimed for it. Anyone may call it; nothing happens if nothing waits.
    /// @param receiver Who is paid.
    /// @param token ERC-20 that is paid with.
    function settle(address receiver, address token) external;

    /// @notice Begins to take unclaimed escrow back. For the payer's side. Claims that arrive before it is finalized
    /// come first.
    /// @param config What the channel is.
    /// @param amount Units of the token.
    function initiateWithdraw(ChannelConfig calldata config, uint128 amount) external;

    /// @notice Takes escrow back after the delay: what was asked for, or what is still unclaimed. For the payer's side.
    /// @param config What the channel is.
    function finalizeWithdraw(ChannelConfig calldata config) external;

    /// @notice Gives escrow back to the payer, `amount` or what is unclaimed. For the receiver's side. Makes refunds that
    /// were signed before worthless.
    /// @param config What the channel is.
    /// @param amount Units of the token.
    function refund(ChannelConfig calldata config, uint128 amount) external;

    /// @notice As `refund`, signed by the receiver's authorizer. Anyone may send it.
    /// @param config What the channel is.
    /// @param amount Units of the token.
    /// @param nonce `refundNonce` of the channel.
    /// @param receiverAuthorizerSignature Of the receiver's authorizer, over `getRefundDigest`.
    function refundWithSignature(
        ChannelConfig calldata config,
        uint128 amount,
        uint256 nonce,
        bytes calldata receiverAuthorizerSignature
    ) external;

    /// @notice Shortest delay of a withdrawal, in seconds.
    /// @return Seconds.
    function MIN_WITHDRAW_DELAY() external view returns (uint40);

    /// @notice Longest delay of a withdrawal, in seconds.
    /// @return Seconds.
    function MAX_WITHDRAW_DELAY() external view returns (uint40);

    /// @notice Escrow of a channel, claims included, and what of it was claimed in its life.
    /// @param channelId The channel's id.
    /// @return balance Units of escrow.
    /// @return totalClaimed Units claimed.
    function channels(bytes32 channelId) external view returns (uint128 balance, uint128 totalClaimed);

    /// @notice A withdrawal under way; `initiatedAt` (unix seconds) is 0 if there is none.
    /// @param channelId The channel's id.
    /// @return amount Units asked for.
    /// @return initiatedAt Unix seconds.
    function pendingWithdrawals(bytes32 channelId) external view returns (uint128 amount, uint40 initiatedAt);

    /// @notice What was ever claimed for a receiver, and what of it was sent there.
    /// @param receiver Who is paid.
    /// @param token ERC-20 that is paid with.
    /// @return totalClaimed Units claimed.
    /// @return totalSettled Units sent.
    function receivers(
        address receiver,
        address token
    ) external view returns (uint128 totalClaimed, uint128 totalSettled);

    /// @notice Number that the next signed refund of a channel must carry.
    /// @param channelId The channel's id.
    /// @return The number, from 0.
    function refundNonce(bytes32 channelId) external view returns (uint256);

    /// @notice Id of a channel: its EIP-712 digest, bound to this chain and contract.
    /// @param config What the channel is.
    /// @return The id.
    function getChannelId(ChannelConfig calldata config) external view returns (bytes32);

    /// @notice What the payer's side signs.
    /// @param channelId The channel's id.
    /// @param maxClaimableAmount The voucher's ceiling, in units of the token.
    /// @return The EIP-712 digest.
    function getVoucherDigest(bytes32 channelId, uint128 maxClaimableAmount) external view returns (bytes32);

    /// @notice What the receiver's authorizer signs for a refund.
    /// @param channelId The channel's id.
    /// @param nonce Number of the refund.
    /// @param amount Units of the token.
    /// @return The EIP-712 digest.
    function getRefundDigest(bytes32 channelId, uint256 nonce, uint128 amount) external view returns (bytes32);

    /// @notice What the receiver's authorizer signs for a batch of claims.
    /// @param voucherClaims The claims; at least one.
    /// @return The EIP-712 digest.
    function getClaimBatchDigest(VoucherClaim[] calldata voucherClaims) external view returns (bytes32);
}
