// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

import {ClusterUpgradeable} from "../../access/ClusterUpgradeable.sol";
import {IReceiptRegistry} from "../interfaces/IReceiptRegistry.sol";
import {ReceiptTree} from "./ReceiptTree.sol";

/// @title ReceiptRegistry
/// @notice Merkle roots of inference receipts. See {IReceiptRegistry}.
contract ReceiptRegistry is IReceiptRegistry, ClusterUpgradeable {
    /// @custom:storage-location erc7201:cluster.storage.ReceiptRegistry
    struct ReceiptRegistryStorage {
        mapping(address relay => uint256) batchCount;
        mapping(address relay => mapping(uint256 batch => Batch)) batches;
    }

    // keccak256(abi.encode(uint256(keccak256("cluster.storage.ReceiptRegistry")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE_LOCATION = 0x3bf5efc1019b2f811a0fe7392cd34af4bc360f676b7948da313fa4d435b5f200;

    /// @notice Sets the authority.
    /// @param authority The AccessManager.
    function initialize(address authority) external initializer {
        __AccessManaged_init(authority);
    }

    /// @inheritdoc IReceiptRegistry
    function anchor(bytes32 root, uint32 count) external returns (uint256 batch) {
        return _anchor(msg.sender, root, count, 0);
    }

    /// @inheritdoc IReceiptRegistry
    function anchorPaid(
        address relay,
        bytes32 root,
        uint32 count,
        bytes32 payments
    ) external restricted returns (uint256 batch) {
        batch = _anchor(relay, root, count, payments);
        if (payments != 0) emit PaymentsAnchored(relay, batch, payments);
    }

    /// @inheritdoc IReceiptRegistry
    function proveReceipt(
        address relay,
        uint256 batch,
        Receipt calldata receipt,
        bytes32[] calldata proof
    ) external view returns (bool) {
        bytes32 root = _storage().batches[relay][batch].root;
        return root != 0 && MerkleProof.verifyCalldata(proof, root, ReceiptTree.leafOf(receipt));
    }

    /// @inheritdoc IReceiptRegistry
    function provePaidReceipt(PaidReceipt calldata paid) external view returns (bool) {
        Receipt calldata receipt = paid.receipt;
        if (receipt.microDollars == 0 || receipt.microDollars > paid.rowMicroDollars) return false;
        Batch storage batch = _storage().batches[paid.relay][paid.batch];
        // The row is of whom and what the receipt names. No hash is the zero that a batch without payments has.
        bytes32 payment = ReceiptTree.paymentLeafOf(
            paid.row,
            receipt.account,
            receipt.modelId,
            receipt.version,
            receipt.operator,
            paid.rowMicroDollars
        );
        return
            MerkleProof.verifyCalldata(paid.rowProof, batch.payments, payment) &&
            MerkleProof.verifyCalldata(paid.receiptProof, batch.root, ReceiptTree.leafOf(receipt));
    }

    /// @inheritdoc IReceiptRegistry
    function batchOf(address relay, uint256 batch) external view returns (Batch memory) {
        return _storage().batches[relay][batch];
    }

    /// @inheritdoc IReceiptRegistry
    function batchCount(address relay) external view returns (uint256) {
        return _storage().batchCount[relay];
    }

    /// @inheritdoc IReceiptRegistry
    function leafOf(Receipt calldata receipt) external pure returns (bytes32) {
        return ReceiptTree.leafOf(receipt);
    }

    /// @inheritdoc IReceiptRegistry
    function paymentLeafOf(
        uint256 row,
        address account,
        uint256 modelId,
        uint32 version,
        address operator,
        uint64 microDollars
    ) external pure returns (bytes32) {
        return ReceiptTree.paymentLeafOf(row, account, modelId, version, operator, microDollars);
    }

    function _anchor(address relay, bytes32 root, uint32 count, bytes32 payments) private returns (uint256 batch) {
        if (root == 0 || count == 0) revert InvalidBatch(root, count);
        ReceiptRegistryStorage storage $ = _storage();
        batch = ++$.batchCount[relay];
        bool paid = payments != 0;
        $.batches[relay][batch] = Batch({
            root: root,
            anchoredAt: Time.timestamp(),
            count: count,
            paid: paid,
            payments: payments
        });
        emit ReceiptsAnchored(relay, batch, root, count, paid);
    }

    function _storage() private pure returns (ReceiptRegistryStorage storage $) {
        // solhint-disable-next-line no-inline-assembly
        assembly {
            $.slot := STORAGE_LOCATION
        }
    }
}
