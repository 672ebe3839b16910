// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFaultVerifier} from "./IFaultVerifier.sol";
import {IProofModule} from "./IProofModule.sol";

/// @title The refereed trace: a wrong inference is disproved in one transaction, or its operator has to show its data
/// @notice Tier 1. docs/proof-of-compute.md says what a claim, a fault and a trace are.
///
/// `onClaim`'s `aux` is `abi.encode(IFaultVerifier.TraceClaim)`. It belongs to the market's claim if
/// - `id` is keccak256(abi.encode(keccak256("ClusterJob"), chainId, market, jobId, operator)), for jobs and for receipts
///   that were challenged: a receipt's trace is made when it is challenged;
/// - `program` is the market's `programRoot`, `modelRoot` and `traceRoot` are the market's. Rotary rows, the only table,
///   are a matrix under `modelRoot`: `lutRoot` is not looked at, nor is `opRootsHash`;
/// - the market's `inputRoot` is `requestHash`, its `outputRoot` is `answerHash`.
///
/// `submit`'s `proof` is either the calldata of `IFaultVerifier.requireFault`, which decides, or `abi.encode(TraceClaim,
/// bool output)`, 416 bytes, which opens a game about withheld data: of the tree under `outputRoot`, else of `traceRoot`.
///
/// A game descends from the root to a leaf that the challenger says is wrong. The operator (or anybody for it) reveals the
/// nodes up to four levels below, the challenger picks one of them; at a leaf its data are revealed, and then the challenger
/// has `proveTime` to prove a fault of just this leaf. Whoever's clock runs out loses. A picked place at which nothing may be
/// loses for the operator at once. Times are unix seconds; a move counts up to and with the last second of a clock.
interface ITraceModule is IProofModule {
    /// @notice Whose move it is, or how a game ended.
    /// - `Reveal`: the operator has to show the nodes below `node`.
    /// - `Pick`: they were shown; the challenger has to pick one.
    /// - `Leaf`: `node` is a leaf; the operator has to show its data.
    /// - `Prove`: they were shown; the challenger has to prove a fault of them.
    /// - `Won`, `Lost`: by the challenger.
    enum Phase {
        None,
        Reveal,
        Pick,
        Leaf,
        Prove,
        Won,
        Lost
    }

    /// @notice A game about withheld data.
    /// @param node Where it stands.
    /// @param phase Whose move it is.
    /// @param op The op in whose tree the node is; 2^32 − 2 for the tree of op roots, 2^32 − 1 for that of the completion.
    /// @param place Which of the nodes of its level, in its tree.
    /// @param levels How far above the tree's leaves.
    /// @param operatorClock Seconds that the operator has left, at `since`.
    /// @param challengerClock Seconds that the challenger has left, at `since`.
    /// @param since When the party whose move it is came to move.
    struct Game {
        bytes32 node;
        Phase phase;
        uint32 op;
        uint32 place;
        uint8 levels;
        uint32 operatorClock;
        uint32 challengerClock;
        uint48 since;
    }

    /// @notice Figures that governance sets, for windows and games that begin from then on. Seconds.
    /// @param window For how long a claim can be challenged: 1 minute to 14 days.
    /// @param clock Of each party of a game, for all its moves: 1 minute to 6 days.
    /// @param proveTime For the proof, once the data is there: 1 minute to 1 day.
    struct Parameters {
        uint32 window;
        uint32 clock;
        uint32 proveTime;
    }

    /// @notice A claim can be challenged up to and with `windowEnd`.
    /// @param jobId The job's id.
    /// @param claim What is claimed.
    /// @param windowEnd Last second of the challenge window, unix time.
    event ClaimOpened(uint256 indexed jobId, IFaultVerifier.TraceClaim claim, uint256 windowEnd);

    /// @notice The claim is wrong; `challenger` showed it.
    /// @param jobId The job's id.
    /// @param challenger Who challenges.
    event ClaimRefuted(uint256 indexed jobId, address indexed challenger);

    /// @notice A challenger wants to see data.
    /// @param jobId The job's id.
    /// @param challenger Who challenges.
    /// @param output Whether it is about the output, else the trace.
    /// @param clock Seconds left.
    event GameOpened(uint256 indexed jobId, address indexed challenger, bool output, uint256 clock);

    /// @notice The nodes below a game's node, left to right.
    /// @param jobId The job's id.
    /// @param challenger Who challenges.
    /// @param nodes The nodes revealed.
    event NodesRevealed(uint256 indexed jobId, address indexed challenger, bytes32[] nodes);

    /// @notice A game goes on below one of them.
    /// @param jobId The job's id.
    /// @param challenger Who challenges.
    /// @param index Its number.
    /// @param node The node.
    event NodePicked(uint256 indexed jobId, address indexed challenger, uint256 index, bytes32 node);

    /// @notice A leaf's salt and data.
    /// @param jobId The job's id.
    /// @param challenger Who challenges.
    /// @param salt What hides the value until it is revealed.
    /// @param data The data.
    event LeafRevealed(uint256 indexed jobId, address indexed challenger, bytes16 salt, bytes data);

    /// @notice The challenger did not move in time.
    /// @param jobId The job's id.
    /// @param challenger Who challenges.
    event GameLost(uint256 indexed jobId, address indexed challenger);

    /// @notice The figures were set.
    /// @param parameters The parameters.
    event ParametersSet(Parameters parameters);

    /// @notice What is given as the claim is not what was claimed.
    /// @param jobId The job's id.
    /// @param expected What it must be.
    /// @param found What it is.
    error ClaimMismatch(uint256 jobId, bytes32 expected, bytes32 found);

    /// @notice The inverse temperature is above 2^24.
    /// @param beta Inverse temperature, Q16.
    error InvalidBeta(uint256 beta);

    /// @notice The proof is neither a call of `requireFault` nor the opening of a game.
    error InvalidProof();

    /// @notice The window ended, or there was no claim.
    /// @param jobId The job's id.
    /// @param windowEnd Last second of the challenge window, unix time.
    error WindowEnded(uint256 jobId, uint256 windowEnd);

    /// @notice The claim was refuted before.
    /// @param jobId The job's id.
    /// @param challenger Who challenges.
    error AlreadyRefuted(uint256 jobId, address challenger);

    /// @notice A challenger has one game a job.
    /// @param jobId The job's id.
    /// @param challenger Who challenges.
    error GameExists(uint256 jobId, address challenger);

    /// @notice Something else is due in this game.
    /// @param jobId The job's id.
    /// @param challenger Who challenges.
    /// @param phase The phase.
    error WrongPhase(uint256 jobId, address challenger, Phase phase);

    /// @notice The clock of who has to move ran out.
    /// @param jobId The job's id.
    /// @param challenger Who challenges.
    /// @param deadline Last second to act in, unix time.
    error ClockRanOut(uint256 jobId, address challenger, uint256 deadline);

    /// @notice The clock of who has to move runs.
    /// @param jobId The job's id.
    /// @param challenger Who challenges.
    /// @param deadline Last second to act in, unix time.
    error ClockRuns(uint256 jobId, address challenger, uint256 deadline);

    /// @notice Below this node there are another number of nodes four levels down, or where the tree ends.
    /// @param found What it is.
    /// @param expected What it must be.
    error WrongCount(uint256 found, uint256 expected);

    /// @notice Nothing is at that place, and nothing was claimed to be.
    /// @param op The op.
    /// @param place The place.
    error NothingThere(uint256 op, uint256 place);

    /// @notice The proof is about another leaf; places are op · 2^64 + row · 2^32 + chunk.
    /// @param found What it is.
    /// @param expected What it must be.
    error AnotherLeaf(uint256 found, uint256 expected);

    /// @notice A figure is not within its bounds, which are inclusive.
    /// @param value The value given.
    /// @param min The least it can be.
    /// @param max The most it can be.
    error OutOfBounds(uint256 value, uint256 min, uint256 max);

    /// @notice Shows the nodes below a game's node: `2^min(4, levels)` of them, left to right. Anybody may.
    /// @param jobId The market's id.
    /// @param challenger Whose game it is.
    /// @param nodes They lead to the game's node.
    function reveal(uint256 jobId, address challenger, bytes32[] calldata nodes) external;

    /// @notice Goes on below one of the nodes shown. The caller's game. Refutes the claim if it is not zero at a place where
    /// nothing may be.
    /// @param jobId The market's id.
    /// @param index Which of the nodes, from 0.
    /// @param node That node.
    /// @param path Its siblings up to the game's node, from the bottom up.
    function pick(uint256 jobId, uint256 index, bytes32 node, bytes32[] calldata path) external;

    /// @notice Shows the leaf that a game came to. Anybody may.
    /// @param jobId The market's id.
    /// @param challenger Whose game it is.
    /// @param salt Of the leaf.
    /// @param data Of the leaf.
    function revealLeaf(uint256 jobId, address challenger, bytes16 salt, bytes calldata data) external;

    /// @notice Refutes the claim by a fault of the leaf that was shown. The caller's game.
    /// @param jobId The market's id.
    /// @param proof Calldata of `IFaultVerifier.requireFault`.
    function prove(uint256 jobId, bytes calldata proof) external;

    /// @notice Ends a game in which the clock of who has to move ran out. Anybody may.
    /// @param jobId The market's id.
    /// @param challenger Whose game it is.
    function timeout(uint256 jobId, address challenger) external;

    /// @notice Sets the figures. Restricted.
    /// @param newParameters The parameters from now on.
    function setParameters(Parameters calldata newParameters) external;

    /// @notice The figures.
    /// @return The parameters.
    function parameters() external view returns (Parameters memory);

    /// @notice A challenger's game about a job.
    /// @param jobId The job's id.
    /// @param challenger Who challenges.
    /// @return The game.
    function gameOf(uint256 jobId, address challenger) external view returns (Game memory);

    /// @notice Last second in which whoever has to move may; 0 if the game is over or there is none.
    /// @param jobId The job's id.
    /// @param challenger Who challenges.
    /// @return deadline Last second to act in, unix time.
    function deadlineOf(uint256 jobId, address challenger) external view returns (uint256 deadline);

    /// @notice How many games about a job are open, and the hash of its claim: keccak256(abi.encode(TraceClaim)).
    /// @param jobId The job's id.
    /// @return claimHash Hash of the claim.
    /// @return windowEnd Last second of the window, unix time.
    /// @return openGames How many are open.
    function claimOf(uint256 jobId) external view returns (bytes32 claimHash, uint256 windowEnd, uint256 openGames);

    /// @notice The `id` of a claim.
    /// @param jobId The job's id.
    /// @param operator The operator.
    /// @return The id.
    function claimId(uint256 jobId, address operator) external view returns (bytes32);

    /// @notice The market whose claims are taken.
    /// @return JobMarket.
    function market() external view returns (address);

    /// @notice What recomputes steps.
    /// @return FaultVerifier.
    function verifier() external view returns (IFaultVerifier);

    /// @notice The market's `inputRoot` of a request: keccak256(abi.encode(inputRoot, seed, saltHash, promptTokens,
    /// maxTokens, beta)).
    /// @param claim What is claimed.
    /// @return The hash.
    function requestHash(IFaultVerifier.TraceClaim calldata claim) external pure returns (bytes32);

    /// @notice The market's `outputRoot` of an answer: keccak256(abi.encode(outputRoot, completionTokens)).
    /// @param claim What is claimed.
    /// @return The hash.
    function answerHash(IFaultVerifier.TraceClaim calldata claim) external pure returns (bytes32);
}
