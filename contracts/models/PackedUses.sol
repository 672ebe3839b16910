// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IModelRegistry} from "./interfaces/IModelRegistry.sol";

/// @title Datasets that a version used, in storage
/// @notice Four to a slot.
/// @dev A use has 64 bits: dataset id (48), weight (16).
library PackedUses {
    using SafeCast for uint256;

    uint256 private constant WEIGHT_BITS = 16;

    /// @notice Writes uses to an array that is empty.
    function write(uint64[] storage packed, IModelRegistry.DatasetUse[] calldata uses) internal {
        for (uint256 i = 0; i < uses.length; ++i) {
            packed.push(uint64((uint256(uses[i].datasetId.toUint48()) << WEIGHT_BITS) | uses[i].weight));
        }
    }

    /// @notice Reads all uses.
    function read(uint64[] storage packed) internal view returns (IModelRegistry.DatasetUse[] memory uses) {
        uses = new IModelRegistry.DatasetUse[](packed.length);
        for (uint256 i = 0; i < uses.length; ++i) {
            uses[i] = IModelRegistry.DatasetUse(packed[i] >> WEIGHT_BITS, uint16(packed[i]));
        }
    }
}
