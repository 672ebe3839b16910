// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IModelRegistry} from "./interfaces/IModelRegistry.sol";

/// @title Flattening of an attribution stack
/// @notice From datasets with weights and a parent's stack to rows that sum to 1,000,000 ppm.
/// @dev Exact shares are kept over one denominator until the end, so that a level of a family tree rounds only once.
library Attribution {
    /// @dev A beneficiary with an exact share, over a denominator that all of a stack have in common.
    struct Claim {
        IModelRegistry.Beneficiary beneficiary;
        uint256 id;
        uint256 share;
    }

    uint256 internal constant PPM = 1_000_000;
    uint256 internal constant MAX_ROWS = 16;

    /// @notice The rows of a new stack, as {IModelRegistry-register} says.
    /// @param modelId The model whose owner earns the owner's part.
    /// @param uses Datasets used, each weight above 0.
    /// @param parentRows Rows of the parent's stack, 1,000,000 ppm in all, or none.
    /// @param figures Figures whose three parts of a stack sum to 1,000,000 ppm.
    function flatten(
        uint256 modelId,
        IModelRegistry.DatasetUse[] calldata uses,
        IModelRegistry.Row[] memory parentRows,
        IModelRegistry.Figures memory figures
    ) internal pure returns (IModelRegistry.Row[] memory rows) {
        uint256 totalWeight = 0;
        for (uint256 i = 0; i < uses.length; ++i) totalWeight += uses[i].weight;
        // What nobody else is entitled to is the owner's.
        uint256 ownerPpm = figures.ownerPpm;
        if (parentRows.length == 0) ownerPpm += figures.parentPpm;
        if (totalWeight == 0) {
            ownerPpm += figures.datasetsPpm;
            totalWeight = 1;
        }

        Claim[] memory claims = new Claim[](1 + uses.length + parentRows.length);
        claims[0] = Claim(IModelRegistry.Beneficiary.ModelOwner, modelId, ownerPpm * totalWeight * PPM);
        uint256 count = 1;
        for (uint256 i = 0; i < uses.length; ++i) {
            uint256 share = figures.datasetsPpm * PPM * uses[i].weight;
            count = _add(claims, count, IModelRegistry.Beneficiary.DatasetHolder, uses[i].datasetId, share);
        }
        for (uint256 i = 0; i < parentRows.length; ++i) {
            uint256 share = figures.parentPpm * totalWeight * parentRows[i].ppm;
            count = _add(claims, count, parentRows[i].beneficiary, parentRows[i].id, share);
        }
        return _round(claims, count, totalWeight * PPM);
    }

    /// @dev Adds to the claim of the same beneficiary, or puts a new one at `count`.
    function _add(
        Claim[] memory claims,
        uint256 count,
        IModelRegistry.Beneficiary beneficiary,
        uint256 id,
        uint256 share
    ) private pure returns (uint256 newCount) {
        for (uint256 i = 0; i < count; ++i) {
            if (claims[i].id == id && claims[i].beneficiary == beneficiary) {
                claims[i].share += share;
                return count;
            }
        }
        claims[count] = Claim(beneficiary, id, share);
        return count + 1;
    }

    /// @dev Each row is the difference of two rounded running sums: nothing is lost, and none is off by 1 ppm or more.
    function _round(
        Claim[] memory claims,
        uint256 count,
        uint256 denominator
    ) private pure returns (IModelRegistry.Row[] memory rows) {
        uint32[] memory ppm = new uint32[](count);
        uint256 needed = 0;
        uint256 sum = 0;
        for (uint256 i = 0; i < count; ++i) {
            uint256 before = sum / denominator;
            sum += claims[i].share;
            ppm[i] = uint32(sum / denominator - before);
            if (ppm[i] != 0) ++needed;
        }
        if (needed > MAX_ROWS) revert IModelRegistry.TooManyRows(needed, MAX_ROWS);

        rows = new IModelRegistry.Row[](needed);
        uint256 next = 0;
        for (uint256 i = 0; i < count; ++i) {
            if (ppm[i] == 0) continue;
            rows[next] = IModelRegistry.Row(claims[i].beneficiary, claims[i].id, ppm[i]);
            ++next;
        }
    }
}
