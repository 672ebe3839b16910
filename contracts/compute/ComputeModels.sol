// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ClusterUpgradeable} from "../access/ClusterUpgradeable.sol";
import {IModelRegistry} from "../models/interfaces/IModelRegistry.sol";
import {IComputeModels} from "./interfaces/IComputeModels.sol";

/// @title ComputeModels
/// @notice Roots of what models compute. See {IComputeModels}.
contract ComputeModels is IComputeModels, ClusterUpgradeable {
    /// @custom:storage-location erc7201:cluster.storage.ComputeModels
    struct ComputeModelsStorage {
        mapping(uint256 modelId => mapping(uint32 version => Roots)) roots;
    }

    // keccak256(abi.encode(uint256(keccak256("cluster.storage.ComputeModels")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE_LOCATION = 0x7795c43b370aeb8fecf8b65ecd24fd5e1b4adf9143cb3f7d93e9a5ab8d4f4400;

    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IModelRegistry private immutable MODELS;

    /// @param modelRegistry Proxy of the ModelRegistry; the same for every version of this implementation.
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IModelRegistry modelRegistry) {
        MODELS = modelRegistry;
    }

    /// @notice Sets the authority.
    /// @param authority The AccessManager.
    function initialize(address authority) external initializer {
        __AccessManaged_init(authority);
    }

    /// @inheritdoc IComputeModels
    function fixRoots(uint256 modelId, uint32 version, Roots calldata roots) external {
        address owner = MODELS.ownerOf(modelId);
        if (msg.sender != owner) revert NotModelOwner(modelId, msg.sender, owner);
        if (version == 0 || version > MODELS.latestVersionOf(modelId)) revert VersionUnknown(modelId, version);
        if (hasRoots(modelId, version)) revert AlreadyFixed(modelId, version);
        if (roots.programRoot == 0 || roots.modelRoot == 0 || roots.lutRoot == 0) revert MissingRoot(roots);
        _storage().roots[modelId][version] = roots;
        emit RootsFixed(modelId, version, commitmentOf(roots), roots);
    }

    /// @inheritdoc IComputeModels
    function rootsOf(uint256 modelId, uint32 version) external view returns (Roots memory) {
        if (!hasRoots(modelId, version)) revert NoRoots(modelId, version);
        return _storage().roots[modelId][version];
    }

    /// @inheritdoc IComputeModels
    function models() external view returns (IModelRegistry) {
        return MODELS;
    }

    /// @inheritdoc IComputeModels
    function hasRoots(uint256 modelId, uint32 version) public view returns (bool) {
        return _storage().roots[modelId][version].programRoot != 0;
    }

    /// @inheritdoc IComputeModels
    function commitmentOf(Roots calldata roots) public pure returns (bytes32) {
        return keccak256(abi.encode(roots));
    }

    function _storage() private pure returns (ComputeModelsStorage storage $) {
        // solhint-disable-next-line no-inline-assembly
        assembly {
            $.slot := STORAGE_LOCATION
        }
    }
}
