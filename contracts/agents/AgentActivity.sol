// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

import {ClusterUpgradeable} from "../access/ClusterUpgradeable.sol";
import {IAgentActivity} from "./interfaces/IAgentActivity.sol";
import {IIdentityRegistry} from "./interfaces/IIdentityRegistry.sol";

/// @title AgentActivity
/// @notice The agents' task ledger. See {IAgentActivity}.
contract AgentActivity is IAgentActivity, ClusterUpgradeable {
    /// @custom:storage-location erc7201:cluster.storage.AgentActivity
    struct AgentActivityStorage {
        uint256 taskCount;
        mapping(uint256 task => Task) task;
        mapping(uint256 task => mapping(uint256 batch => Batch)) batch;
    }

    // keccak256(abi.encode(uint256(keccak256("cluster.storage.AgentActivity")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE_LOCATION = 0x0e3addeec9adb6b981c6d591bb440992251cc780ad2e301f08d25b12fd824700;

    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IIdentityRegistry private immutable IDENTITIES;

    /// @param identities Proxy of the IdentityRegistry; the same for every version of this implementation.
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IIdentityRegistry identities) {
        IDENTITIES = identities;
    }

    /// @notice Sets the authority.
    /// @param authority The AccessManager.
    function initialize(address authority) external initializer {
        __AccessManaged_init(authority);
    }

    /// @inheritdoc IAgentActivity
    function openTask(uint256 agentId, uint256 parentTask, bytes32 inputHash) external returns (uint256 task) {
        _requireAgent(agentId);
        if (parentTask != 0) _requireOpen(parentTask);
        AgentActivityStorage storage $ = _storage();
        task = ++$.taskCount;
        Task storage opened = $.task[task];
        opened.agentId = SafeCast.toUint48(agentId);
        opened.parent = uint64(parentTask);
        opened.openedAt = Time.timestamp();
        opened.inputHash = inputHash;
        emit TaskOpened(task, agentId, parentTask, inputHash, msg.sender);
    }

    /// @inheritdoc IAgentActivity
    function logSteps(uint256 task, bytes32 merkleRoot, uint64 count) external returns (uint256 batch) {
        Task storage open = _requireOpen(task);
        _requireAgent(open.agentId);
        if (merkleRoot == 0 || count == 0) revert EmptyBatch(merkleRoot, count);
        uint64 firstStep = open.steps;
        if (count > type(uint64).max - firstStep) revert TooManySteps(firstStep, count);
        batch = open.batches;
        open.batches = uint32(batch) + 1;
        open.steps = firstStep + count;
        _storage().batch[task][batch] = Batch({
            merkleRoot: merkleRoot,
            firstStep: firstStep,
            count: count,
            loggedAt: Time.timestamp()
        });
        emit StepsLogged(task, batch, merkleRoot, firstStep, count, msg.sender);
    }

    /// @inheritdoc IAgentActivity
    function closeTask(uint256 task, bytes32 outputHash) external {
        Task storage open = _requireOpen(task);
        _requireAgent(open.agentId);
        open.closedAt = Time.timestamp();
        open.outputHash = outputHash;
        emit TaskClosed(task, open.agentId, outputHash, msg.sender);
    }

    /// @inheritdoc IAgentActivity
    function proveStep(
        uint256 task,
        uint256 batch,
        uint64 step,
        bytes32 stepHash,
        bytes32[] calldata proof
    ) external view returns (bool) {
        Batch memory logged = batchOf(task, batch);
        return
            step >= logged.firstStep &&
            step - logged.firstStep < logged.count &&
            MerkleProof.verifyCalldata(proof, logged.merkleRoot, stepLeaf(task, step, stepHash));
    }

    /// @inheritdoc IAgentActivity
    function taskCount() external view returns (uint256) {
        return _storage().taskCount;
    }

    /// @inheritdoc IAgentActivity
    function identityRegistry() external view returns (address) {
        return address(IDENTITIES);
    }

    /// @inheritdoc IAgentActivity
    function taskOf(uint256 task) public view returns (Task memory) {
        return _known(task);
    }

    /// @inheritdoc IAgentActivity
    function batchOf(uint256 task, uint256 batch) public view returns (Batch memory) {
        if (batch >= _known(task).batches) revert BatchUnknown(task, batch);
        return _storage().batch[task][batch];
    }

    /// @inheritdoc IAgentActivity
    function mayAct(address account, uint256 agentId) public view returns (bool) {
        if (IDENTITIES.isAuthorizedOrOwner(account, agentId)) return true;
        // An agent without a wallet has the zero address for one.
        return account != address(0) && IDENTITIES.getAgentWallet(agentId) == account;
    }

    /// @inheritdoc IAgentActivity
    function stepLeaf(uint256 task, uint64 step, bytes32 stepHash) public pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(task, step, stepHash))));
    }

    function _requireAgent(uint256 agentId) private view {
        if (!mayAct(msg.sender, agentId)) revert NotAgent(agentId, msg.sender);
    }

    function _requireOpen(uint256 task) private view returns (Task storage open) {
        open = _known(task);
        if (open.closedAt != 0) revert TaskNotOpen(task, open.closedAt);
    }

    function _known(uint256 task) private view returns (Task storage known) {
        known = _storage().task[task];
        if (known.openedAt == 0) revert TaskUnknown(task);
    }

    function _storage() private pure returns (AgentActivityStorage storage $) {
        // solhint-disable-next-line no-inline-assembly
        assembly {
            $.slot := STORAGE_LOCATION
        }
    }
}
