// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

import {ClusterUpgradeable} from "../../access/ClusterUpgradeable.sol";
import {IFaultVerifier} from "../interfaces/IFaultVerifier.sol";
import {IProofModule} from "../interfaces/IProofModule.sol";
import {ITraceModule} from "../interfaces/ITraceModule.sol";
import {Op, Shape, Shapes} from "./Shapes.sol";
import {Trees} from "./Trees.sol";

/// @title TraceModule
/// @notice Claims, proofs and games of the refereed trace. See {ITraceModule} and docs/contracts/TraceModule.md.
contract TraceModule is ITraceModule, ClusterUpgradeable {
    using Shapes for Shape;

    /// @dev What moves of a game need to know of a claim, in one word; and how it stands.
    struct Claimed {
        uint152 program;
        uint16 prompt;
        uint16 completion;
        bool sampled;
        uint48 windowEnd;
        bytes32 claimHash;
        address challenger;
        uint64 openGames;
        bytes32 id;
    }

    /// @custom:storage-location erc7201:cluster.storage.TraceModule
    struct TraceModuleStorage {
        Parameters parameters;
        mapping(uint256 jobId => Claimed) claims;
        mapping(uint256 jobId => mapping(address challenger => Game)) games;
    }

    // keccak256(abi.encode(uint256(keccak256("cluster.storage.TraceModule")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE_LOCATION = 0x250ce5d05dd28ae79b362aaf029b573ce00d29ea83111f04834435680c9d2200;

    // solhint-disable-next-line gas-small-strings
    bytes32 private constant JOB = keccak256("ClusterJob");

    /// @dev Of `Game.op`: the tree of op roots. `Shapes.COMPLETION` is the completion's.
    uint32 private constant TOP = type(uint32).max - 1;
    uint32 private constant OUTPUT = uint32(Shapes.COMPLETION);

    /// @dev Levels of a tree that one reveal shows.
    uint256 private constant STRIDE = 4;

    uint256 private constant CLAIM_BYTES = 384;
    uint256 private constant MAX_BETA = 2 ** 24;

    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    address private immutable MARKET;
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IFaultVerifier private immutable VERIFIER;

    modifier onlyMarket() {
        if (msg.sender != MARKET) revert NotMarket(msg.sender);
        _;
    }

    /// @param jobMarket The market whose claims are taken.
    /// @param faultVerifier What recomputes steps.
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(address jobMarket, IFaultVerifier faultVerifier) {
        MARKET = jobMarket;
        VERIFIER = faultVerifier;
    }

    /// @notice Sets authority and figures.
    /// @param authority The AccessManager.
    /// @param initialParameters The first figures.
    function initialize(address authority, Parameters calldata initialParameters) external initializer {
        __AccessManaged_init(authority);
        _setParameters(initialParameters);
    }

    /// @inheritdoc IProofModule
    function onClaim(
        uint256 jobId,
        Claim calldata claim,
        bytes calldata aux
    ) external onlyMarket returns (uint64 windowEnd) {
        IFaultVerifier.TraceClaim memory t = abi.decode(aux, (IFaultVerifier.TraceClaim));
        _requireMatch(jobId, claimId(jobId, claim.operator), t.id);
        _requireMatch(jobId, claim.programRoot, t.program);
        _requireMatch(jobId, claim.modelRoot, t.modelRoot);
        _requireMatch(jobId, claim.traceRoot, t.traceRoot);
        _requireMatch(jobId, claim.inputRoot, _requestHash(t));
        _requireMatch(jobId, claim.outputRoot, _answerHash(t));
        Shapes.requireValid(t.program, t.promptTokens, t.completionTokens, t.maxTokens);
        if (t.beta > MAX_BETA) revert InvalidBeta(t.beta);
        windowEnd = Time.timestamp() + _storage().parameters.window;
        if (windowEnd < claim.openUntil) windowEnd = claim.openUntil;
        Claimed storage claimed = _storage().claims[jobId];
        // The bounds just checked hold all of them within these types.
        claimed.program = uint152(uint256(t.program));
        claimed.prompt = uint16(t.promptTokens);
        claimed.completion = uint16(t.completionTokens);
        claimed.sampled = t.beta != 0;
        claimed.windowEnd = uint48(windowEnd);
        claimed.id = t.id;
        claimed.claimHash = keccak256(abi.encode(t));
        emit ClaimOpened(jobId, t, windowEnd);
    }

    /// @inheritdoc IProofModule
    function submit(uint256 jobId, address challenger, bytes calldata proof) external onlyMarket {
        Claimed storage claimed = _undecided(jobId);
        if (Time.timestamp() > claimed.windowEnd) revert WindowEnded(jobId, claimed.windowEnd);
        if (proof.length == CLAIM_BYTES + 32) {
            _openGame(jobId, challenger, claimed, proof);
        } else {
            _requireFault(jobId, claimed, proof);
            _refute(jobId, challenger, claimed);
        }
    }

    /// @inheritdoc ITraceModule
    function reveal(uint256 jobId, address challenger, bytes32[] calldata nodes) external {
        Game storage game = _moved(jobId, challenger, Phase.Reveal);
        uint256 levels = game.levels < STRIDE ? game.levels : STRIDE;
        if (nodes.length != 1 << levels) revert WrongCount(nodes.length, 1 << levels);
        _requireMatch(jobId, game.node, Trees.fold(nodes));
        game.phase = Phase.Pick;
        emit NodesRevealed(jobId, challenger, nodes);
    }

    /// @inheritdoc ITraceModule
    function pick(uint256 jobId, uint256 index, bytes32 node, bytes32[] calldata path) external {
        Game storage game = _moved(jobId, msg.sender, Phase.Pick);
        uint256 levels = game.levels < STRIDE ? game.levels : STRIDE;
        if (path.length != levels) revert WrongCount(path.length, levels);
        if (index >> levels != 0) revert NothingThere(game.op, index);
        _requireMatch(jobId, game.node, Trees.climb(node, index, path));
        game.node = node;
        game.place = uint32((uint256(game.place) << levels) | index);
        game.levels -= uint8(levels);
        emit NodePicked(jobId, msg.sender, index, node);
        _arrive(jobId, msg.sender, game);
    }

    /// @inheritdoc ITraceModule
    function revealLeaf(uint256 jobId, address challenger, bytes16 salt, bytes calldata data) external {
        Game storage game = _moved(jobId, challenger, Phase.Leaf);
        Claimed storage claimed = _storage().claims[jobId];
        (uint256 place, uint256 length) = _leafOf(claimed, game);
        if (data.length != length) revert IFaultVerifier.WrongLength(data.length, length);
        bytes32 leaf =
            game.op == OUTPUT
                ? Trees.tokenLeaf(game.place, salt, data)
                : Trees.traceLeaf(claimed.id, place, salt, data);
        _requireMatch(jobId, game.node, leaf);
        game.phase = Phase.Prove;
        game.challengerClock = _storage().parameters.proveTime;
        emit LeafRevealed(jobId, challenger, salt, data);
    }

    /// @inheritdoc ITraceModule
    function prove(uint256 jobId, bytes calldata proof) external {
        Game storage game = _moved(jobId, msg.sender, Phase.Prove);
        Claimed storage claimed = _storage().claims[jobId];
        (uint256 expected, ) = _leafOf(claimed, game);
        uint256 found = _requireFault(jobId, claimed, proof);
        if (found != expected) revert AnotherLeaf(found, expected);
        _win(jobId, msg.sender, game);
    }

    /// @inheritdoc ITraceModule
    function timeout(uint256 jobId, address challenger) external {
        Claimed storage claimed = _undecided(jobId);
        Game storage game = _storage().games[jobId][challenger];
        uint256 deadline = _deadline(game);
        if (deadline == 0) revert WrongPhase(jobId, challenger, game.phase);
        if (Time.timestamp() <= deadline) revert ClockRuns(jobId, challenger, deadline);
        if (_isOperators(game.phase)) return _win(jobId, challenger, game);
        game.phase = Phase.Lost;
        --claimed.openGames;
        emit GameLost(jobId, challenger);
    }

    /// @inheritdoc ITraceModule
    function setParameters(Parameters calldata newParameters) external restricted {
        _setParameters(newParameters);
    }

    /// @inheritdoc IProofModule
    function status(uint256 jobId) external view returns (Status verdict, address challenger) {
        Claimed storage claimed = _storage().claims[jobId];
        challenger = claimed.challenger;
        if (challenger != address(0)) return (Status.Invalid, challenger);
        uint256 windowEnd = claimed.windowEnd;
        bool stands = windowEnd != 0 && Time.timestamp() > windowEnd && claimed.openGames == 0;
        return (stands ? Status.Valid : Status.Pending, address(0));
    }

    /// @inheritdoc IProofModule
    function disputeOf(uint256 jobId, address challenger) external view returns (Status outcome) {
        Phase phase = _storage().games[jobId][challenger].phase;
        if (phase == Phase.None) return Status.Pending;
        if (phase == Phase.Lost) return Status.Valid;
        address winner = _storage().claims[jobId].challenger;
        if (winner == address(0)) return Status.Pending;
        return winner == challenger ? Status.Invalid : Status.Inconclusive;
    }

    /// @inheritdoc ITraceModule
    function parameters() external view returns (Parameters memory) {
        return _storage().parameters;
    }

    /// @inheritdoc ITraceModule
    function gameOf(uint256 jobId, address challenger) external view returns (Game memory) {
        return _storage().games[jobId][challenger];
    }

    /// @inheritdoc ITraceModule
    function deadlineOf(uint256 jobId, address challenger) external view returns (uint256 deadline) {
        if (_storage().claims[jobId].challenger != address(0)) return 0;
        return _deadline(_storage().games[jobId][challenger]);
    }

    /// @inheritdoc ITraceModule
    function claimOf(uint256 jobId) external view returns (bytes32 claimHash, uint256 windowEnd, uint256 openGames) {
        Claimed storage claimed = _storage().claims[jobId];
        return (claimed.claimHash, claimed.windowEnd, claimed.openGames);
    }

    /// @inheritdoc ITraceModule
    function market() external view returns (address) {
        return MARKET;
    }

    /// @inheritdoc ITraceModule
    function verifier() external view returns (IFaultVerifier) {
        return VERIFIER;
    }

    /// @inheritdoc IProofModule
    function tier() external pure returns (uint8) {
        return 1;
    }

    /// @inheritdoc ITraceModule
    function requestHash(IFaultVerifier.TraceClaim calldata claim) external pure returns (bytes32) {
        return _requestHash(claim);
    }

    /// @inheritdoc ITraceModule
    function answerHash(IFaultVerifier.TraceClaim calldata claim) external pure returns (bytes32) {
        return _answerHash(claim);
    }

    /// @inheritdoc ITraceModule
    function claimId(uint256 jobId, address operator) public view returns (bytes32) {
        return keccak256(abi.encode(JOB, block.chainid, MARKET, jobId, operator));
    }

    /// @dev `proof` is abi.encode(TraceClaim, bool output).
    function _openGame(uint256 jobId, address challenger, Claimed storage claimed, bytes calldata proof) private {
        (IFaultVerifier.TraceClaim memory claim, bool output) = abi.decode(proof, (IFaultVerifier.TraceClaim, bool));
        _requireMatch(jobId, claimed.claimHash, keccak256(proof[:CLAIM_BYTES]));
        Game storage game = _storage().games[jobId][challenger];
        if (game.phase != Phase.None) revert GameExists(jobId, challenger);
        uint32 clock = _storage().parameters.clock;
        uint256 levels =
            output ? Shapes.depth(Shapes.tokenLeaves(claim.completionTokens)) : Shapes.depth(_shapeOf(claimed).ops);
        game.node = output ? claim.outputRoot : claim.traceRoot;
        game.op = output ? OUTPUT : TOP;
        game.levels = uint8(levels);
        game.operatorClock = clock;
        game.challengerClock = clock;
        game.since = Time.timestamp();
        game.phase = levels == 0 ? Phase.Leaf : Phase.Reveal;
        ++claimed.openGames;
        emit GameOpened(jobId, challenger, output, clock);
    }

    /// @dev What a picked node asks for next.
    function _arrive(uint256 jobId, address challenger, Game storage game) private {
        Claimed storage claimed = _storage().claims[jobId];
        if (game.levels == 0 && game.op == TOP) _enterOp(claimed, game);
        if (game.levels != 0) {
            game.phase = Phase.Reveal;
            return;
        }
        (, uint256 length) = _leafOf(claimed, game);
        if (length != 0) {
            game.phase = Phase.Leaf;
        } else {
            if (game.node == 0) revert NothingThere(game.op, game.place);
            _win(jobId, challenger, game);
        }
    }

    /// @dev From the root of an op, on to its tree. A root where there is no op stays a leaf.
    function _enterOp(Claimed storage claimed, Game storage game) private {
        Shape memory shape = _shapeOf(claimed);
        if (game.place >= shape.ops) return;
        Op memory op = shape.opOf(game.place);
        game.op = game.place;
        game.place = 0;
        game.levels = uint8(Shapes.depthOf(op));
    }

    /// @dev The challenger showed that the claim is wrong.
    function _win(uint256 jobId, address challenger, Game storage game) private {
        Claimed storage claimed = _storage().claims[jobId];
        game.phase = Phase.Won;
        --claimed.openGames;
        _refute(jobId, challenger, claimed);
    }

    function _refute(uint256 jobId, address challenger, Claimed storage claimed) private {
        claimed.challenger = challenger;
        emit ClaimRefuted(jobId, challenger);
    }

    /// @dev The game, after the time that the move took was taken from the mover's clock.
    function _moved(uint256 jobId, address challenger, Phase phase) private returns (Game storage game) {
        _undecided(jobId);
        game = _storage().games[jobId][challenger];
        if (game.phase != phase) revert WrongPhase(jobId, challenger, game.phase);
        uint256 deadline = _deadline(game);
        if (Time.timestamp() > deadline) revert ClockRanOut(jobId, challenger, deadline);
        uint32 left = uint32(deadline - Time.timestamp());
        if (_isOperators(phase)) game.operatorClock = left;
        else game.challengerClock = left;
        game.since = Time.timestamp();
    }

    function _setParameters(Parameters calldata p) private {
        _requireWithin(p.window, 1 minutes, 14 days);
        // Both clocks and the proof come to less than the 14 days after which the market gives up waiting.
        _requireWithin(p.clock, 1 minutes, 6 days);
        _requireWithin(p.proveTime, 1 minutes, 1 days);
        _storage().parameters = p;
        emit ParametersSet(p);
    }

    /// @dev Where the accused leaf is, as op · 2^64 + row · 2^32 + chunk.
    function _requireFault(
        uint256 jobId,
        Claimed storage claimed,
        bytes calldata proof
    ) private view returns (uint256 place) {
        if (proof.length < 4 + CLAIM_BYTES || bytes4(proof) != IFaultVerifier.requireFault.selector) {
            revert InvalidProof();
        }
        _requireMatch(jobId, claimed.claimHash, keccak256(proof[4:4 + CLAIM_BYTES]));
        // solhint-disable-next-line avoid-low-level-calls
        (bool proved, bytes memory returned) = address(VERIFIER).staticcall(proof);
        if (!proved) {
            // solhint-disable-next-line no-inline-assembly
            assembly ("memory-safe") {
                revert(add(returned, 32), mload(returned))
            }
        }
        return abi.decode(returned, (uint256));
    }

    function _undecided(uint256 jobId) private view returns (Claimed storage claimed) {
        claimed = _storage().claims[jobId];
        if (claimed.challenger != address(0)) revert AlreadyRefuted(jobId, claimed.challenger);
    }

    function _shapeOf(Claimed storage claimed) private view returns (Shape memory) {
        return Shapes.read(bytes32(uint256(claimed.program)), claimed.prompt, claimed.completion, claimed.sampled);
    }

    /// @dev The leaf that a game stands at, and how many bytes it has; 0 if there can't be one.
    function _leafOf(Claimed storage claimed, Game storage game) private view returns (uint256 place, uint256 length) {
        uint256 number = game.op;
        if (number == OUTPUT) {
            return ((number << 64) | (uint256(game.place) << 32), Shapes.tokensLength(claimed.completion, game.place));
        }
        if (number == TOP) return (uint256(game.place) << 64, 0);
        Shape memory shape = _shapeOf(claimed);
        Op memory op = shape.opOf(number);
        uint256 bits = Shapes.chunkDepth(op);
        uint256 row = game.place >> bits;
        uint256 chunk = game.place - (row << bits);
        return ((number << 64) | (row << 32) | chunk, shape.lengthOf(op, row, chunk));
    }

    /// @dev 0 if nobody has to move.
    function _deadline(Game storage game) private view returns (uint256) {
        Phase phase = game.phase;
        if (phase == Phase.None || phase == Phase.Won || phase == Phase.Lost) return 0;
        return uint256(game.since) + (_isOperators(phase) ? game.operatorClock : game.challengerClock);
    }

    function _isOperators(Phase phase) private pure returns (bool) {
        return phase == Phase.Reveal || phase == Phase.Leaf;
    }

    function _requestHash(IFaultVerifier.TraceClaim memory t) private pure returns (bytes32) {
        return keccak256(abi.encode(t.inputRoot, t.seed, t.saltHash, t.promptTokens, t.maxTokens, t.beta));
    }

    function _answerHash(IFaultVerifier.TraceClaim memory t) private pure returns (bytes32) {
        return keccak256(abi.encode(t.outputRoot, t.completionTokens));
    }

    function _requireMatch(uint256 jobId, bytes32 expected, bytes32 found) private pure {
        if (found != expected) revert ClaimMismatch(jobId, expected, found);
    }

    function _requireWithin(uint256 value, uint256 min, uint256 max) private pure {
        if (value < min || value > max) revert OutOfBounds(value, min, max);
    }

    function _storage() private pure returns (TraceModuleStorage storage $) {
        // solhint-disable-next-line no-inline-assembly
        assembly {
            $.slot := STORAGE_LOCATION
        }
    }
}
