// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

import {IReceiptRegistry} from "../interfaces/IReceiptRegistry.sol";

/// @title Leaves and roots of a batch's two trees: of its receipts, and of what was paid for it
/// @notice Leaves are hashed twice, so that no inner node of a tree is a leaf.
library ReceiptTree {
    /// @notice Leaf of a receipt.
    function leafOf(IReceiptRegistry.Receipt calldata receipt) internal pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(receipt))));
    }

    /// @notice Leaf of a row of usage that was paid.
    /// @param row Its place in the batch; so that two rows that are alike have two leaves.
    function paymentLeafOf(
        uint256 row,
        address account,
        uint256 modelId,
        uint32 version,
        address operator,
        uint64 microDollars
    ) internal pure returns (bytes32) {
        bytes memory payment = abi.encode(row, account, modelId, version, operator, microDollars);
        return keccak256(bytes.concat(keccak256(payment)));
    }

    /// @notice Root of the tree over all rows of a batch, as OpenZeppelin's multi-proofs build it. The leaf of a row that
    /// was not paid is zero, which is no hash. There is at least one row.
    function rootOf(bytes32[] memory leaves) internal pure returns (bytes32) {
        bool[] memory both = new bool[](leaves.length - 1);
        for (uint256 i = 0; i < both.length; ++i) both[i] = true;
        return MerkleProof.processMultiProof(new bytes32[](0), both, leaves);
    }
}
