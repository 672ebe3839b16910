// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Merkle roots of inference receipts: what was served, to whom, for how much, without its content
/// @notice A relay anchors the root of a batch's receipts; anyone can prove one of them later. Batches are counted for
/// each relay from 1. A batch that was drawn from prepaid balances is marked as paid: its receipts are of usage that its
/// accounts paid for, or were asked to.
interface IReceiptRegistry {
    /// @notice One served request.
    /// @param requestId The relay's name for it.
    /// @param account Who asked; zero if unknown.
    /// @param modelId Which model.
    /// @param version Its version.
    /// @param operator Who served.
    /// @param agent 1 + ERC-8004 id of the agent that asked; 0 for none.
    /// @param tokensIn Tokens of the request.
    /// @param tokensOut Tokens of the answer.
    /// @param microDollars Price.
    /// @param time When it was served, unix seconds.
    /// @param inputHash SHA-256 of the request's body.
    /// @param outputHash SHA-256 of the answer's body.
    struct Receipt {
        bytes32 requestId;
        address account;
        uint256 modelId;
        uint32 version;
        address operator;
        uint256 agent;
        uint32 tokensIn;
        uint32 tokensOut;
        uint64 microDollars;
        uint48 time;
        bytes32 inputHash;
        bytes32 outputHash;
    }

    /// @notice A batch.
    /// @param root Merkle root of its receipts (OpenZeppelin's MerkleProof, sorted pairs, leaves hashed twice).
    /// @param anchoredAt Unix seconds.
    /// @param count How many receipts it has, by the relay's word.
    /// @param paid Whether it was drawn from prepaid balances in the same transaction.
    struct Batch {
        bytes32 root;
        uint48 anchoredAt;
        uint32 count;
        bool paid;
    }

    /// @notice A relay anchored a batch.
    event ReceiptsAnchored(address indexed relay, uint256 indexed batch, bytes32 root, uint32 count, bool paid);

    /// @notice A root can't be zero, and a batch can't be empty.
    error InvalidBatch(bytes32 root, uint32 count);

    /// @notice Anchors a batch of the caller.
    function anchor(bytes32 root, uint32 count) external returns (uint256 batch);

    /// @notice Anchors a batch that was just drawn by a relay. Restricted to the prepaid balances.
    function anchorPaid(address relay, bytes32 root, uint32 count) external returns (uint256 batch);

    /// @notice Whether a receipt is in a batch; false for a batch that there is not.
    function proveReceipt(
        address relay,
        uint256 batch,
        Receipt calldata receipt,
        bytes32[] calldata proof
    ) external view returns (bool);

    /// @notice A batch, all zero if there is none.
    function batchOf(address relay, uint256 batch) external view returns (Batch memory);

    /// @notice How many batches a relay anchored.
    function batchCount(address relay) external view returns (uint256);

    /// @notice Leaf of a receipt: keccak256(keccak256(abi.encode(receipt))).
    function leafOf(Receipt calldata receipt) external pure returns (bytes32);
}
