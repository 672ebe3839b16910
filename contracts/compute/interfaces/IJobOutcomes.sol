// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Outcomes of jobs, written to the ValidationRegistry for the operator's agent
/// @notice This contract is the validator. Both sides have to agree: the operator names the agent when it accepts the job,
/// and who may write for the agent asks for the outcome in the registry, naming this contract and `requestHash(jobId)`.
/// Apart from the market, so that no registry can hold a settlement up. Anyone may report, whenever the job has ended.
interface IJobOutcomes {
    /// @notice An outcome was written.
    event OutcomeReported(uint256 indexed jobId, uint256 indexed agentId, uint8 response);

    /// @notice The job named no agent, or did not end with a verdict.
    error NothingToReport(uint256 jobId);

    /// @notice Writes a job's outcome: 100 if its claim stood, 0 if it was refuted, with the hash of the claim. Reverts with
    /// the registry's `RequestUnknown` if nobody asked for it.
    function report(uint256 jobId) external;

    /// @notice Under which hash a job's outcome is asked for: keccak256(abi.encode(chain id, market, jobId)).
    function requestHash(uint256 jobId) external view returns (bytes32);
}
