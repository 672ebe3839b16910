// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The vote of CP's holders: what is ours in ClusterGovernor
/// @notice Everything else is OpenZeppelin's Governor (IGovernor). Each setting has bounds, for the first value and for
/// every later one, so that no vote can make voting impossible or pointless.
interface IClusterGovernor {
    /// @notice What has bounds.
    enum Setting {
        VotingDelay,
        VotingPeriod,
        BaseDelay,
        ProposalThreshold,
        QuorumPercent
    }

    /// @notice First values. Times in seconds.
    /// @param votingDelay From the proposal to the moment whose votes count: 1 hour to 14 days.
    /// @param votingPeriod How long votes are taken: 1 day to 30 days.
    /// @param baseDelay Least time from queuing to execution, for calls that the AccessManager lets wait less or not at
    /// all: 1 day to 30 days.
    /// @param proposalThreshold Votes that a proposer needs, in wei of CP: 1 CP to 50,000,000 CP (1 % of the supply).
    /// @param quorumPercent Votes for and abstaining that a proposal needs, in percent of the supply: 1 to 50.
    struct Settings {
        uint48 votingDelay;
        uint32 votingPeriod;
        uint32 baseDelay;
        uint256 proposalThreshold;
        uint256 quorumPercent;
    }

    /// @notice A setting was to be outside its bounds, which are inclusive and in the setting's unit.
    /// @param setting Which setting.
    /// @param value The value given.
    /// @param min Least it may be.
    /// @param max Most it may be.
    error SettingOutOfBounds(Setting setting, uint256 value, uint256 min, uint256 max);
}
