// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

import {ClusterUpgradeable} from "../../access/ClusterUpgradeable.sol";
import {IReceiptRegistry} from "../interfaces/IReceiptRegistry.sol";

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
        return _anchor(msg.sender, root, count, false);
    }

    /// @inheritdoc IReceiptRegistry
    function anchorPaid(address relay, bytes32 root, uint32 count) external restricted returns (uint256 batch) {
        return _anchor(relay, root, count, true);
    }

    /// @inheritdoc IReceiptRegistry
    function proveReceipt(
        address relay,
        uint256 batch,
        Receipt calldata receipt,
        bytes32[] calldata proof
    ) external view returns (bool) {
        bytes32 root = _storage().batches[relay][batch].root;
        return root != 0 && MerkleProof.verifyCalldata(proof, root, leafOf(receipt));
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
    function leafOf(Receipt calldata receipt) public pure returns (bytes32) {
        // Twice, so that no inner node of the tree is a leaf.
        return keccak256(bytes.concat(keccak256(abi.encode(receipt))));
    }

    function _anchor(address relay, bytes32 root, uint32 count, bool paid) private returns (uint256 batch) {
        if (root == 0 || count == 0) revert InvalidBatch(root, count);
        ReceiptRegistryStorage storage $ = _storage();
        batch = ++$.batchCount[relay];
        $.batches[relay][batch] = Batch({root: root, anchoredAt: Time.timestamp(), count: count, paid: paid});
        emit ReceiptsAnchored(relay, batch, root, count, paid);
    }

    function _storage() private pure returns (ReceiptRegistryStorage storage $) {
        // solhint-disable-next-line no-inline-assembly
        assembly {
            $.slot := STORAGE_LOCATION
        }
    }
}
