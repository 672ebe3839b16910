// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DatasetNFT} from "../data/DatasetNFT.sol";
import {DatasetRegistry} from "../data/DatasetRegistry.sol";
import {IDatasetNFT} from "../data/interfaces/IDatasetNFT.sol";
import {IDatasetRegistry} from "../data/interfaces/IDatasetRegistry.sol";
import {PaymentRouter} from "../payments/PaymentRouter.sol";
import {ClusterToken} from "../token/ClusterToken.sol";

/// @title What a next version of each contract adds here: a function, and state of its own in an ERC-7201 namespace
abstract contract Upgraded {
    /// @custom:storage-location erc7201:cluster.storage.Upgraded
    struct UpgradedStorage {
        uint256 note;
    }

    // keccak256(abi.encode(uint256(keccak256("cluster.storage.Upgraded")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant ADDED_LOCATION = 0x5e8055aff42ade44b91b257288982cee8b2e5634e4d1cf2168ec6b9c84596800;

    /// @notice Writes to the new state.
    function setNote(uint256 note) external {
        _added().note = note;
    }

    /// @notice Reads the new state.
    function noteOf() external view returns (uint256) {
        return _added().note;
    }

    /// @notice Tells this version from the first.
    function version2() external pure returns (uint256) {
        return 2;
    }

    function _added() private pure returns (UpgradedStorage storage $) {
        assembly {
            $.slot := ADDED_LOCATION
        }
    }
}

/// @title ClusterToken, upgraded
/// @custom:oz-upgrades-unsafe-allow missing-initializer
contract ClusterTokenV2 is ClusterToken, Upgraded {}

/// @title DatasetNFT, upgraded
/// @custom:oz-upgrades-unsafe-allow missing-initializer
contract DatasetNFTV2 is DatasetNFT, Upgraded {}

/// @title DatasetRegistry, upgraded
/// @custom:oz-upgrades-unsafe-allow missing-initializer
contract DatasetRegistryV2 is DatasetRegistry, Upgraded {
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IDatasetNFT datasetNft) DatasetRegistry(datasetNft) {}
}

/// @title PaymentRouter, upgraded
/// @custom:oz-upgrades-unsafe-allow missing-initializer
contract PaymentRouterV2 is PaymentRouter, Upgraded {
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IDatasetRegistry datasetRegistry) PaymentRouter(datasetRegistry) {}
}
