// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IProofModule} from "./IProofModule.sol";

/// @title Tier 2: a committee drawn by lot recomputes the claim and votes hidden, then openly
/// @notice Verifiers are operators with enough stake who put themselves on a roll. The roll is frozen from time to time,
/// with everybody's stake as weight. A claim's committee is drawn from the newest set that was frozen before its
/// result was committed to, by a beacon round that is published after its reveal: a pure function of set, round and
/// job. All who vote agree with the claim, and enough do: `Valid`. One does not: `Disputed`, and the refereed trace
/// decides. Too few vote, or no beacon comes: `Inconclusive`. No vote slashes anybody, and no vote outweighs another.
///
/// A round counts for a claim if the draw is made by `drawTime` seconds after it is published; else the first round after
/// that is the claim's, and so on, `MAX_DRAWS` times: nobody chooses between values that are known.
interface ICommitteeModule is IProofModule {
    /// @notice Figures that governance sets, for claims to come.
    /// @param seats Members of a committee, 3 to 15.
    /// @param quorum How many of them have to vote: more than half, at most all.
    /// @param minStake Active stake that a verifier needs, in wei of CP; not 0.
    /// @param epoch Seconds from one frozen set to the next at least; 1 hour to 30 days.
    /// @param drawTime Seconds from a round's publication in which the draw can be made; 5 minutes to 1 day.
    /// @param commitTime Seconds to vote hidden; 5 minutes to 3 days.
    /// @param revealTime Seconds to open the votes; 5 minutes to 3 days.
    struct Settings {
        uint8 seats;
        uint8 quorum;
        uint96 minStake;
        uint32 epoch;
        uint32 drawTime;
        uint32 commitTime;
        uint32 revealTime;
    }

    /// @notice A frozen roll.
    /// @param sealedAt When it was frozen.
    /// @param count How many verifiers it has.
    struct FrozenSet {
        uint48 sealedAt;
        uint32 count;
    }

    /// @notice A claim before its committee.
    /// @param operator Who is never on it.
    /// @param setId The frozen set that it is drawn from.
    /// @param seats Members to draw.
    /// @param quorum Votes needed.
    /// @param drawn Whether the committee is drawn.
    /// @param revealed Votes opened so far.
    /// @param dissent Whether one of them was for another output.
    /// @param round The beacon round; before the draw, the first that can be the claim's.
    /// @param drawTime Seconds in which a round's draw can be made.
    /// @param commitTime Seconds to vote hidden, from the draw.
    /// @param revealTime Seconds to open the votes after that.
    /// @param commitEnd Last second to vote hidden; 0 before the draw.
    /// @param outputRoot What the operator claims.
    struct Case {
        address operator;
        uint32 setId;
        uint8 seats;
        uint8 quorum;
        bool drawn;
        uint8 revealed;
        bool dissent;
        uint64 round;
        uint32 drawTime;
        uint32 commitTime;
        uint32 revealTime;
        uint48 commitEnd;
        bytes32 outputRoot;
    }

    /// @notice A verifier is on the roll.
    event VerifierJoined(address indexed verifier);

    /// @notice A verifier is off the roll: it left, lost its stake, or gave way to one with more.
    event VerifierLeft(address indexed verifier);

    /// @notice The roll was frozen: each word is address · 2^96 + weight in wei of CP.
    event SetFrozen(uint256 indexed setId, uint256[] words);

    /// @notice A claim awaits its committee.
    event CaseOpened(uint256 indexed jobId, Case case_);

    /// @notice A committee was drawn; it votes until `commitEnd` and opens its votes until `revealEnd`.
    event CommitteeDrawn(
        uint256 indexed jobId,
        uint64 round,
        bytes32 seed,
        address[] members,
        uint256 commitEnd,
        uint256 revealEnd
    );

    /// @notice A hidden vote.
    event VoteCommitted(uint256 indexed jobId, address indexed verifier, bytes32 commitment);

    /// @notice A vote was opened.
    event VoteRevealed(uint256 indexed jobId, address indexed verifier, bytes32 outputRoot);

    /// @notice The figures were set.
    event SettingsSet(Settings settings);

    /// @notice A verifier needs more active stake than that, in wei of CP.
    error StakeTooLow(address verifier, uint256 stake, uint256 needed);

    /// @notice The account is on the roll already.
    error AlreadyVerifier(address account);

    /// @notice The account is not on the roll.
    error NotVerifier(address account);

    /// @notice The roll is full: name a verifier with less stake, which will give way.
    error RollFull(uint256 max);

    /// @notice A verifier that still has its stake is not put off the roll by others.
    error StillEligible(address verifier);

    /// @notice The roll was frozen too short a time ago.
    error EpochNotOver(uint256 until);

    /// @notice No set was frozen before this time.
    error NoFrozenSet(uint256 time);

    /// @notice The frozen set has fewer verifiers, the operator aside, than a committee has seats.
    error TooFewVerifiers(uint256 count, uint256 seats);

    /// @notice What was handed in are not the op roots of the claim.
    error OpRootsMismatch(bytes32 expected, bytes32 found);

    /// @notice There is no such claim, or it is past this step.
    error WrongPhase(uint256 jobId);

    /// @notice The round's value is not there yet.
    error NoBeacon(uint64 round);

    /// @notice The account has no seat on this committee.
    error NotMember(uint256 jobId, address account);

    /// @notice A member votes once.
    error AlreadyVoted(uint256 jobId, address account);

    /// @notice What is opened is not what was committed to.
    error VoteMismatch(bytes32 expected, bytes32 found);

    /// @notice A committee hears no challengers.
    error NoSubmissions();

    /// @notice A figure is outside its bounds.
    error OutOfBounds(uint256 value, uint256 min, uint256 max);

    // solhint-disable ordering

    /// @notice Most verifiers on the roll.
    function MAX_VERIFIERS() external view returns (uint256);

    /// @notice How many rounds a claim may wait for.
    function MAX_DRAWS() external view returns (uint256);

    /// @notice Seconds between a claim and the earliest round that draws its committee.
    function DRAW_DELAY() external view returns (uint256);

    /// @notice Puts the caller, an operator with `minStake`, on the roll.
    /// @param insteadOf If the roll is full: a verifier with less stake. Else ignored.
    function join(address insteadOf) external;

    /// @notice Takes the caller off the roll. Sets that are frozen stay as they are.
    function leave() external;

    /// @notice Takes a verifier off the roll that has not got the stake any more. Anyone.
    function strike(address verifier) external;

    /// @notice Freezes the roll, once an epoch. Anyone.
    function freeze() external returns (uint256 setId);

    /// @notice Draws a claim's committee, when the beacon's round is there. Anyone.
    function draw(uint256 jobId) external;

    /// @notice Votes hidden. Members, once.
    /// @param commitment `voteCommitment`.
    function commitVote(uint256 jobId, bytes32 commitment) external;

    /// @notice Opens a vote, after the time to vote and until the time to open is over.
    /// @param outputRoot What the member computed.
    function revealVote(uint256 jobId, bytes32 outputRoot, bytes32 salt) external;

    /// @notice A claim's case; all zero if there is none.
    function caseOf(uint256 jobId) external view returns (Case memory);

    /// @notice A claim's committee; empty before the draw.
    function membersOf(uint256 jobId) external view returns (address[] memory);

    /// @notice The round that draws a claim's committee if it is drawn now; 0 if it is too late for any.
    function roundOf(uint256 jobId) external view returns (uint64 round);

    /// @notice Who is drawn from a set by a seed, `excluded` aside: seat by seat, by weight, without replacement. Seat i goes
    /// to where keccak256(abi.encode(seed, i)) modulo the weight that is left falls, in the set's order; the last takes
    /// the place of who was drawn.
    function committee(
        uint256 setId,
        bytes32 seed,
        address excluded,
        uint256 seats
    ) external view returns (address[] memory);

    /// @notice Verifiers on the roll.
    function roll() external view returns (address[] memory);

    /// @notice How many sets were frozen; ids begin at 1.
    function totalSets() external view returns (uint256);

    /// @notice A frozen set.
    function setOf(uint256 setId) external view returns (FrozenSet memory frozen, uint256[] memory words);

    /// @notice keccak256(abi.encode(chain id, this, jobId, verifier, outputRoot, salt)).
    function voteCommitment(
        uint256 jobId,
        address verifier,
        bytes32 outputRoot,
        bytes32 salt
    ) external view returns (bytes32);

    /// @notice The figures.
    function settings() external view returns (Settings memory);

    /// @notice Sets the figures. Restricted, delayed.
    function setSettings(Settings calldata newSettings) external;
}
