// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {AgentActivity} from "../agents/AgentActivity.sol";
import {IdentityRegistry} from "../agents/IdentityRegistry.sol";
import {ReputationRegistry} from "../agents/ReputationRegistry.sol";
import {ValidationRegistry} from "../agents/ValidationRegistry.sol";
import {IIdentityRegistry} from "../agents/interfaces/IIdentityRegistry.sol";
import {IdleIncentives} from "../compute/IdleIncentives.sol";
import {MemberStaking} from "../compute/MemberStaking.sol";
import {OperatorStaking} from "../compute/OperatorStaking.sol";
import {IOperatorStaking} from "../compute/interfaces/IOperatorStaking.sol";
import {DatasetNFT} from "../data/DatasetNFT.sol";
import {DatasetRegistry} from "../data/DatasetRegistry.sol";
import {IDatasetNFT} from "../data/interfaces/IDatasetNFT.sol";
import {IDatasetRegistry} from "../data/interfaces/IDatasetRegistry.sol";
import {ModelRegistry} from "../models/ModelRegistry.sol";
import {IModelRegistry} from "../models/interfaces/IModelRegistry.sol";
import {InferenceSettlement} from "../payments/InferenceSettlement.sol";
import {PaymentRouter} from "../payments/PaymentRouter.sol";
import {IInferenceSettlement} from "../payments/interfaces/IInferenceSettlement.sol";
import {IPaymentRouter} from "../payments/interfaces/IPaymentRouter.sol";
import {IReceiptRegistry} from "../payments/interfaces/IReceiptRegistry.sol";
import {PrepaidBalances} from "../payments/prepaid/PrepaidBalances.sol";
import {PriceFeeds} from "../payments/prepaid/PriceFeeds.sol";
import {IPriceFeeds} from "../payments/prepaid/interfaces/IPriceFeeds.sol";
import {ReceiptRegistry} from "../payments/receipts/ReceiptRegistry.sol";
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

/// @title ReceiptRegistry, upgraded
/// @custom:oz-upgrades-unsafe-allow missing-initializer
contract ReceiptRegistryV2 is ReceiptRegistry, Upgraded {}

/// @title IdentityRegistry, upgraded
/// @custom:oz-upgrades-unsafe-allow missing-initializer
contract IdentityRegistryV2 is IdentityRegistry, Upgraded {}

/// @title ReputationRegistry, upgraded
/// @custom:oz-upgrades-unsafe-allow missing-initializer
contract ReputationRegistryV2 is ReputationRegistry, Upgraded {
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IIdentityRegistry identities, IReceiptRegistry receipts) ReputationRegistry(identities, receipts) {}
}

/// @title ValidationRegistry, upgraded
/// @custom:oz-upgrades-unsafe-allow missing-initializer
contract ValidationRegistryV2 is ValidationRegistry, Upgraded {
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IIdentityRegistry identities) ValidationRegistry(identities) {}
}

/// @title AgentActivity, upgraded
/// @custom:oz-upgrades-unsafe-allow missing-initializer
contract AgentActivityV2 is AgentActivity, Upgraded {
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IIdentityRegistry identities) AgentActivity(identities) {}
}

/// @title ModelRegistry, upgraded
/// @custom:oz-upgrades-unsafe-allow missing-initializer
contract ModelRegistryV2 is ModelRegistry, Upgraded {
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IDatasetRegistry datasetRegistry) ModelRegistry(datasetRegistry) {}
}

/// @title OperatorStaking, upgraded
/// @custom:oz-upgrades-unsafe-allow missing-initializer
contract OperatorStakingV2 is OperatorStaking, Upgraded {
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IERC20 clusterToken, IPaymentRouter router) OperatorStaking(clusterToken, router) {}
}

/// @title MemberStaking, upgraded
/// @custom:oz-upgrades-unsafe-allow missing-initializer
contract MemberStakingV2 is MemberStaking, Upgraded {
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IERC20 clusterToken) MemberStaking(clusterToken) {}
}

/// @title IdleIncentives, upgraded
/// @custom:oz-upgrades-unsafe-allow missing-initializer
contract IdleIncentivesV2 is IdleIncentives, Upgraded {
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IOperatorStaking operatorStaking) IdleIncentives(operatorStaking) {}
}

/// @title InferenceSettlement, upgraded
/// @custom:oz-upgrades-unsafe-allow missing-initializer
contract InferenceSettlementV2 is InferenceSettlement, Upgraded {
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IModelRegistry models, IOperatorStaking staking) InferenceSettlement(models, staking) {}
}

/// @title PriceFeeds, upgraded
/// @custom:oz-upgrades-unsafe-allow missing-initializer
contract PriceFeedsV2 is PriceFeeds, Upgraded {
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(address usdc) PriceFeeds(usdc) {}
}

/// @title PrepaidBalances, upgraded
/// @custom:oz-upgrades-unsafe-allow missing-initializer
contract PrepaidBalancesV2 is PrepaidBalances, Upgraded {
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(
        IInferenceSettlement settlement,
        IReceiptRegistry receipts,
        IPriceFeeds prices,
        IPaymentRouter router
    ) PrepaidBalances(settlement, receipts, prices, router) {}
}
