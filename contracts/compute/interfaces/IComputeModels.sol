// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IModelRegistry} from "../../models/interfaces/IModelRegistry.sol";

/// @title What a version of a model computes, to the bit: roots of its program, weights and tables
/// @notice Fixed once for each version, by the model's owner, before jobs of it can be posted.
interface IComputeModels {
    /// @notice What the refereed trace is checked against.
    /// @param programRoot Root of the op descriptors.
    /// @param modelRoot Root of the quantised weights.
    /// @param lutRoot Root of the look-up tables.
    struct Roots {
        bytes32 programRoot;
        bytes32 modelRoot;
        bytes32 lutRoot;
    }

    /// @notice The roots of a version were fixed, for ever.
    event RootsFixed(uint256 indexed modelId, uint32 indexed version, bytes32 indexed commitment, Roots roots);

    /// @notice Only the model's owner may do this.
    error NotModelOwner(uint256 modelId, address caller, address owner);

    /// @notice The model has no such version.
    error VersionUnknown(uint256 modelId, uint256 version);

    /// @notice The roots of this version were fixed before.
    error AlreadyFixed(uint256 modelId, uint256 version);

    /// @notice No root may be zero.
    error MissingRoot(Roots roots);

    /// @notice Nobody fixed roots for this version.
    error NoRoots(uint256 modelId, uint256 version);

    /// @notice Fixes the roots of a version. Owner of the model only, once.
    function fixRoots(uint256 modelId, uint32 version, Roots calldata roots) external;

    /// @notice Roots of a version. Reverts with `NoRoots` if there are none.
    function rootsOf(uint256 modelId, uint32 version) external view returns (Roots memory);

    /// @notice Whether a version has roots.
    function hasRoots(uint256 modelId, uint32 version) external view returns (bool);

    /// @notice The registry whose models these are.
    function models() external view returns (IModelRegistry);

    /// @notice By what a receipt names a model: keccak256(abi.encode(roots)).
    function commitmentOf(Roots calldata roots) external pure returns (bytes32);
}
