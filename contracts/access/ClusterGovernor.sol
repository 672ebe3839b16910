// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {GovernorCountingSimple} from "@openzeppelin/contracts/governance/extensions/GovernorCountingSimple.sol";
import {GovernorSettings} from "@openzeppelin/contracts/governance/extensions/GovernorSettings.sol";
import {GovernorTimelockAccess} from "@openzeppelin/contracts/governance/extensions/GovernorTimelockAccess.sol";
import {GovernorVotes} from "@openzeppelin/contracts/governance/extensions/GovernorVotes.sol";
import {GovernorVotesQuorumFraction} from "@openzeppelin/contracts/governance/extensions/GovernorVotesQuorumFraction.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";

import {IClusterGovernor} from "./interfaces/IClusterGovernor.sol";

/// @title ClusterGovernor
/// @notice Holders of CP propose, vote, and execute what the AccessManager lets this contract do. See {IClusterGovernor}.
/// @dev Not upgradeable: another governor takes its place by being given its roles.
contract ClusterGovernor is
    IClusterGovernor,
    GovernorSettings,
    GovernorCountingSimple,
    GovernorVotesQuorumFraction,
    GovernorTimelockAccess
{
    /// @dev The AccessManager's, as a constant.
    uint64 private constant ADMIN_ROLE = type(uint64).min;

    /// @notice Votes of `votes`, calls through `manager`.
    /// @param votes ClusterToken.
    /// @param manager The AccessManager; whatever roles it gives this contract, CP's holders have.
    /// @param first First settings, within the bounds of {IClusterGovernor-Settings}.
    constructor(
        IVotes votes,
        IAccessManager manager,
        Settings memory first
    )
        Governor("ClusterGovernor")
        GovernorSettings(first.votingDelay, first.votingPeriod, first.proposalThreshold)
        GovernorVotes(votes)
        GovernorVotesQuorumFraction(first.quorumPercent)
        GovernorTimelockAccess(address(manager), first.baseDelay)
    {}

    /// @notice Proposes calls, for a proposer with `proposalThreshold` votes a second ago.
    /// @dev What the AccessManager demands of each call is fixed here, for good.
    /// @param targets Contracts to call.
    /// @param values Native coin with each call, in wei, from this contract.
    /// @param calldatas Each call.
    /// @param description What is proposed; with `#proposer=0x…` at its end nobody else can propose the same.
    /// @return Id of the proposal.
    function propose(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        string memory description
    ) public override(Governor, GovernorTimelockAccess) returns (uint256) {
        return super.propose(targets, values, calldatas, description);
    }

    /// @notice Whether a function is called by this contract itself, and not through the AccessManager: its own
    /// functions, those that a vote has said so of, and those that are nobody's in particular.
    /// @dev The AccessManager calls every function that it knows nothing of the admin's. Called through it, such a
    /// function would take the AccessManager for its caller: a governor that is admin could not move its own tokens.
    /// Hence a restricted function must have a role other than ADMIN to be called from here.
    function isAccessManagerIgnored(address target, bytes4 selector) public view override returns (bool) {
        return super.isAccessManagerIgnored(target, selector) || _isNobodys(target, selector);
    }

    /// @notice Votes that a proposer needs, in wei of CP.
    function proposalThreshold() public view override(Governor, GovernorSettings) returns (uint256) {
        return super.proposalThreshold();
    }

    /// @notice Whether a proposal has to be queued before it is executed: every proposal has.
    function proposalNeedsQueuing(
        uint256 proposalId
    ) public view override(Governor, GovernorTimelockAccess) returns (bool) {
        return super.proposalNeedsQueuing(proposalId);
    }

    function _queueOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockAccess) returns (uint48) {
        return super._queueOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _executeOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockAccess) {
        super._executeOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _cancel(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockAccess) returns (uint256) {
        return super._cancel(targets, values, calldatas, descriptionHash);
    }

    function _setVotingDelay(uint48 newVotingDelay) internal override {
        _checkBounds(Setting.VotingDelay, newVotingDelay, 1 hours, 14 days);
        super._setVotingDelay(newVotingDelay);
    }

    function _setVotingPeriod(uint32 newVotingPeriod) internal override {
        _checkBounds(Setting.VotingPeriod, newVotingPeriod, 1 days, 30 days);
        super._setVotingPeriod(newVotingPeriod);
    }

    function _setBaseDelaySeconds(uint32 newBaseDelay) internal override {
        _checkBounds(Setting.BaseDelay, newBaseDelay, 1 days, 30 days);
        super._setBaseDelaySeconds(newBaseDelay);
    }

    function _setProposalThreshold(uint256 newProposalThreshold) internal override {
        _checkBounds(Setting.ProposalThreshold, newProposalThreshold, 1e18, 50_000_000e18);
        super._setProposalThreshold(newProposalThreshold);
    }

    function _updateQuorumNumerator(uint256 newQuorumNumerator) internal override {
        _checkBounds(Setting.QuorumPercent, newQuorumNumerator, 1, 50);
        super._updateQuorumNumerator(newQuorumNumerator);
    }

    /// @dev All of the AccessManager's own functions are the admin's, or taken for such.
    function _isNobodys(address target, bytes4 selector) private view returns (bool) {
        IAccessManager manager = accessManager();
        return target != address(manager) && manager.getTargetFunctionRole(target, selector) == ADMIN_ROLE;
    }

    function _checkBounds(Setting setting, uint256 value, uint256 min, uint256 max) private pure {
        if (value < min || value > max) revert SettingOutOfBounds(setting, value, min, max);
    }
}
