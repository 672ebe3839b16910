// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {ClusterUpgradeable} from "../access/ClusterUpgradeable.sol";
import {ICommitteeModule} from "./interfaces/ICommitteeModule.sol";
import {IOperatorStaking} from "./interfaces/IOperatorStaking.sol";
import {IProofModule} from "./interfaces/IProofModule.sol";
import {IRandomBeacon} from "./interfaces/IRandomBeacon.sol";

/// @title CommitteeModule
/// @notice Committees drawn by lot. See {ICommitteeModule} and docs/contracts/CommitteeModule.md.
contract CommitteeModule is ICommitteeModule, ClusterUpgradeable {
    using SafeCast for uint256;

    /// @custom:storage-location erc7201:cluster.storage.CommitteeModule
    struct CommitteeModuleStorage {
        Settings settings;
        address[] roll;
        /// Place on the roll, counted from 1.
        mapping(address verifier => uint256) placeOf;
        uint256 totalSets;
        mapping(uint256 setId => FrozenSet) sets;
        /// address · 2^96 + weight.
        mapping(uint256 setId => mapping(uint256 index => uint256 word)) words;
        mapping(uint256 jobId => Case) cases;
        mapping(uint256 jobId => address[]) members;
        mapping(uint256 jobId => mapping(address verifier => Seat)) seats;
    }

    /// @dev `commitment` 0: no vote yet.
    struct Seat {
        bytes32 commitment;
        bool taken;
        bool revealed;
    }

    // keccak256(abi.encode(uint256(keccak256("cluster.storage.CommitteeModule")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE_LOCATION = 0xaf5f34368d607103451ddff2c7310357f12e42af28e9658baffe6aa4c02ccb00;

    uint256 private constant WEIGHT_BITS = 96;

    /// @inheritdoc ICommitteeModule
    uint256 public constant MAX_VERIFIERS = 64;
    /// @inheritdoc ICommitteeModule
    uint256 public constant MAX_DRAWS = 4;
    /// @inheritdoc ICommitteeModule
    uint256 public constant DRAW_DELAY = 30 seconds;
    /// @inheritdoc IProofModule
    uint8 public constant tier = 2; // solhint-disable-line const-name-snakecase

    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    address private immutable MARKET;
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IOperatorStaking private immutable STAKING;
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IRandomBeacon private immutable BEACON;

    modifier onlyMarket() {
        if (msg.sender != MARKET) revert NotMarket(msg.sender);
        _;
    }

    /// @param market The JobMarket.
    /// @param staking Whose stake weighs.
    /// @param beacon Whose rounds draw.
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(address market, IOperatorStaking staking, IRandomBeacon beacon) {
        MARKET = market;
        STAKING = staking;
        BEACON = beacon;
    }

    /// @notice Sets authority and figures.
    /// @param authority The AccessManager.
    /// @param initialSettings The first figures.
    function initialize(address authority, Settings calldata initialSettings) external initializer {
        __AccessManaged_init(authority);
        _setSettings(initialSettings);
    }

    /// @inheritdoc ICommitteeModule
    function join(address insteadOf) external {
        CommitteeModuleStorage storage $ = _storage();
        if ($.placeOf[msg.sender] != 0) revert AlreadyVerifier(msg.sender);
        uint256 stake = _stakeOf(msg.sender);
        if (stake < $.settings.minStake) revert StakeTooLow(msg.sender, stake, $.settings.minStake);
        if ($.roll.length == MAX_VERIFIERS) {
            if ($.placeOf[insteadOf] == 0) revert RollFull(MAX_VERIFIERS);
            uint256 theirs = _stakeOf(insteadOf);
            if (stake <= theirs) revert StakeTooLow(msg.sender, stake, theirs + 1);
            _remove(insteadOf);
        }
        $.roll.push(msg.sender);
        $.placeOf[msg.sender] = $.roll.length;
        emit VerifierJoined(msg.sender);
    }

    /// @inheritdoc ICommitteeModule
    function leave() external {
        _remove(msg.sender);
    }

    /// @inheritdoc ICommitteeModule
    function strike(address verifier) external {
        if (_stakeOf(verifier) >= _storage().settings.minStake) revert StillEligible(verifier);
        _remove(verifier);
    }

    /// @inheritdoc ICommitteeModule
    function freeze() external returns (uint256 setId) {
        CommitteeModuleStorage storage $ = _storage();
        setId = $.totalSets;
        uint256 until = $.sets[setId].sealedAt + $.settings.epoch;
        if (setId != 0 && Time.timestamp() < until) revert EpochNotOver(until);
        ++setId;
        $.totalSets = setId;
        uint256[] memory words = _weigh($.roll, $.settings.minStake);
        for (uint256 i = 0; i < words.length; ++i) $.words[setId][i] = words[i];
        $.sets[setId] = FrozenSet(Time.timestamp(), uint32(words.length));
        emit SetFrozen(setId, words);
    }

    /// @inheritdoc IProofModule
    function onClaim(
        uint256 jobId,
        Claim calldata claim,
        bytes calldata aux
    ) external onlyMarket returns (uint64 windowEnd) {
        if (claim.traceRoot != 0 && keccak256(aux) != claim.opRootsHash) {
            revert OpRootsMismatch(claim.opRootsHash, keccak256(aux));
        }
        CommitteeModuleStorage storage $ = _storage();
        Settings memory s = $.settings;
        Case storage opened = $.cases[jobId];
        opened.operator = claim.operator;
        opened.setId = _setBefore(claim.committedAt);
        opened.seats = s.seats;
        opened.quorum = s.quorum;
        opened.round = BEACON.roundAfter(uint64(Time.timestamp() + DRAW_DELAY));
        opened.drawTime = s.drawTime;
        opened.commitTime = s.commitTime;
        opened.revealTime = s.revealTime;
        opened.outputRoot = claim.outputRoot;
        _requireEnough(opened);
        emit CaseOpened(jobId, opened);
        return _lastDraw(opened) + s.commitTime + s.revealTime;
    }

    /// @inheritdoc ICommitteeModule
    function draw(uint256 jobId) external {
        CommitteeModuleStorage storage $ = _storage();
        Case storage drawing = $.cases[jobId];
        uint64 round = roundOf(jobId);
        if (round == 0) revert WrongPhase(jobId);
        bytes32 randomness = BEACON.randomnessOf(round);
        if (randomness == 0) revert NoBeacon(round);
        bytes32 seed = keccak256(abi.encode(randomness, round, address(this), jobId));
        address[] memory drawn = committee(drawing.setId, seed, drawing.operator, drawing.seats);
        uint48 commitEnd = Time.timestamp() + drawing.commitTime;
        drawing.round = round;
        drawing.drawn = true;
        drawing.commitEnd = commitEnd;
        $.members[jobId] = drawn;
        for (uint256 i = 0; i < drawn.length; ++i) $.seats[jobId][drawn[i]].taken = true;
        emit CommitteeDrawn(jobId, round, seed, drawn, commitEnd, commitEnd + drawing.revealTime);
    }

    /// @inheritdoc ICommitteeModule
    function commitVote(uint256 jobId, bytes32 commitment) external {
        CommitteeModuleStorage storage $ = _storage();
        Seat storage seat = _seatOf(jobId);
        if (Time.timestamp() > $.cases[jobId].commitEnd || commitment == 0) revert WrongPhase(jobId);
        if (seat.commitment != 0) revert AlreadyVoted(jobId, msg.sender);
        seat.commitment = commitment;
        emit VoteCommitted(jobId, msg.sender, commitment);
    }

    /// @inheritdoc ICommitteeModule
    function revealVote(uint256 jobId, bytes32 outputRoot, bytes32 salt) external {
        Case storage voted = _storage().cases[jobId];
        Seat storage seat = _seatOf(jobId);
        uint256 time = Time.timestamp();
        if (time <= voted.commitEnd || time > voted.commitEnd + voted.revealTime) revert WrongPhase(jobId);
        if (seat.revealed) revert AlreadyVoted(jobId, msg.sender);
        bytes32 found = voteCommitment(jobId, msg.sender, outputRoot, salt);
        if (found != seat.commitment) revert VoteMismatch(seat.commitment, found);
        seat.revealed = true;
        ++voted.revealed;
        if (outputRoot != voted.outputRoot) voted.dissent = true;
        emit VoteRevealed(jobId, msg.sender, outputRoot);
    }

    /// @inheritdoc ICommitteeModule
    function setSettings(Settings calldata newSettings) external restricted {
        _setSettings(newSettings);
    }

    /// @inheritdoc IProofModule
    function status(uint256 jobId) external view returns (Status verdict, address challenger) {
        Case storage asked = _storage().cases[jobId];
        if (asked.operator == address(0)) return (Status.Pending, address(0));
        if (!asked.drawn) return (roundOf(jobId) == 0 ? Status.Inconclusive : Status.Pending, address(0));
        if (asked.dissent) return (Status.Disputed, address(0));
        if (asked.revealed == asked.seats) return (Status.Valid, address(0));
        if (Time.timestamp() <= asked.commitEnd + asked.revealTime) return (Status.Pending, address(0));
        return (asked.revealed >= asked.quorum ? Status.Valid : Status.Inconclusive, address(0));
    }

    /// @inheritdoc ICommitteeModule
    function caseOf(uint256 jobId) external view returns (Case memory) {
        return _storage().cases[jobId];
    }

    /// @inheritdoc ICommitteeModule
    function membersOf(uint256 jobId) external view returns (address[] memory) {
        return _storage().members[jobId];
    }

    /// @inheritdoc ICommitteeModule
    function roll() external view returns (address[] memory) {
        return _storage().roll;
    }

    /// @inheritdoc ICommitteeModule
    function totalSets() external view returns (uint256) {
        return _storage().totalSets;
    }

    /// @inheritdoc ICommitteeModule
    function setOf(uint256 setId) external view returns (FrozenSet memory frozen, uint256[] memory words) {
        return (_storage().sets[setId], _wordsOf(setId));
    }

    /// @inheritdoc ICommitteeModule
    function settings() external view returns (Settings memory) {
        return _storage().settings;
    }

    /// @inheritdoc IProofModule
    function submit(uint256, address, bytes calldata) external pure {
        revert NoSubmissions();
    }

    /// @inheritdoc IProofModule
    function disputeOf(uint256, address) external pure returns (Status outcome) {
        return Status.Pending;
    }

    /// @inheritdoc ICommitteeModule
    function roundOf(uint256 jobId) public view returns (uint64 round) {
        Case storage asked = _storage().cases[jobId];
        if (asked.operator == address(0) || asked.drawn) return 0;
        round = asked.round;
        for (uint256 i = 0; i < MAX_DRAWS; ++i) {
            uint64 until = BEACON.timeOf(round) + asked.drawTime;
            if (Time.timestamp() <= until) return round;
            round = BEACON.roundAfter(until);
        }
        return 0;
    }

    /// @inheritdoc ICommitteeModule
    function committee(
        uint256 setId,
        bytes32 seed,
        address excluded,
        uint256 seats
    ) public view returns (address[] memory drawn) {
        uint256[] memory words = _wordsOf(setId);
        uint256 left = words.length;
        uint256 weight = 0;
        for (uint256 i = 0; i < left; ++i) {
            if (address(uint160(words[i] >> WEIGHT_BITS)) == excluded) {
                words[i] = words[--left];
                if (i == left) break;
            }
            weight += uint96(words[i]);
        }
        if (left < seats) revert TooFewVerifiers(left, seats);
        drawn = new address[](seats);
        for (uint256 i = 0; i < seats; ++i) {
            uint256 ticket = uint256(keccak256(abi.encode(seed, i))) % weight;
            uint256 at = 0;
            for (; ticket >= uint96(words[at]); ++at) ticket -= uint96(words[at]);
            drawn[i] = address(uint160(words[at] >> WEIGHT_BITS));
            weight -= uint96(words[at]);
            words[at] = words[--left];
        }
    }

    /// @inheritdoc ICommitteeModule
    function voteCommitment(
        uint256 jobId,
        address verifier,
        bytes32 outputRoot,
        bytes32 salt
    ) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), jobId, verifier, outputRoot, salt));
    }

    /// @dev The last takes the place of who leaves.
    function _remove(address verifier) private {
        CommitteeModuleStorage storage $ = _storage();
        uint256 place = $.placeOf[verifier];
        if (place == 0) revert NotVerifier(verifier);
        address last = $.roll[$.roll.length - 1];
        $.roll[place - 1] = last;
        $.placeOf[last] = place;
        $.roll.pop();
        $.placeOf[verifier] = 0;
        emit VerifierLeft(verifier);
    }

    function _setSettings(Settings calldata s) private {
        _requireWithin(s.seats, 3, 15);
        _requireWithin(s.quorum, s.seats / 2 + 1, s.seats);
        _requireWithin(s.minStake, 1, type(uint96).max);
        _requireWithin(s.epoch, 1 hours, 30 days);
        _requireWithin(s.drawTime, 5 minutes, 1 days);
        _requireWithin(s.commitTime, 5 minutes, 3 days);
        _requireWithin(s.revealTime, 5 minutes, 3 days);
        _storage().settings = s;
        emit SettingsSet(s);
    }

    /// @dev Those on the roll who have the stake now, with it.
    function _weigh(address[] memory verifiers, uint256 minStake) private view returns (uint256[] memory words) {
        words = new uint256[](verifiers.length);
        uint256 count = 0;
        for (uint256 i = 0; i < verifiers.length; ++i) {
            uint256 stake = _stakeOf(verifiers[i]);
            if (stake < minStake) continue;
            words[count] = (uint256(uint160(verifiers[i])) << WEIGHT_BITS) | stake.toUint96();
            ++count;
        }
        // solhint-disable-next-line no-inline-assembly
        assembly {
            mstore(words, count)
        }
    }

    /// @dev Looks back only as many sets as were frozen since.
    function _setBefore(uint64 time) private view returns (uint32) {
        CommitteeModuleStorage storage $ = _storage();
        for (uint256 setId = $.totalSets; setId != 0; --setId) {
            if ($.sets[setId].sealedAt < time) return uint32(setId);
        }
        revert NoFrozenSet(time);
    }

    /// @dev The operator may be one of the set.
    function _requireEnough(Case storage opened) private view {
        uint256 count = _storage().sets[opened.setId].count;
        if (count < uint256(opened.seats) + 1) revert TooFewVerifiers(count, uint256(opened.seats) + 1);
    }

    /// @dev By when the last of the rounds that a claim may wait for must have drawn.
    function _lastDraw(Case storage opened) private view returns (uint64 until) {
        until = BEACON.timeOf(opened.round) + opened.drawTime;
        for (uint256 i = 1; i < MAX_DRAWS; ++i) until = BEACON.timeOf(BEACON.roundAfter(until)) + opened.drawTime;
    }

    function _wordsOf(uint256 setId) private view returns (uint256[] memory words) {
        CommitteeModuleStorage storage $ = _storage();
        words = new uint256[]($.sets[setId].count);
        for (uint256 i = 0; i < words.length; ++i) words[i] = $.words[setId][i];
    }

    function _seatOf(uint256 jobId) private view returns (Seat storage seat) {
        seat = _storage().seats[jobId][msg.sender];
        if (!seat.taken) revert NotMember(jobId, msg.sender);
    }

    function _stakeOf(address verifier) private view returns (uint256) {
        (uint256 own, uint256 delegated) = STAKING.activeStake(verifier);
        return own + delegated;
    }

    function _requireWithin(uint256 value, uint256 min, uint256 max) private pure {
        if (value < min || value > max) revert OutOfBounds(value, min, max);
    }

    function _storage() private pure returns (CommitteeModuleStorage storage $) {
        // solhint-disable-next-line no-inline-assembly
        assembly {
            $.slot := STORAGE_LOCATION
        }
    }
}
