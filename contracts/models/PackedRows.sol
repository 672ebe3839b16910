// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IModelRegistry} from "./interfaces/IModelRegistry.sol";

/// @title Rows of a stack in storage, four to a slot
/// @notice Most stacks cost a settlement one storage read.
/// @dev A row has 64 bits: beneficiary (4), id (40), ppm (20).
library PackedRows {
    using SafeCast for uint256;

    uint256 private constant ROWS_A_WORD = 4;
    uint256 private constant ROW_BITS = 64;
    uint256 private constant PPM_BITS = 20;
    uint256 private constant ID_BITS = 40;

    /// @notice Writes rows to words that are empty; at most four times as many rows as words.
    function write(uint256[4] storage words, IModelRegistry.Row[] memory rows) internal {
        for (uint256 start = 0; start < rows.length; start += ROWS_A_WORD) {
            uint256 word = 0;
            for (uint256 i = 0; i < ROWS_A_WORD && start + i < rows.length; ++i) {
                word |= _pack(rows[start + i]) << (i * ROW_BITS);
            }
            words[start / ROWS_A_WORD] = word;
        }
    }

    /// @notice Reads the first `count` rows.
    function read(uint256[4] storage words, uint256 count) internal view returns (IModelRegistry.Row[] memory rows) {
        rows = new IModelRegistry.Row[](count);
        uint256 word = 0;
        for (uint256 i = 0; i < count; ++i) {
            word = i % ROWS_A_WORD == 0 ? words[i / ROWS_A_WORD] : word >> ROW_BITS;
            rows[i] = _unpack(word);
        }
    }

    function _pack(IModelRegistry.Row memory row) private pure returns (uint256) {
        uint256 id = row.id.toUint40();
        return (uint256(row.beneficiary) << (ID_BITS + PPM_BITS)) | (id << PPM_BITS) | row.ppm;
    }

    /// @dev Of the last 64 bits.
    function _unpack(uint256 word) private pure returns (IModelRegistry.Row memory row) {
        uint64 packed = uint64(word);
        row.beneficiary = IModelRegistry.Beneficiary(packed >> (ID_BITS + PPM_BITS));
        row.id = uint40(packed >> PPM_BITS);
        row.ppm = uint32(packed & ((1 << PPM_BITS) - 1));
    }
}
