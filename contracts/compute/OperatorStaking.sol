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
import {Currency} from "../payments/Currency.sol";
import {IPaymentRouter} from "../payments/interfaces/IPaymentRouter.sol";
import {IOperatorStaking} from "./interfaces/IOperatorStaking.sol";
import {LockList} from "./LockList.sol";
import {SharePool} from "./SharePool.sol";

/// @title OperatorStaking
/// @notice Stake, delegations, rewards, locks and slashes. See {IOperatorStaking} and docs/contracts/accounting.md.
contract OperatorStaking is IOperatorStaking, ClusterUpgradeable, PausableUpgradeable, ReentrancyGuardTransient {
    using LockList for LockList.List;
    using SafeCast for uint256;
    using SafeERC20 for IERC20;
    using SharePool for Pool;

    /// @dev Active shares of an account in one pool of one operator.
    struct Position {
        uint128 shares;
        uint64 generation;
        uint64 tranches;
    }

    struct Operator {
        bool registered;
        uint16 commissionBps;
        uint16 maxCommissionBps;
        uint16 nextCommissionBps;
        uint64 effectiveAt;
        /// Bit i: the operator earned in rewardCurrencies[i].
        uint16 currencies;
        Pool own;
        Pool delegated;
        LockList.List locks;
        string uri;
        mapping(address account => Position) positions;
        mapping(address account => mapping(uint256 id => Tranche)) tranches;
        /// What an active delegated share earned, in 2^-128 units.
        mapping(uint256 generation => mapping(address currency => uint256)) accumulated;
        /// The accumulator when the account was settled last, for the generation of its position.
        mapping(address account => mapping(address currency => uint256)) settled;
        mapping(address currency => uint256) held;
    }

    /// @custom:storage-location erc7201:cluster.storage.OperatorStaking
    struct OperatorStakingStorage {
        uint256 minOwnStake;
        uint256 totalStaked;
        address[] rewardCurrencies;
        /// Place in rewardCurrencies, counted from 1.
        mapping(address currency => uint256) currencyPlace;
        mapping(address currency => uint256) totalOwed;
        /// In 2^-128 units.
        mapping(address currency => mapping(address account => uint256)) claims;
        mapping(address operator => Operator) operators;
    }

    // keccak256(abi.encode(uint256(keccak256("cluster.storage.OperatorStaking")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE_LOCATION = 0x0df8268719c38815a52c78896e8aaaca0e4d4f8a825b34457eef87803a69ad00;

    uint256 private constant BPS = 10_000;
    /// @dev Keeps an accumulator from overflowing before 2^32 rewards of this size to a single share.
    uint256 private constant MAX_REWARD = type(uint96).max;

    /// @inheritdoc IOperatorStaking
    uint64 public constant THAWING_PERIOD = 14 days;
    /// @inheritdoc IOperatorStaking
    uint64 public constant COMMISSION_DELAY = 7 days;
    /// @inheritdoc IOperatorStaking
    uint256 public constant MAX_CURRENCIES = 16;
    /// @inheritdoc IOperatorStaking
    address public constant BURN_ADDRESS = 0x000000000000000000000000000000000000dEaD;

    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IERC20 private immutable TOKEN;
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IPaymentRouter private immutable ROUTER;

    /// @param clusterToken Proxy of CP.
    /// @param router Proxy of the PaymentRouter, whose accepted currencies are those of rewards.
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IERC20 clusterToken, IPaymentRouter router) {
        TOKEN = clusterToken;
        ROUTER = router;
    }

    /// @notice Sets the authority and the own stake that an operator needs.
    /// @param authority The AccessManager.
    /// @param initialMinOwnStake Wei of CP.
    function initialize(address authority, uint256 initialMinOwnStake) external initializer {
        __AccessManaged_init(authority);
        __Pausable_init();
        _setMinOwnStake(initialMinOwnStake);
    }

    /// @inheritdoc IOperatorStaking
    function register(string calldata uri, uint16 commissionBps, uint16 maxCommissionBps) external whenNotPaused {
        Operator storage op = _storage().operators[msg.sender];
        if (op.registered) revert AlreadyOperator(msg.sender);
        if (maxCommissionBps > BPS) revert CommissionTooHigh(maxCommissionBps, BPS);
        if (commissionBps > maxCommissionBps) revert CommissionTooHigh(commissionBps, maxCommissionBps);
        op.registered = true;
        op.commissionBps = commissionBps;
        op.maxCommissionBps = maxCommissionBps;
        op.uri = uri;
        emit OperatorRegistered(msg.sender, uri, commissionBps, maxCommissionBps);
    }

    /// @inheritdoc IOperatorStaking
    function setURI(string calldata uri) external {
        _operator(msg.sender).uri = uri;
        emit OperatorURISet(msg.sender, uri);
    }

    /// @inheritdoc IOperatorStaking
    function setCommission(uint16 commissionBps) external {
        Operator storage op = _operator(msg.sender);
        if (commissionBps > op.maxCommissionBps) revert CommissionTooHigh(commissionBps, op.maxCommissionBps);
        uint16 current = _commission(op);
        if (commissionBps > current) {
            op.commissionBps = current;
            op.nextCommissionBps = commissionBps;
            op.effectiveAt = _now() + COMMISSION_DELAY;
            emit CommissionSet(msg.sender, commissionBps, op.effectiveAt);
        } else {
            op.commissionBps = commissionBps;
            op.nextCommissionBps = 0;
            op.effectiveAt = 0;
            emit CommissionSet(msg.sender, commissionBps, _now());
        }
    }

    /// @inheritdoc IOperatorStaking
    function stake(
        address operator,
        uint256 amount,
        uint256 minSharesOut
    ) external nonReentrant whenNotPaused returns (uint256 shares) {
        shares = _stake(operator, amount, minSharesOut);
        Currency.take(address(TOKEN), amount);
    }

    /// @inheritdoc IOperatorStaking
    function unstake(address operator, uint256 shares) external nonReentrant returns (uint256 tranche) {
        Operator storage op = _operator(operator);
        if (shares == 0) revert ZeroAmount();
        Pool storage pool = _poolFor(op, operator, msg.sender);
        Position storage position = _sync(op, pool, operator, msg.sender);
        if (shares > position.shares) {
            revert InsufficientShares(operator, msg.sender, shares, position.shares);
        }
        position.shares -= shares.toUint128();
        pool.thaw(shares);
        tranche = position.tranches;
        ++position.tranches;
        uint64 releaseAt = _now() + THAWING_PERIOD;
        op.tranches[msg.sender][tranche] = Tranche(shares.toUint128(), pool.generation, releaseAt);
        emit ThawingStarted(operator, msg.sender, tranche, shares, releaseAt);
    }

    /// @inheritdoc IOperatorStaking
    function withdraw(address operator, uint256 tranche, address to) external nonReentrant returns (uint256 amount) {
        _requireReceiver(to);
        amount = _release(operator, tranche, to);
        Currency.send(address(TOKEN), to, amount);
    }

    /// @inheritdoc IOperatorStaking
    function redelegate(
        address from,
        uint256 tranche,
        address to,
        uint256 minSharesOut
    ) external nonReentrant whenNotPaused returns (uint256 shares) {
        uint256 amount = _release(from, tranche, address(this));
        shares = _stake(to, amount, minSharesOut);
    }

    /// @inheritdoc IOperatorStaking
    function addReward(address operator, address currency, uint256 amount) external payable nonReentrant whenNotPaused {
        uint256 place = _placeOf(currency);
        _distribute(operator, currency, place, amount);
        _storage().totalOwed[currency] += amount;
        Currency.take(currency, amount);
    }

    /// @inheritdoc IOperatorStaking
    function addRewards(
        address[] calldata operators,
        address currency,
        uint256[] calldata amounts
    ) external payable nonReentrant whenNotPaused {
        if (operators.length != amounts.length) revert LengthMismatch(operators.length, amounts.length);
        uint256 place = _placeOf(currency);
        if (operators.length == 0) revert ZeroAmount();
        uint256 sum = 0;
        for (uint256 i = 0; i < operators.length; ++i) {
            _distribute(operators[i], currency, place, amounts[i]);
            sum += amounts[i];
        }
        _storage().totalOwed[currency] += sum;
        Currency.take(currency, sum);
    }

    /// @inheritdoc IOperatorStaking
    function releaseHeld(address operator, address currency) external returns (uint256 amount) {
        OperatorStakingStorage storage $ = _storage();
        Operator storage op = _operator(operator);
        amount = op.held[currency];
        if (amount == 0) revert NothingToClaim(operator, currency);
        uint256 own = op.own.active();
        if (own == 0 || own < $.minOwnStake) revert OwnStakeBelowMin(operator, own, $.minOwnStake);
        op.held[currency] = 0;
        $.claims[currency][operator] += amount << 128;
        emit HeldRewardReleased(operator, currency, amount);
    }

    /// @inheritdoc IOperatorStaking
    function claim(
        address[] calldata operators,
        address currency,
        address to
    ) external nonReentrant returns (uint256 amount) {
        _requireReceiver(to);
        OperatorStakingStorage storage $ = _storage();
        uint256 owed = $.claims[currency][msg.sender];
        for (uint256 i = 0; i < operators.length; ++i) {
            Operator storage op = _operator(operators[i]);
            uint256 earned = _unsettled(op, operators[i], msg.sender, currency);
            if (earned == 0) continue;
            owed += earned;
            op.settled[msg.sender][currency] = op.accumulated[op.positions[msg.sender].generation][currency];
        }
        amount = owed >> 128;
        if (amount == 0) revert NothingToClaim(msg.sender, currency);
        $.claims[currency][msg.sender] = owed & type(uint128).max;
        $.totalOwed[currency] -= amount;
        emit Claimed(msg.sender, currency, to, amount);
        Currency.send(currency, to, amount);
    }

    /// @inheritdoc IOperatorStaking
    function lock(address operator, uint256 amount) external restricted whenNotPaused returns (uint256 lockId) {
        Operator storage op = _operator(operator);
        if (amount == 0) revert ZeroAmount();
        uint256 own = op.own.active();
        uint256 min = _storage().minOwnStake;
        if (own < min) revert OwnStakeBelowMin(operator, own, min);
        uint256 available = _available(op);
        if (amount > available) revert InsufficientStake(operator, amount, available);
        lockId = op.locks.open(amount);
        emit Locked(operator, lockId, msg.sender, amount);
    }

    /// @inheritdoc IOperatorStaking
    function lockDisputed(
        address operator,
        uint256 amount
    ) external restricted returns (uint256 lockId, uint256 locked) {
        Operator storage op = _operator(operator);
        if (amount == 0) revert ZeroAmount();
        locked = Math.min(amount, _slashable(op) - op.locks.total);
        if (locked == 0) revert InsufficientStake(operator, amount, 0);
        lockId = op.locks.open(locked);
        emit Locked(operator, lockId, msg.sender, locked);
    }

    /// @inheritdoc IOperatorStaking
    function unlock(address operator, uint256 lockId) external restricted {
        (Operator storage op, uint256 amount) = _openLock(operator, lockId);
        op.locks.close(lockId);
        emit Unlocked(operator, lockId, amount);
    }

    /// @inheritdoc IOperatorStaking
    function slash(
        address operator,
        uint256 lockId,
        uint256 amount,
        address challenger
    ) external restricted nonReentrant {
        if (challenger == address(this)) revert InvalidAddress(challenger);
        (Operator storage op, uint256 locked) = _openLock(operator, lockId);
        if (amount == 0) revert ZeroAmount();
        if (amount > locked) revert SlashAboveLock(amount, locked);
        op.locks.close(lockId);

        uint256 fromOwn = Math.min(amount, op.own.tokens);
        if (op.own.slash(fromOwn)) emit PoolEmptied(operator, true, op.own.generation);
        if (op.delegated.slash(amount - fromOwn)) emit PoolEmptied(operator, false, op.delegated.generation);

        uint256 toChallenger = challenger == address(0) ? 0 : amount / 2;
        OperatorStakingStorage storage $ = _storage();
        $.totalStaked -= amount;
        $.totalOwed[address(TOKEN)] += toChallenger;
        $.claims[address(TOKEN)][challenger] += toChallenger << 128;
        emit Slashed(operator, lockId, challenger, fromOwn, amount - fromOwn, toChallenger, amount - toChallenger);
        TOKEN.safeTransfer(BURN_ADDRESS, amount - toChallenger);
    }

    /// @inheritdoc IOperatorStaking
    function setMinOwnStake(uint256 newMinOwnStake) external restricted {
        _setMinOwnStake(newMinOwnStake);
    }

    /// @inheritdoc IOperatorStaking
    function rescueSurplus(address currency, address to, uint256 amount) external restricted nonReentrant {
        _requireReceiver(to);
        uint256 free = surplus(currency);
        if (amount > free) revert SurplusExceeded(amount, free);
        emit SurplusRescued(currency, to, amount);
        Currency.send(currency, to, amount);
    }

    /// @inheritdoc IOperatorStaking
    function pause() external restricted {
        _pause();
    }

    /// @inheritdoc IOperatorStaking
    function unpause() external restricted {
        _unpause();
    }

    /// @inheritdoc IOperatorStaking
    function isOperator(address account) external view returns (bool) {
        return _storage().operators[account].registered;
    }

    /// @inheritdoc IOperatorStaking
    function uriOf(address operator) external view returns (string memory) {
        return _operator(operator).uri;
    }

    /// @inheritdoc IOperatorStaking
    function commissionOf(
        address operator
    ) external view returns (uint16 commissionBps, uint16 maxCommissionBps, uint16 nextBps, uint64 effectiveAt) {
        Operator storage op = _operator(operator);
        (commissionBps, maxCommissionBps) = (_commission(op), op.maxCommissionBps);
        if (op.effectiveAt > _now()) (nextBps, effectiveAt) = (op.nextCommissionBps, op.effectiveAt);
    }

    /// @inheritdoc IOperatorStaking
    function poolOf(address operator, bool own) external view returns (Pool memory) {
        Operator storage op = _operator(operator);
        return own ? op.own : op.delegated;
    }

    /// @inheritdoc IOperatorStaking
    function activeStake(address operator) external view returns (uint256 own, uint256 delegated) {
        Operator storage op = _operator(operator);
        return (op.own.active(), op.delegated.active());
    }

    /// @inheritdoc IOperatorStaking
    function slashableStake(address operator) external view returns (uint256) {
        return _slashable(_operator(operator));
    }

    /// @inheritdoc IOperatorStaking
    function lockedStake(address operator) external view returns (uint256) {
        return _operator(operator).locks.total;
    }

    /// @inheritdoc IOperatorStaking
    function availableStake(address operator) external view returns (uint256) {
        return _available(_operator(operator));
    }

    /// @inheritdoc IOperatorStaking
    function positionOf(
        address operator,
        address account
    ) external view returns (uint256 shares, uint256 worth, uint256 tranches) {
        Operator storage op = _operator(operator);
        Pool storage pool = _poolFor(op, operator, account);
        Position storage position = op.positions[account];
        if (position.generation == pool.generation) shares = position.shares;
        return (shares, pool.worth(shares), position.tranches);
    }

    /// @inheritdoc IOperatorStaking
    function trancheOf(
        address operator,
        address account,
        uint256 tranche
    ) external view returns (Tranche memory thawing, uint256 worth) {
        Operator storage op = _operator(operator);
        Pool storage pool = _poolFor(op, operator, account);
        thawing = op.tranches[account][tranche];
        if (thawing.generation == pool.generation) worth = pool.worth(thawing.shares);
    }

    /// @inheritdoc IOperatorStaking
    function lockOf(address operator, uint256 lockId) external view returns (uint256 amount, uint256 openedAt) {
        LockList.Lock storage opened = _operator(operator).locks.locks[lockId];
        return (opened.amount, opened.openedAt);
    }

    /// @inheritdoc IOperatorStaking
    function oldestLock(address operator) external view returns (uint256 lockId) {
        return _operator(operator).locks.oldest;
    }

    /// @inheritdoc IOperatorStaking
    function claimable(address currency, address account) external view returns (uint256) {
        return _storage().claims[currency][account] >> 128;
    }

    /// @inheritdoc IOperatorStaking
    function claimableX128(address currency, address account) external view returns (uint256) {
        return _storage().claims[currency][account];
    }

    /// @inheritdoc IOperatorStaking
    function unsettledX128(address operator, address account, address currency) external view returns (uint256) {
        return _unsettled(_operator(operator), operator, account, currency);
    }

    /// @inheritdoc IOperatorStaking
    function heldReward(address operator, address currency) external view returns (uint256) {
        return _operator(operator).held[currency];
    }

    /// @inheritdoc IOperatorStaking
    function rewardCurrencies() external view returns (address[] memory) {
        return _storage().rewardCurrencies;
    }

    /// @inheritdoc IOperatorStaking
    function totalOwed(address currency) external view returns (uint256) {
        return _storage().totalOwed[currency];
    }

    /// @inheritdoc IOperatorStaking
    function totalStaked() external view returns (uint256) {
        return _storage().totalStaked;
    }

    /// @inheritdoc IOperatorStaking
    function minOwnStake() external view returns (uint256) {
        return _storage().minOwnStake;
    }

    /// @inheritdoc IOperatorStaking
    function token() external view returns (IERC20) {
        return TOKEN;
    }

    /// @inheritdoc IOperatorStaking
    function surplus(address currency) public view returns (uint256) {
        OperatorStakingStorage storage $ = _storage();
        uint256 owed = $.totalOwed[currency];
        if (currency == address(TOKEN)) owed += $.totalStaked;
        return Currency.balanceOf(currency, address(this)) - owed;
    }

    /// @dev Everything of a stake but the money.
    function _stake(address operator, uint256 amount, uint256 minSharesOut) private returns (uint256 shares) {
        Operator storage op = _operator(operator);
        if (amount == 0) revert ZeroAmount();
        Pool storage pool = _poolFor(op, operator, msg.sender);
        if (pool.isExhausted()) revert PoolExhausted(operator, msg.sender == operator);
        Position storage position = _sync(op, pool, operator, msg.sender);
        shares = pool.deposit(amount);
        if (shares < minSharesOut) revert SharesBelowMin(shares, minSharesOut);
        position.shares += shares.toUint128();
        _storage().totalStaked += amount;
        emit Staked(operator, msg.sender, amount, shares);
    }

    /// @dev Everything of a withdrawal but the money.
    function _release(address operator, uint256 tranche, address to) private returns (uint256 amount) {
        Operator storage op = _operator(operator);
        Tranche memory thawed = op.tranches[msg.sender][tranche];
        if (thawed.shares == 0) revert NoSuchTranche(operator, msg.sender, tranche);
        if (_now() < thawed.releaseAt) revert StillThawing(thawed.releaseAt);
        uint256 oldest = op.locks.oldest;
        if (oldest != 0 && op.locks.locks[oldest].openedAt < thawed.releaseAt) revert HeldByLock(operator, oldest);

        delete op.tranches[msg.sender][tranche];
        Pool storage pool = _poolFor(op, operator, msg.sender);
        if (thawed.generation == pool.generation) {
            amount = pool.redeem(thawed.shares);
            uint256 remaining = _slashable(op);
            if (remaining < op.locks.total) revert StakeLocked(operator, remaining, op.locks.total);
            _storage().totalStaked -= amount;
        }
        emit Withdrawn(operator, msg.sender, tranche, thawed.shares, amount, to);
    }

    /// @dev Settles a position in all currencies and brings it to its pool's generation, before its shares change.
    function _sync(
        Operator storage op,
        Pool storage pool,
        address operator,
        address account
    ) private returns (Position storage position) {
        OperatorStakingStorage storage $ = _storage();
        position = op.positions[account];
        uint64 generation = pool.generation;
        if (account != operator) {
            uint256 mask = op.currencies;
            for (uint256 i = 0; mask >> i != 0; ++i) {
                if ((mask >> i) & 1 == 0) continue;
                address currency = $.rewardCurrencies[i];
                uint256 earned = _unsettled(op, operator, account, currency);
                if (earned != 0) $.claims[currency][account] += earned;
                op.settled[account][currency] = op.accumulated[generation][currency];
            }
        }
        if (position.generation != generation) {
            position.shares = 0;
            position.generation = generation;
        }
    }

    /// @dev Shares a reward out: own stake and commission to the operator, the rest to the delegators; held back if
    /// nobody is staked. What the accumulator's rounding drops is the operator's, so that nothing is lost.
    function _distribute(address operator, address currency, uint256 place, uint256 amount) private {
        Operator storage op = _operator(operator);
        if (amount == 0) revert ZeroAmount();
        if (amount > MAX_REWARD) revert AmountTooLarge(amount, MAX_REWARD);
        Pool memory delegated = op.delegated;
        uint256 toOperator = 0;
        uint256 toDelegators = 0;
        uint256 own = op.own.active();
        uint256 total = own + delegated.active();
        if (total == 0) {
            op.held[currency] += amount;
        } else {
            toOperator = Math.mulDiv(amount, own, total);
            toOperator += ((amount - toOperator) * _commission(op)) / BPS;
            toDelegators = amount - toOperator;
            uint256 credit = toOperator << 128;
            if (toDelegators != 0) {
                uint256 shares = delegated.shares - delegated.thawing;
                op.accumulated[delegated.generation][currency] += (toDelegators << 128) / shares;
                credit += (toDelegators << 128) % shares;
                op.currencies |= uint16(1 << (place - 1));
            }
            _storage().claims[currency][operator] += credit;
        }
        emit RewardAdded(
            operator,
            currency,
            msg.sender,
            amount,
            toOperator,
            toDelegators,
            total == 0 ? amount : 0,
            delegated.generation
        );
    }

    /// @dev Place of a currency in rewardCurrencies counted from 1, where it is put if it is new.
    function _placeOf(address currency) private returns (uint256 place) {
        OperatorStakingStorage storage $ = _storage();
        place = $.currencyPlace[currency];
        if (place != 0) return place;
        if (!ROUTER.isCurrencyAccepted(currency)) revert CurrencyNotAccepted(currency);
        uint256 count = $.rewardCurrencies.length;
        if (count == MAX_CURRENCIES) revert TooManyCurrencies(MAX_CURRENCIES);
        $.rewardCurrencies.push(currency);
        place = count + 1;
        $.currencyPlace[currency] = place;
        emit RewardCurrencyAdded(currency, count);
    }

    function _setMinOwnStake(uint256 newMinOwnStake) private {
        _storage().minOwnStake = newMinOwnStake;
        emit MinOwnStakeSet(newMinOwnStake);
    }

    function _operator(address operator) private view returns (Operator storage op) {
        op = _storage().operators[operator];
        if (!op.registered) revert NotOperator(operator);
    }

    function _openLock(address operator, uint256 lockId) private view returns (Operator storage op, uint256 amount) {
        op = _operator(operator);
        amount = op.locks.locks[lockId].amount;
        if (amount == 0) revert NoSuchLock(operator, lockId);
    }

    function _commission(Operator storage op) private view returns (uint16) {
        uint64 effectiveAt = op.effectiveAt;
        return effectiveAt != 0 && _now() >= effectiveAt ? op.nextCommissionBps : op.commissionBps;
    }

    /// @dev What a delegation earned since it was settled, in 2^-128 units. Own stake earns without an accumulator.
    function _unsettled(
        Operator storage op,
        address operator,
        address account,
        address currency
    ) private view returns (uint256) {
        Position storage position = op.positions[account];
        uint256 shares = position.shares;
        if (account == operator || shares == 0) return 0;
        return shares * (op.accumulated[position.generation][currency] - op.settled[account][currency]);
    }

    function _slashable(Operator storage op) private view returns (uint256) {
        return uint256(op.own.tokens) + op.delegated.tokens;
    }

    function _available(Operator storage op) private view returns (uint256) {
        return Math.saturatingSub(op.own.active() + op.delegated.active(), op.locks.total);
    }

    function _now() private view returns (uint64) {
        return Time.timestamp();
    }

    function _poolFor(Operator storage op, address operator, address account) private view returns (Pool storage) {
        return account == operator ? op.own : op.delegated;
    }

    function _requireReceiver(address to) private view {
        if (to == address(0) || to == address(this)) revert InvalidAddress(to);
    }

    function _storage() private pure returns (OperatorStakingStorage storage $) {
        // solhint-disable-next-line no-inline-assembly
        assembly {
            $.slot := STORAGE_LOCATION
        }
    }
}
