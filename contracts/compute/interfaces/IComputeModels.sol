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
    /// @param modelId The model.
    /// @param version Version of the model.
    /// @param commitment Hash that hides what is revealed later.
    /// @param roots Roots of program, weights and tables.
    event RootsFixed(uint256 indexed modelId, uint32 indexed version, bytes32 indexed commitment, Roots roots);

    /// @notice Only the model's owner may do this.
    /// @param modelId The model.
    /// @param caller Who called.
    /// @param owner The model's owner.
    error NotModelOwner(uint256 modelId, address caller, address owner);

    /// @notice The model has no such version.
    /// @param modelId The model.
    /// @param version Version of the model.
    error VersionUnknown(uint256 modelId, uint256 version);

    /// @notice The roots of this version were fixed before.
    /// @param modelId The model.
    /// @param version Version of the model.
    error AlreadyFixed(uint256 modelId, uint256 version);

    /// @notice No root may be zero.
    /// @param roots Roots of program, weights and tables.
    error MissingRoot(Roots roots);

    /// @notice Nobody fixed roots for this version.
    /// @param modelId The model.
    /// @param version Version of the model.
    error NoRoots(uint256 modelId, uint256 version);

    /// @notice Fixes the roots of a version. Owner of the model only, once.
    /// @param modelId The model.
    /// @param version Version of the model.
    /// @param roots Roots of program, weights and tables.
    function fixRoots(uint256 modelId, uint32 version, Roots calldata roots) external;

    /// @notice Roots of a version. Reverts with `NoRoots` if there are none.
    /// @param modelId The model.
    /// @param version Version of the model.
    /// @return The roots.
    function rootsOf(uint256 modelId, uint32 version) external view returns (Roots memory);

    /// @notice Whether a version has roots.
    /// @param modelId The model.
    /// @param version Version of the model.
    /// @return Whether it has.
    function hasRoots(uint256 modelId, uint32 version) external view returns (bool);

    /// @notice The registry whose models these are.
    /// @return ModelRegistry.
    function models() external view returns (IModelRegistry);

    /// @notice By what a receipt names a model: keccak256(abi.encode(roots)).
    /// @param roots Roots of program, weights and tables.
    /// @return The commitment.
    function commitmentOf(Roots calldata roots) external pure returns (bytes32);
}
