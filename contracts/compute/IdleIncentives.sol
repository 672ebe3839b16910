// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PausableUpgradeable} from "@openzeppelin/contracts-upgradeable/utils/PausableUpgradeable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

import {ClusterUpgradeable} from "../access/ClusterUpgradeable.sol";
import {IIdleIncentives} from "./interfaces/IIdleIncentives.sol";
import {IOperatorStaking} from "./interfaces/IOperatorStaking.sol";

/// @title IdleIncentives
/// @notice Pays operators for being there. See {IIdleIncentives}.
contract IdleIncentives is IIdleIncentives, ClusterUpgradeable, PausableUpgradeable, ReentrancyGuardTransient {
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    /// @custom:storage-location erc7201:cluster.storage.IdleIncentives
    struct IdleIncentivesStorage {
        uint256 rate;
        uint256 funds;
        uint256 reserved;
        mapping(uint8 capacityClass => uint16) classWeight;
        mapping(address operator => uint8) capacityClass;
        mapping(address operator => address) node;
        mapping(uint256 epoch => Epoch) epochs;
        mapping(uint256 epoch => mapping(address operator => uint256)) dueWeight;
    }

    // keccak256(abi.encode(uint256(keccak256("cluster.storage.IdleIncentives")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE_LOCATION = 0xf68d97ac5bf67cfbeea4048859d04f48ef698346e9d86073108df50efe44f700;

    /// @inheritdoc IIdleIncentives
    uint64 public constant EPOCH = 1 days;
    /// @inheritdoc IIdleIncentives
    uint64 public constant ANSWER_WINDOW = 10 minutes;
    /// @inheritdoc IIdleIncentives
    uint256 public constant MAX_RATE = 1_000e18;

    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IOperatorStaking private immutable STAKING;
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IERC20 private immutable TOKEN;

    /// @param operatorStaking Proxy of OperatorStaking.
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IOperatorStaking operatorStaking) {
        STAKING = operatorStaking;
        TOKEN = operatorStaking.token();
    }

    /// @notice Sets authority and emission.
    /// @param authority The AccessManager.
    /// @param initialRate Wei of CP a second.
    function initialize(address authority, uint256 initialRate) external initializer {
        __AccessManaged_init(authority);
        __Pausable_init();
        _setRate(initialRate);
    }

    /// @inheritdoc IIdleIncentives
    function fund(uint256 amount) external nonReentrant whenNotPaused {
        if (amount == 0) revert ZeroAmount();
        _storage().funds += amount;
        emit Funded(msg.sender, amount);
        uint256 before = TOKEN.balanceOf(address(this));
        TOKEN.safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = TOKEN.balanceOf(address(this)) - before;
        if (received < amount) revert ReceivedLess(received, amount);
    }

    /// @inheritdoc IIdleIncentives
    function openChallenge() external restricted whenNotPaused {
        IdleIncentivesStorage storage $ = _storage();
        uint256 number = currentEpoch();
        Epoch storage epoch = $.epochs[number];
        if (epoch.closesAt != 0) revert AlreadyChallenged(number);
        uint256 pot = Math.min($.rate * EPOCH, $.funds);
        $.funds -= pot;
        $.reserved += pot;
        epoch.pot = pot.toUint128();
        epoch.closesAt = Time.timestamp() + ANSWER_WINDOW;
        emit ChallengeOpened(number, pot, epoch.closesAt);
    }

    /// @inheritdoc IIdleIncentives
    function answer(uint256 epoch, address operator) external {
        IdleIncentivesStorage storage $ = _storage();
        if (msg.sender != operator && msg.sender != $.node[operator]) revert NotNode(msg.sender, operator);
        Epoch storage open = $.epochs[epoch];
        if (Time.timestamp() >= open.closesAt) revert NotOpen(epoch);
        if ($.dueWeight[epoch][operator] != 0) revert AlreadyAnswered(epoch, operator);
        uint256 weight = weightOf(operator);
        if (weight == 0) revert NotAvailable(operator);
        $.dueWeight[epoch][operator] = weight;
        open.weight += weight.toUint128();
        emit Answered(epoch, operator, msg.sender, weight);
    }

    /// @inheritdoc IIdleIncentives
    function setNode(address node) external {
        _storage().node[msg.sender] = node;
        emit NodeSet(msg.sender, node);
    }

    /// @inheritdoc IIdleIncentives
    function pay(uint256 epoch, address[] calldata operators) external nonReentrant {
        Epoch storage closed = _closed(epoch);
        (uint256 pot, uint256 weight) = (closed.pot, closed.weight);
        uint256[] memory amounts = new uint256[](operators.length);
        uint256 sum = 0;
        for (uint256 i = 0; i < operators.length; ++i) {
            uint256 part = _storage().dueWeight[epoch][operators[i]];
            if (part == 0) revert NothingDue(epoch, operators[i]);
            delete _storage().dueWeight[epoch][operators[i]];
            // Of what is left, by the weight that is left: the last one gets all of it and no dust stays.
            amounts[i] = Math.mulDiv(pot - sum, part, weight);
            weight -= part;
            sum += amounts[i];
            emit Paid(epoch, operators[i], amounts[i]);
        }
        closed.pot = (pot - sum).toUint128();
        closed.weight = weight.toUint128();
        _storage().reserved -= sum;
        TOKEN.forceApprove(address(STAKING), sum);
        for (uint256 i = 0; i < operators.length; ++i) {
            if (amounts[i] != 0) STAKING.addReward(operators[i], address(TOKEN), amounts[i]);
        }
    }

    /// @inheritdoc IIdleIncentives
    function returnPot(uint256 epoch) external {
        Epoch storage closed = _closed(epoch);
        uint256 pot = closed.pot;
        if (pot == 0 || closed.weight != 0) revert NothingDue(epoch, address(0));
        IdleIncentivesStorage storage $ = _storage();
        closed.pot = 0;
        $.reserved -= pot;
        $.funds += pot;
        emit PotReturned(epoch, pot);
    }

    /// @inheritdoc IIdleIncentives
    function setRate(uint256 newRate) external restricted {
        _setRate(newRate);
    }

    /// @inheritdoc IIdleIncentives
    function setClassWeight(uint8 capacityClass, uint16 weight) external restricted {
        if (capacityClass == 0) revert InvalidClass(capacityClass);
        _storage().classWeight[capacityClass] = weight;
        emit ClassWeightSet(capacityClass, weight);
    }

    /// @inheritdoc IIdleIncentives
    function setCapacityClass(address operator, uint8 capacityClass) external restricted {
        _storage().capacityClass[operator] = capacityClass;
        emit CapacityClassSet(operator, capacityClass);
    }

    /// @inheritdoc IIdleIncentives
    function rescueSurplus(address to, uint256 amount) external restricted nonReentrant {
        if (to == address(0) || to == address(this)) revert InvalidAddress(to);
        IdleIncentivesStorage storage $ = _storage();
        uint256 surplus = TOKEN.balanceOf(address(this)) - $.funds - $.reserved;
        if (amount > surplus) revert SurplusExceeded(amount, surplus);
        emit SurplusRescued(to, amount);
        TOKEN.safeTransfer(to, amount);
    }

    /// @inheritdoc IIdleIncentives
    function pause() external restricted {
        _pause();
    }

    /// @inheritdoc IIdleIncentives
    function unpause() external restricted {
        _unpause();
    }

    /// @inheritdoc IIdleIncentives
    function epochOf(uint256 epoch) external view returns (Epoch memory) {
        return _storage().epochs[epoch];
    }

    /// @inheritdoc IIdleIncentives
    function dueWeight(uint256 epoch, address operator) external view returns (uint256) {
        return _storage().dueWeight[epoch][operator];
    }

    /// @inheritdoc IIdleIncentives
    function nodeOf(address operator) external view returns (address) {
        return _storage().node[operator];
    }

    /// @inheritdoc IIdleIncentives
    function capacityClassOf(address operator) external view returns (uint8) {
        return _storage().capacityClass[operator];
    }

    /// @inheritdoc IIdleIncentives
    function classWeight(uint8 capacityClass) external view returns (uint16) {
        return _storage().classWeight[capacityClass];
    }

    /// @inheritdoc IIdleIncentives
    function rate() external view returns (uint256) {
        return _storage().rate;
    }

    /// @inheritdoc IIdleIncentives
    function funds() external view returns (uint256) {
        return _storage().funds;
    }

    /// @inheritdoc IIdleIncentives
    function reserved() external view returns (uint256) {
        return _storage().reserved;
    }

    /// @inheritdoc IIdleIncentives
    function token() external view returns (IERC20) {
        return TOKEN;
    }

    /// @inheritdoc IIdleIncentives
    function staking() external view returns (IOperatorStaking) {
        return STAKING;
    }

    /// @inheritdoc IIdleIncentives
    function weightOf(address operator) public view returns (uint256) {
        IdleIncentivesStorage storage $ = _storage();
        uint256 perUnit = $.classWeight[$.capacityClass[operator]];
        if (perUnit == 0 || !STAKING.isOperator(operator)) return 0;
        (uint256 own, ) = STAKING.activeStake(operator);
        if (own < STAKING.minOwnStake()) return 0;
        return STAKING.availableStake(operator) * perUnit;
    }

    /// @inheritdoc IIdleIncentives
    function currentEpoch() public view returns (uint256) {
        return Time.timestamp() / EPOCH;
    }

    function _setRate(uint256 newRate) private {
        if (newRate > MAX_RATE) revert RateTooHigh(newRate, MAX_RATE);
        _storage().rate = newRate;
        emit RateSet(newRate);
    }

    /// @dev An epoch whose challenge takes no more answers.
    function _closed(uint256 number) private view returns (Epoch storage epoch) {
        epoch = _storage().epochs[number];
        if (epoch.closesAt == 0 || Time.timestamp() < epoch.closesAt) revert NotClosed(number);
    }

    function _storage() private pure returns (IdleIncentivesStorage storage $) {
        // solhint-disable-next-line no-inline-assembly
        assembly {
            $.slot := STORAGE_LOCATION
        }
    }
}
