// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Randomness in rounds: nobody knows a round's value before its time, and nobody can choose it
/// @notice A round is published once, at a time known in advance. Anyone brings its value, which is taken only with proof.
/// Rounds begin at 1. Times are unix seconds.
interface IRandomBeacon {
    /// @notice A round's value was brought.
    event RoundDelivered(uint64 indexed round, bytes32 randomness);

    /// @notice The value is not that of this round.
    error InvalidRound(uint64 round);

    /// @notice There is no such round, or its time has not come.
    error RoundNotPublished(uint64 round);

    /// @notice Brings the value of a round with its proof. Bringing it again changes nothing.
    /// @param proof For drand: the round's signature, 64 bytes.
    /// @return randomness Of the round.
    function deliver(uint64 round, bytes calldata proof) external returns (bytes32 randomness);

    /// @notice The value of a round; 0 if nobody brought it yet.
    function randomnessOf(uint64 round) external view returns (bytes32 randomness);

    /// @notice The first round that is published after `time`, not at it.
    function roundAfter(uint64 time) external view returns (uint64 round);

    /// @notice When a round is published.
    function timeOf(uint64 round) external view returns (uint64 time);
}
