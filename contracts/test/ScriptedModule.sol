// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IProofModule} from "../compute/interfaces/IProofModule.sol";

/// @title A proof module whose verdicts a test decides
/// @notice It keeps the promises of the interface: a proof is "refute" (decides) or "game" (opens a dispute); windows and
/// disputes delay `Valid`; the first to refute is the challenger. Told the truth about an input, it hears no "refute" of a
/// claim that is right. What a test says of a job overrides all.
// solhint-disable not-rely-on-time
contract ScriptedModule is IProofModule {
    struct Told {
        uint64 windowEnd;
        uint32 openGames;
        Status verdict;
        bool right;
        address challenger;
    }

    uint8 private immutable TIER;
    address private immutable MARKET;

    /// @notice What the market gave it last.
    Claim public lastClaim;
    /// @notice And beside it.
    bytes public lastAux;

    uint64 private _window = 1 hours;
    mapping(bytes32 inputRoot => bytes32 outputRoot) private _truth;
    mapping(uint256 jobId => Told) private _jobs;
    mapping(uint256 jobId => mapping(address challenger => Status)) private _disputes;
    mapping(uint256 jobId => mapping(address challenger => bool)) private _opened;

    /// @notice It is not one of the words.
    error NoProof(bytes proof);
    /// @notice This challenger had its dispute.
    error DisputedBefore(uint256 jobId, address challenger);

    modifier onlyMarket() {
        if (msg.sender != MARKET) revert NotMarket(msg.sender);
        _;
    }

    constructor(uint8 ofTier, address market) {
        TIER = ofTier;
        MARKET = market;
    }

    /// @notice How long windows of claims to come are, in seconds.
    function setWindow(uint64 window) external {
        _window = window;
    }

    /// @notice What comes out for an input.
    function tell(bytes32 inputRoot, bytes32 outputRoot) external {
        _truth[inputRoot] = outputRoot;
    }

    /// @notice Decides a job.
    function decide(uint256 jobId, Status verdict, address challenger) external {
        _jobs[jobId].verdict = verdict;
        _jobs[jobId].challenger = challenger;
    }

    /// @notice Ends a dispute: the challenger won (`Invalid`), lost (`Valid`), or neither.
    function endDispute(uint256 jobId, address challenger, Status outcome) external {
        Told storage told = _jobs[jobId];
        _disputes[jobId][challenger] = outcome;
        --told.openGames;
        if (outcome == Status.Invalid && told.verdict == Status.Pending) {
            told.verdict = Status.Invalid;
            told.challenger = challenger;
        }
    }

    /// @inheritdoc IProofModule
    function onClaim(uint256 jobId, Claim calldata claim, bytes calldata aux) external onlyMarket returns (uint64) {
        lastClaim = claim;
        lastAux = aux;
        uint64 windowEnd = uint64(block.timestamp) + _window;
        if (windowEnd < claim.openUntil) windowEnd = claim.openUntil;
        _jobs[jobId].windowEnd = windowEnd;
        _jobs[jobId].right = claim.outputRoot == _truth[claim.inputRoot];
        return windowEnd;
    }

    /// @inheritdoc IProofModule
    function submit(uint256 jobId, address challenger, bytes calldata proof) external onlyMarket {
        Told storage told = _jobs[jobId];
        if (keccak256(proof) == keccak256("refute") && !told.right) {
            told.verdict = Status.Invalid;
            told.challenger = challenger;
        } else if (keccak256(proof) == keccak256("game")) {
            if (_opened[jobId][challenger]) revert DisputedBefore(jobId, challenger);
            _opened[jobId][challenger] = true;
            ++told.openGames;
        } else {
            revert NoProof(proof);
        }
    }

    /// @inheritdoc IProofModule
    function tier() external view returns (uint8) {
        return TIER;
    }

    /// @inheritdoc IProofModule
    function status(uint256 jobId) external view returns (Status verdict, address challenger) {
        Told storage told = _jobs[jobId];
        if (told.verdict != Status.Pending) return (told.verdict, told.challenger);
        bool stands = told.windowEnd != 0 && block.timestamp > told.windowEnd && told.openGames == 0;
        return (stands ? Status.Valid : Status.Pending, address(0));
    }

    /// @inheritdoc IProofModule
    function disputeOf(uint256 jobId, address challenger) external view returns (Status outcome) {
        outcome = _disputes[jobId][challenger];
        bool refuted = _jobs[jobId].verdict == Status.Invalid;
        if (outcome == Status.Pending && refuted && _opened[jobId][challenger]) return Status.Inconclusive;
    }
}
