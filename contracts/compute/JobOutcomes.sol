// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ClusterUpgradeable} from "../access/ClusterUpgradeable.sol";
import {IValidationRegistry} from "../agents/interfaces/IValidationRegistry.sol";
import {IJobMarket} from "./interfaces/IJobMarket.sol";
import {IJobOutcomes} from "./interfaces/IJobOutcomes.sol";

/// @title JobOutcomes
/// @notice The validator that tells how jobs ended. See {IJobOutcomes}.
contract JobOutcomes is IJobOutcomes, ClusterUpgradeable {
    uint8 private constant STOOD = 100;
    uint8 private constant REFUTED = 0;

    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IJobMarket private immutable MARKET;
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IValidationRegistry private immutable VALIDATION;

    /// @param market Whose jobs these are.
    /// @param validation Where their outcomes are written.
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IJobMarket market, IValidationRegistry validation) {
        MARKET = market;
        VALIDATION = validation;
    }

    /// @notice Sets the authority.
    /// @param authority The AccessManager.
    function initialize(address authority) external initializer {
        __AccessManaged_init(authority);
    }

    /// @inheritdoc IJobOutcomes
    function report(uint256 jobId) external {
        IJobMarket.Job memory job = MARKET.jobOf(jobId);
        bool stood = job.state == IJobMarket.State.Final;
        if (job.agent == 0 || (!stood && job.state != IJobMarket.State.Refuted)) revert NothingToReport(jobId);
        uint256 agentId = job.agent - 1;
        uint8 response = stood ? STOOD : REFUTED;
        emit OutcomeReported(jobId, agentId, response);
        bytes32 key = VALIDATION.keyOf(agentId, address(this), requestHash(jobId));
        VALIDATION.validationResponse(key, response, "", job.commitment, "proof-of-compute");
    }

    /// @inheritdoc IJobOutcomes
    function requestHash(uint256 jobId) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(MARKET), jobId));
    }
}
