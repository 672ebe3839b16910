// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Merkle roots of inference receipts: what was served, to whom, for how much, without its content
/// @notice A relay anchors the root of a batch's receipts; anyone can prove one of them later. Batches are counted for
/// each relay from 1. What a receipt says is the relay's word, whatever batch it is in: anybody may be a relay and anchor
/// what he likes, and who draws may name receipts that nobody paid for. Hence a batch that was drawn from prepaid balances
/// carries a second root, which PrepaidBalances made of the rows that were really drawn. A receipt counts as paid if it
/// is in the first tree, and a row of its account, model, version and operator that covers its price is in the second.
interface IReceiptRegistry {
    /// @notice One served request.
    /// @param requestId The relay's name for it.
    /// @param account Who asked, or whose agent did, and who pays; zero if unknown.
    /// @param modelId Which model.
    /// @param version Its version.
    /// @param operator Who served.
    /// @param agent 1 + ERC-8004 id of the agent that asked; 0 for none.
    /// @param tokensIn Tokens of the request.
    /// @param tokensOut Tokens of the answer.
    /// @param microDollars Price in micro-dollars.
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
    /// @param paid Whether something was drawn from prepaid balances for it, in the same transaction.
    /// @param payments Merkle root of the rows that were drawn; zero if none was.
    struct Batch {
        bytes32 root;
        uint48 anchoredAt;
        uint32 count;
        bool paid;
        bytes32 payments;
    }

    /// @notice A receipt, and the row of its batch that paid for it.
    /// @param relay Whose batch.
    /// @param batch Its number.
    /// @param receipt The receipt.
    /// @param receiptProof Siblings from the receipt's leaf to the batch's root.
    /// @param row Place in the draw of the row that paid for it, among other receipts of the same account, model, version
    /// and operator; from 0.
    /// @param rowMicroDollars What was drawn for that row, in micro-dollars.
    /// @param rowProof Siblings from the row's leaf to the root of the batch's payments.
    // solhint-disable-next-line gas-struct-packing
    struct PaidReceipt {
        address relay;
        uint256 batch;
        Receipt receipt;
        bytes32[] receiptProof;
        uint256 row;
        uint64 rowMicroDollars;
        bytes32[] rowProof;
    }

    /// @notice A relay anchored a batch.
    /// @param relay The relay.
    /// @param batch The batch's number, counted for each relay from 1.
    /// @param root Merkle root of its receipts.
    /// @param count How many receipts it has, by the relay's word.
    /// @param paid Whether something was drawn for it.
    event ReceiptsAnchored(address indexed relay, uint256 indexed batch, bytes32 root, uint32 count, bool paid);

    /// @notice What was drawn for a batch.
    /// @param relay The relay.
    /// @param batch The batch's number.
    /// @param payments Merkle root of the rows that were drawn.
    event PaymentsAnchored(address indexed relay, uint256 indexed batch, bytes32 payments);

    /// @notice A root can't be zero, and a batch can't be empty.
    /// @param root The root given.
    /// @param count The number of receipts given.
    error InvalidBatch(bytes32 root, uint32 count);

    /// @notice Anchors a batch of the caller, for which nothing was drawn. Anybody may. Reverts with `InvalidBatch`.
    /// @param root Merkle root of its receipts.
    /// @param count How many there are.
    /// @return batch The batch's number.
    function anchor(bytes32 root, uint32 count) external returns (uint256 batch);

    /// @notice Anchors a batch that was just drawn by a relay. Restricted to the prepaid balances. Reverts with
    /// `InvalidBatch`.
    /// @param relay Who drew.
    /// @param root Merkle root of its receipts.
    /// @param count How many there are.
    /// @param payments Merkle root of the rows that were drawn; zero if none was, and then the batch is not paid.
    /// @return batch The batch's number.
    function anchorPaid(address relay, bytes32 root, uint32 count, bytes32 payments) external returns (uint256 batch);

    /// @notice Whether a receipt is in a batch; false for a batch that there is not. Says nothing of payment.
    /// @param relay Whose batch.
    /// @param batch Its number.
    /// @param receipt The receipt.
    /// @param proof Siblings from the leaf to the root.
    /// @return Whether the receipt's leaf is in the tree.
    function proveReceipt(
        address relay,
        uint256 batch,
        Receipt calldata receipt,
        bytes32[] calldata proof
    ) external view returns (bool);

    /// @notice Whether a receipt is in a batch and a row that was drawn for that batch covers its price: a row of the same
    /// account, model, version and operator, of at least as many micro-dollars. One row pays for many receipts; who takes
    /// more than one as paid sees to it that together they stay within the row. A price of 0 is never paid.
    /// @param paid The receipt, the row, and the proofs of both.
    /// @return Whether both are proved.
    function provePaidReceipt(PaidReceipt calldata paid) external view returns (bool);

    /// @notice A batch, all zero if there is none.
    /// @param relay Whose batch.
    /// @param batch Its number.
    /// @return The batch.
    function batchOf(address relay, uint256 batch) external view returns (Batch memory);

    /// @notice How many batches a relay anchored.
    /// @param relay The relay.
    /// @return The number of its last batch.
    function batchCount(address relay) external view returns (uint256);

    /// @notice Leaf of a receipt: keccak256(keccak256(abi.encode(receipt))).
    /// @param receipt The receipt.
    /// @return Its leaf.
    function leafOf(Receipt calldata receipt) external pure returns (bytes32);

    /// @notice Leaf of a row that was drawn: keccak256(keccak256(abi.encode(row, account, modelId, version, operator,
    /// microDollars))). The tree is over all rows of the draw in their order, zero for one that was not drawn; pairs are
    /// taken from a queue of them (OpenZeppelin's MerkleProof.processMultiProof with all flags true).
    /// @param row Place of the row in the draw, from 0.
    /// @param account Who paid.
    /// @param modelId For which model.
    /// @param version For which version of it.
    /// @param operator Served by whom.
    /// @param microDollars How much, in micro-dollars.
    /// @return Its leaf.
    function paymentLeafOf(
        uint256 row,
        address account,
        uint256 modelId,
        uint32 version,
        address operator,
        uint64 microDollars
    ) external pure returns (bytes32);
}
