// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The agents' task ledger: who worked on what for whom, with every step provable
/// @notice A task is open from `openTask` to `closeTask` and then fixed for ever. While it is open its steps are logged in
/// batches: a batch is the root of a Merkle tree over its steps. "May act" below means: owner or operator of the agent, or
/// approved for it in the identity registry, or the agent's wallet; as it stands at the time of the call, so a sold agent's
/// open tasks go to the buyer.
///
/// A child names its parent, which may be another agent's: that is the child's claim, not the parent's consent. A parent
/// must be open when the child is opened; it can close before its children do, so that no child can hold it open.
interface IAgentActivity {
    /// @notice A task.
    /// @param agentId Whose task it is.
    /// @param parent Task it was opened under; 0 for none.
    /// @param openedAt Unix seconds.
    /// @param closedAt Unix seconds; 0 while it is open.
    /// @param batches How many batches of steps were logged.
    /// @param steps How many steps they have.
    /// @param inputHash Hash of what the agent was given.
    /// @param outputHash Hash of what it made of it; zero while it is open.
    struct Task {
        uint48 agentId;
        uint64 parent;
        uint48 openedAt;
        uint48 closedAt;
        uint32 batches;
        uint64 steps;
        bytes32 inputHash;
        bytes32 outputHash;
    }

    /// @notice A batch of steps of a task.
    /// @param merkleRoot Root of the tree over them.
    /// @param firstStep Number of the first; steps of a task are numbered from 0.
    /// @param count How many steps.
    /// @param loggedAt Unix seconds.
    struct Batch {
        bytes32 merkleRoot;
        uint64 firstStep;
        uint64 count;
        uint48 loggedAt;
    }

    /// @notice A task was opened.
    /// @param task The task's number.
    /// @param agentId The agent.
    /// @param parentTask Task it was opened under; 0 for none.
    /// @param inputHash Hash of what the agent was given.
    /// @param by Who acted for the agent.
    event TaskOpened(
        uint256 indexed task,
        uint256 indexed agentId,
        uint256 indexed parentTask,
        bytes32 inputHash,
        address by
    );

    /// @notice Steps `firstStep` to `firstStep + count - 1` of a task were logged.
    /// @param task The task's number.
    /// @param batch The batch's number within the task, from 0.
    /// @param merkleRoot Root of the tree over the steps.
    /// @param firstStep Number of the first within the task, from 0.
    /// @param count How many steps.
    /// @param by Who acted for the agent.
    event StepsLogged(
        uint256 indexed task,
        uint256 indexed batch,
        bytes32 merkleRoot,
        uint64 firstStep,
        uint64 count,
        address by
    );

    /// @notice A task was closed.
    /// @param task The task's number.
    /// @param agentId The agent.
    /// @param outputHash Hash of the result; zero if there is none.
    /// @param by Who acted for the agent.
    event TaskClosed(uint256 indexed task, uint256 indexed agentId, bytes32 outputHash, address by);

    /// @notice The caller may not act for the agent.
    /// @param agentId The agent.
    /// @param caller Who tried.
    error NotAgent(uint256 agentId, address caller);

    /// @notice There is no such task.
    /// @param task The task's number.
    error TaskUnknown(uint256 task);

    /// @notice The task was closed, at `closedAt` (unix seconds).
    /// @param task The task's number.
    /// @param closedAt When it was closed, unix seconds.
    error TaskNotOpen(uint256 task, uint256 closedAt);

    /// @notice A batch has a root and at least one step.
    /// @param merkleRoot Root of the tree over the steps.
    /// @param count How many steps.
    error EmptyBatch(bytes32 merkleRoot, uint64 count);

    /// @notice A task has at most 2^64 - 1 steps.
    /// @param steps How many steps the task has.
    /// @param count How many steps.
    error TooManySteps(uint64 steps, uint64 count);

    /// @notice The task has no such batch.
    /// @param task The task's number.
    /// @param batch The batch's number within the task, from 0.
    error BatchUnknown(uint256 task, uint256 batch);

    /// @notice Opens a task. Only who may act for the agent. Reverts with `NotAgent`, `TaskUnknown`, `TaskNotOpen` (of the
    /// parent), or with the identity registry's `ERC721NonexistentToken`.
    /// @param agentId The agent.
    /// @param parentTask An open task of any agent, or 0 for none.
    /// @param inputHash Hash of what the agent was given.
    /// @return task The task's number, from 1.
    function openTask(uint256 agentId, uint256 parentTask, bytes32 inputHash) external returns (uint256 task);

    /// @notice Logs the next steps of a task. Only who may act for the agent. Reverts with `TaskUnknown`, `NotAgent`,
    /// `TaskNotOpen`, `EmptyBatch` or `TooManySteps`.
    /// @param task An open task.
    /// @param merkleRoot Root of a tree of `stepLeaf`s with sorted pairs, as OpenZeppelin's MerkleProof takes it.
    /// @param count How many steps the tree has.
    /// @return batch The batch's number within the task, from 0.
    function logSteps(uint256 task, bytes32 merkleRoot, uint64 count) external returns (uint256 batch);

    /// @notice Closes a task. Only who may act for the agent. Reverts with `TaskUnknown`, `NotAgent` or `TaskNotOpen`.
    /// @param task An open task.
    /// @param outputHash Hash of the result; zero if there is none.
    function closeTask(uint256 task, bytes32 outputHash) external;

    /// @notice A task. Reverts with `TaskUnknown`.
    /// @param task The task's number.
    /// @return The task.
    function taskOf(uint256 task) external view returns (Task memory);

    /// @notice A batch of a task. Reverts with `TaskUnknown` or `BatchUnknown`.
    /// @param task The task's number.
    /// @param batch The batch's number within the task, from 0.
    /// @return The batch.
    function batchOf(uint256 task, uint256 batch) external view returns (Batch memory);

    /// @notice Whether a task's log contains a step. Reverts with `TaskUnknown` or `BatchUnknown`. A log may contain two
    /// different steps of the same number; both can be proved then, and that is proof against whoever logged them.
    /// @param task The task.
    /// @param batch The batch of the step.
    /// @param step The step's number within the task.
    /// @param stepHash Hash of the step.
    /// @param proof Siblings from the leaf to the root.
    /// @return Whether the step's number is in the batch and its leaf in the tree.
    function proveStep(
        uint256 task,
        uint256 batch,
        uint64 step,
        bytes32 stepHash,
        bytes32[] calldata proof
    ) external view returns (bool);

    /// @notice Whether an account may act for an agent. Reverts with `ERC721NonexistentToken`.
    /// @param account The account.
    /// @param agentId The agent.
    /// @return Whether it may, as of now.
    function mayAct(address account, uint256 agentId) external view returns (bool);

    /// @notice How many tasks were ever opened; the number of the latest.
    /// @return The number of tasks.
    function taskCount() external view returns (uint256);

    /// @notice The registry whose agents these are.
    /// @return Its address.
    function identityRegistry() external view returns (address);

    /// @notice Leaf of a step: keccak256(keccak256(abi.encode(task, step, stepHash))). Hashed twice, so that no inner node,
    /// which is one hash of 64 bytes, can pass for a leaf.
    /// @param task The task's number.
    /// @param step The step's number within the task.
    /// @param stepHash Hash of the step.
    /// @return The leaf.
    function stepLeaf(uint256 task, uint64 step, bytes32 stepHash) external pure returns (bytes32);
}
