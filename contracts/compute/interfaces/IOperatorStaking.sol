// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
/// @title Stake of those who serve: own stake, delegations, rewards in several currencies, slashing, locks for jobs
/// @notice An operator is an account. What it stakes on itself is its own stake, the first to be slashed; what others
/// stake on it is delegated and shares its rewards. Stake is CP in wei; rewards are in the smallest unit of their
/// currency, where the zero address means the chain's native coin. Shares are of one pool of one operator; a share is
/// never worth more than one wei. Rates are basis points of 10,000, times unix seconds.
interface IOperatorStaking {
    /// @notice One of an operator's two pools.
    /// @param tokens CP in wei, active and thawing.
    /// @param shares All shares, thawing ones included.
    /// @param thawing Shares that thaw: slashable, without rewards.
    /// @param generation Raised when a slash takes everything; shares of earlier generations are worth nothing.
    struct Pool {
        uint128 tokens;
        uint128 shares;
        uint128 thawing;
        uint64 generation;
    }

    /// @notice Shares on their way out.
    /// @param shares Of the pool's generation `generation`.
    /// @param generation Of the pool, when it was opened.
    /// @param releaseAt When they have thawed.
    struct Tranche {
        uint128 shares;
        uint64 generation;
        uint64 releaseAt;
    }

    /// @notice An account became an operator.
    /// @param operator The operator.
    /// @param uri Description: hardware, region, endpoint, models.
    /// @param commissionBps Basis points of 10,000.
    /// @param maxCommissionBps Its ceiling for ever, in basis points of 10,000.
    event OperatorRegistered(address indexed operator, string uri, uint16 commissionBps, uint16 maxCommissionBps);

    /// @notice An operator's description changed.
    /// @param operator The operator.
    /// @param uri Description: hardware, region, endpoint, models.
    event OperatorURISet(address indexed operator, string uri);

    /// @notice An operator's commission is `commissionBps` from `effectiveAt` on. Replaces a rise announced before.
    /// @param operator The operator.
    /// @param commissionBps Basis points of 10,000.
    /// @param effectiveAt Unix seconds.
    event CommissionSet(address indexed operator, uint16 commissionBps, uint64 effectiveAt);

    /// @notice Stake came in. Own stake if `account` is the operator.
    /// @param operator The operator.
    /// @param account The account.
    /// @param amount Wei of CP.
    /// @param shares Shares of the pool.
    event Staked(address indexed operator, address indexed account, uint256 amount, uint256 shares);

    /// @notice Shares began to thaw.
    /// @param operator The operator.
    /// @param account The account.
    /// @param tranche The tranche's number, counted for each operator and account from 0.
    /// @param shares Shares of the pool.
    /// @param releaseAt When it has thawed, unix seconds.
    event ThawingStarted(
        address indexed operator,
        address indexed account,
        uint256 indexed tranche,
        uint256 shares,
        uint256 releaseAt
    );

    /// @notice A tranche left its pool: to `to`, or, if that is this contract, to the stake that `Staked` tells next.
    /// `amount` is 0 if slashes took it all.
    /// @param operator The operator.
    /// @param account The account.
    /// @param tranche The tranche's number, counted for each operator and account from 0.
    /// @param shares Shares of the pool.
    /// @param amount Wei of CP.
    /// @param to Where it goes.
    event Withdrawn(
        address indexed operator,
        address indexed account,
        uint256 indexed tranche,
        uint256 shares,
        uint256 amount,
        address to
    );

    /// @notice A reward came in. `amount` = `toOperator` + `toDelegators` + `held`; the accumulator of the delegated
    /// pool's generation `generation` rose by ⌊toDelegators · 2^128 / active delegated shares⌋.
    /// @param operator The operator.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param payer Who paid.
    /// @param amount Units of the currency.
    /// @param toOperator For its own stake, and its commission.
    /// @param toDelegators Units for delegators.
    /// @param held For the operator, once it has stake again: nobody was staked.
    /// @param generation Of the delegated pool.
    event RewardAdded(
        address indexed operator,
        address indexed currency,
        address indexed payer,
        uint256 amount,
        uint256 toOperator,
        uint256 toDelegators,
        uint256 held,
        uint64 generation
    );

    /// @notice A reward that was held back became claimable for its operator.
    /// @param operator The operator.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param amount Units of the currency.
    event HeldRewardReleased(address indexed operator, address indexed currency, uint256 amount);

    /// @notice Somebody took out what they are owed.
    /// @param account The account.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param to Where it goes.
    /// @param amount Units of the currency.
    event Claimed(address indexed account, address indexed currency, address to, uint256 amount);

    /// @notice A part of the operator's stake was locked.
    /// @param operator The operator.
    /// @param lockId The lock's number, counted for each operator from 1.
    /// @param by Who locked it.
    /// @param amount Wei of CP.
    event Locked(address indexed operator, uint256 indexed lockId, address indexed by, uint256 amount);

    /// @notice A lock ended.
    /// @param operator The operator.
    /// @param lockId The lock's number, counted for each operator from 1.
    /// @param amount Wei of CP.
    event Unlocked(address indexed operator, uint256 indexed lockId, uint256 amount);

    /// @notice Stake was taken: `fromOwn` + `fromDelegated` = `toChallenger` + `burnt`. The lock ended.
    /// @param operator The operator.
    /// @param lockId The lock's number, counted for each operator from 1.
    /// @param challenger Who gets half; zero for nobody.
    /// @param fromOwn Wei from own stake.
    /// @param fromDelegated Wei from delegations.
    /// @param toChallenger Wei for the challenger.
    /// @param burnt Wei burnt.
    event Slashed(
        address indexed operator,
        uint256 indexed lockId,
        address indexed challenger,
        uint256 fromOwn,
        uint256 fromDelegated,
        uint256 toChallenger,
        uint256 burnt
    );

    /// @notice A slash took all there was in a pool: everybody's shares in it are gone.
    /// @param operator The operator.
    /// @param own Whether the pool of own stake; else that of delegations.
    /// @param generation The pool's generation from now on.
    event PoolEmptied(address indexed operator, bool own, uint64 generation);

    /// @notice A currency was used for a reward for the first time; `index` is its place in `rewardCurrencies`.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param index Place in `rewardCurrencies`, from 0.
    event RewardCurrencyAdded(address indexed currency, uint256 index);

    /// @notice The own stake that an operator needs to take locks was set, in wei of CP.
    /// @param minOwnStake Wei of CP.
    event MinOwnStakeSet(uint256 minOwnStake);

    /// @notice Units that nobody is owed were sent away.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param to Where it goes.
    /// @param amount Units of the currency.
    event SurplusRescued(address indexed currency, address indexed to, uint256 amount);

    /// @notice The account is not an operator.
    /// @param account The account.
    error NotOperator(address account);

    /// @notice The account is an operator already.
    /// @param account The account.
    error AlreadyOperator(address account);

    /// @notice Commission above what is allowed: 10,000, or the operator's own ceiling.
    /// @param commissionBps Basis points of 10,000.
    /// @param maxBps The most it may be.
    error CommissionTooHigh(uint256 commissionBps, uint256 maxBps);

    /// @notice An amount or a number of shares that can't be 0.
    error ZeroAmount();

    /// @notice Fewer shares than the caller agreed to: stake was slashed, or came, in front of them.
    /// @param shares Shares of the pool.
    /// @param minSharesOut Fewest shares the caller agrees to.
    error SharesBelowMin(uint256 shares, uint256 minSharesOut);

    /// @notice The account has fewer active shares than that.
    /// @param operator The operator.
    /// @param account The account.
    /// @param asked How many were asked for.
    /// @param active How many it has.
    error InsufficientShares(address operator, address account, uint256 asked, uint256 active);

    /// @notice Slashes left so little in this pool that it takes no more stake; it can be left.
    /// @param operator The operator.
    /// @param own Whether the pool of own stake; else that of delegations.
    error PoolExhausted(address operator, bool own);

    /// @notice There is no such tranche: never opened, or withdrawn.
    /// @param operator The operator.
    /// @param account The account.
    /// @param tranche The tranche's number, counted for each operator and account from 0.
    error NoSuchTranche(address operator, address account, uint256 tranche);

    /// @notice The tranche is still thawing.
    /// @param releaseAt When it has thawed, unix seconds.
    error StillThawing(uint256 releaseAt);

    /// @notice A job from before the tranche had thawed can still be disputed.
    /// @param operator The operator.
    /// @param lockId The lock's number, counted for each operator from 1.
    error HeldByLock(address operator, uint256 lockId);

    /// @notice Leaving would leave less than what is locked.
    /// @param operator The operator.
    /// @param remaining Wei that would be left.
    /// @param locked Wei of CP that are locked.
    error StakeLocked(address operator, uint256 remaining, uint256 locked);

    /// @notice The operator has less active stake that is not locked.
    /// @param operator The operator.
    /// @param asked Wei asked for.
    /// @param available Wei that are not locked.
    error InsufficientStake(address operator, uint256 asked, uint256 available);

    /// @notice The operator has less active own stake than it needs to take locks.
    /// @param operator The operator.
    /// @param ownStake Wei it has.
    /// @param minOwnStake Wei of CP.
    error OwnStakeBelowMin(address operator, uint256 ownStake, uint256 minOwnStake);

    /// @notice There is no such lock: never opened, or ended.
    /// @param operator The operator.
    /// @param lockId The lock's number, counted for each operator from 1.
    error NoSuchLock(address operator, uint256 lockId);

    /// @notice A slash can't exceed the lock it is taken from.
    /// @param asked Wei asked for.
    /// @param locked Wei of CP that are locked.
    error SlashAboveLock(uint256 asked, uint256 locked);

    /// @notice The currency is not one that PaymentRouter accepts.
    /// @param currency Token address, or the zero address for the native coin.
    error CurrencyNotAccepted(address currency);

    /// @notice No more currencies than this can ever be used for rewards.
    /// @param max The most there can be.
    error TooManyCurrencies(uint256 max);

    /// @notice A single reward, or all that is owed in a currency, would be above the limit.
    /// @param amount Units it would be.
    /// @param max The most it can be.
    error AmountTooLarge(uint256 amount, uint256 max);

    /// @notice Not the same number of operators and amounts.
    /// @param operators How many operators.
    /// @param amounts How many amounts.
    error LengthMismatch(uint256 operators, uint256 amounts);

    /// @notice A receiver can't be this address.
    /// @param account The address given.
    error InvalidAddress(address account);

    /// @notice There is nothing to take out.
    /// @param account The account.
    /// @param currency Token address, or the zero address for the native coin.
    error NothingToClaim(address account, address currency);

    /// @notice More was asked for than nobody is owed.
    /// @param asked Units asked for.
    /// @param surplus Units that nobody is owed.
    error SurplusExceeded(uint256 asked, uint256 surplus);

    // solhint-disable ordering

    /// @notice How long stake thaws: 14 days, in seconds.
    /// @return Seconds.
    function THAWING_PERIOD() external view returns (uint64);

    /// @notice How long a rise of commission waits: 7 days, in seconds.
    /// @return Seconds.
    function COMMISSION_DELAY() external view returns (uint64);

    /// @notice Most currencies that rewards can come in, ever.
    /// @return The number of currencies.
    function MAX_CURRENCIES() external view returns (uint256);

    /// @notice Where burnt stake goes: CP has no burn function.
    /// @return The address.
    function BURN_ADDRESS() external view returns (address);

    /// @notice Makes the caller an operator, for good.
    /// @param uri Its description: hardware, region, endpoint, models.
    /// @param commissionBps Its part of what delegated stake earns.
    /// @param maxCommissionBps What commission can never exceed.
    function register(string calldata uri, uint16 commissionBps, uint16 maxCommissionBps) external;

    /// @notice Changes the caller's description.
    /// @param uri Description: hardware, region, endpoint, models.
    function setURI(string calldata uri) external;

    /// @notice Changes the caller's commission: a cut at once, a rise after `COMMISSION_DELAY`. Either ends a rise
    /// that was announced before and is not in force.
    /// @param commissionBps Basis points of 10,000.
    function setCommission(uint16 commissionBps) external;

    /// @notice Stakes CP on an operator; own stake if that is the caller. The caller has approved this contract.
    /// @param operator The operator.
    /// @param amount Wei of CP.
    /// @param minSharesOut Fewest shares the caller agrees to.
    /// @return shares At least `amount`.
    function stake(address operator, uint256 amount, uint256 minSharesOut) external returns (uint256 shares);

    /// @notice Begins to thaw shares of the caller. They earn nothing from now on and stay slashable. Never paused.
    /// @param operator The operator.
    /// @param shares Shares of the pool.
    /// @return tranche Its number, counted for each operator and account from 0.
    function unstake(address operator, uint256 shares) external returns (uint256 tranche);

    /// @notice Takes out a tranche of the caller that has thawed, once no job from before can be disputed. Never paused.
    /// @param operator The operator.
    /// @param tranche The tranche's number, counted for each operator and account from 0.
    /// @param to Where the CP goes.
    /// @return amount Wei of CP; 0 if slashes took it all.
    function withdraw(address operator, uint256 tranche, address to) external returns (uint256 amount);

    /// @notice Stakes a tranche of the caller on another operator. It must be fit to be withdrawn: there is no way from
    /// one operator to another that is shorter than the way out.
    /// @param from The operator it is with.
    /// @param tranche The tranche's number, counted for each operator and account from 0.
    /// @param to The operator it goes to.
    /// @param minSharesOut Fewest shares the caller agrees to.
    /// @return shares Of the pool of `to`.
    function redelegate(
        address from,
        uint256 tranche,
        address to,
        uint256 minSharesOut
    ) external returns (uint256 shares);

    /// @notice Pays a reward to an operator and its delegators. Pulls a token from the caller, who has approved this
    /// contract; native coin comes with the call and must be exactly `amount`. Open to everybody: it only gives.
    /// Reverts for an account that is not an operator, for a currency that PaymentRouter does not accept (unless it
    /// was used here before), for an amount of 0 and while paused: a caller that must not fail asks `isOperator`, and
    /// credits the operator itself if this reverts.
    /// @param operator The operator.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param amount Units of the currency.
    function addReward(address operator, address currency, uint256 amount) external payable;

    /// @notice As `addReward` for several operators, with one pull of the sum. Operators may repeat.
    /// @param operators The operators.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param amounts Units for each of them.
    function addRewards(address[] calldata operators, address currency, uint256[] calldata amounts) external payable;

    /// @notice Makes rewards that came while nobody was staked claimable for the operator, which must have active own
    /// stake of at least `minOwnStake`, and not 0. Anyone may call it.
    /// @param operator The operator.
    /// @param currency Token address, or the zero address for the native coin.
    /// @return amount Units released.
    function releaseHeld(address operator, address currency) external returns (uint256 amount);

    /// @notice Settles the caller's delegations to `operators` in one currency and takes out all it is owed in it,
    /// whole units. Own rewards, commission and challengers' parts need no operator named. Never paused.
    /// @param operators The operators.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param to Where it goes.
    /// @return amount Units sent.
    function claim(address[] calldata operators, address currency, address to) external returns (uint256 amount);

    /// @notice Locks active stake for a job to come. Restricted.
    /// @param operator The operator.
    /// @param amount Wei of CP, at most `availableStake`.
    /// @return lockId Counted for each operator from 1.
    function lock(address operator, uint256 amount) external returns (uint256 lockId);

    /// @notice Locks what there is, thawing stake included and up to `amount`, for a dispute about work already done.
    /// Restricted. Not paused.
    /// @param operator The operator.
    /// @param amount Wei of CP.
    /// @return lockId Counted for each operator from 1.
    /// @return locked Wei of CP.
    function lockDisputed(address operator, uint256 amount) external returns (uint256 lockId, uint256 locked);

    /// @notice Ends a lock: its job can't be disputed any more. Restricted. Never paused.
    /// @param operator The operator.
    /// @param lockId The lock's number, counted for each operator from 1.
    function unlock(address operator, uint256 lockId) external;

    /// @notice Takes up to a lock's amount from the operator's own stake, then from its delegations, and ends the lock.
    /// Half goes to the challenger as a claim in CP, half is burnt. Restricted. Never paused.
    /// @param operator The operator.
    /// @param lockId The lock's number, counted for each operator from 1.
    /// @param amount Wei of CP, at most the lock's.
    /// @param challenger Zero for nobody: then all is burnt.
    function slash(address operator, uint256 lockId, uint256 amount, address challenger) external;

    /// @notice Whether an account is an operator.
    /// @param account The account.
    /// @return Whether it is.
    function isOperator(address account) external view returns (bool);

    /// @notice An operator's description.
    /// @param operator The operator.
    /// @return The description.
    function uriOf(address operator) external view returns (string memory);

    /// @notice An operator's commission now, its ceiling, and the rise announced (`effectiveAt` 0 if there is none).
    /// @param operator The operator.
    /// @return commissionBps Commission now, in basis points of 10,000.
    /// @return maxCommissionBps Its ceiling.
    /// @return nextBps What it will be after a rise.
    /// @return effectiveAt When the rise is in force, unix seconds.
    function commissionOf(
        address operator
    ) external view returns (uint16 commissionBps, uint16 maxCommissionBps, uint16 nextBps, uint64 effectiveAt);

    /// @notice The pool of own stake, or of delegations.
    /// @param operator The operator.
    /// @param own Whether the pool of own stake; else that of delegations.
    /// @return The pool.
    function poolOf(address operator, bool own) external view returns (Pool memory);

    /// @notice Active stake in wei of CP: it earns, and backs new jobs.
    /// @param operator The operator.
    /// @return own Own stake, in wei.
    /// @return delegated Delegations, in wei.
    function activeStake(address operator) external view returns (uint256 own, uint256 delegated);

    /// @notice All that a slash can reach, thawing stake included, in wei of CP.
    /// @param operator The operator.
    /// @return Wei.
    function slashableStake(address operator) external view returns (uint256);

    /// @notice Sum of the open locks, in wei of CP.
    /// @param operator The operator.
    /// @return Wei.
    function lockedStake(address operator) external view returns (uint256);

    /// @notice Active stake that is not locked, in wei of CP.
    /// @param operator The operator.
    /// @return Wei.
    function availableStake(address operator) external view returns (uint256);

    /// @notice An account's active shares and their worth in wei of CP, and how many tranches it ever opened.
    /// @param operator The operator.
    /// @param account The account.
    /// @return shares Active shares.
    /// @return worth Their worth, in wei of CP.
    /// @return tranches How many tranches it ever opened.
    function positionOf(
        address operator,
        address account
    ) external view returns (uint256 shares, uint256 worth, uint256 tranches);

    /// @notice A tranche (all 0 if there is none) and its worth in wei of CP.
    /// @param operator The operator.
    /// @param account The account.
    /// @param tranche The tranche's number, counted for each operator and account from 0.
    /// @return The tranche.
    /// @return worth Its worth, in wei of CP.
    function trancheOf(
        address operator,
        address account,
        uint256 tranche
    ) external view returns (Tranche memory, uint256 worth);

    /// @notice A lock's amount in wei of CP and when it was opened; 0 and 0 if it is not open.
    /// @param operator The operator.
    /// @param lockId The lock's number, counted for each operator from 1.
    /// @return amount Wei of CP.
    /// @return openedAt Unix seconds.
    function lockOf(address operator, uint256 lockId) external view returns (uint256 amount, uint256 openedAt);

    /// @notice The open lock that was opened first, 0 for none.
    /// @param operator The operator.
    /// @return lockId Its number.
    function oldestLock(address operator) external view returns (uint256 lockId);

    /// @notice Whole units that `claim` would pay without naming an operator.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param account The account.
    /// @return Units.
    function claimable(address currency, address account) external view returns (uint256);

    /// @notice What an account is owed and was settled, in 2^-128 units.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param account The account.
    /// @return Units × 2^128.
    function claimableX128(address currency, address account) external view returns (uint256);

    /// @notice What a delegation earned and was not settled yet, in 2^-128 units.
    /// @param operator The operator.
    /// @param account The account.
    /// @param currency Token address, or the zero address for the native coin.
    /// @return Units × 2^128.
    function unsettledX128(address operator, address account, address currency) external view returns (uint256);

    /// @notice Units held for an operator until it has stake again.
    /// @param operator The operator.
    /// @param currency Token address, or the zero address for the native coin.
    /// @return Units.
    function heldReward(address operator, address currency) external view returns (uint256);

    /// @notice Currencies that rewards came in so far.
    /// @return Their addresses, in order of their first use.
    function rewardCurrencies() external view returns (address[] memory);

    /// @notice All rewards and challengers' parts owed in a currency, in its units.
    /// @param currency Token address, or the zero address for the native coin.
    /// @return Units.
    function totalOwed(address currency) external view returns (uint256);

    /// @notice All stake, in wei of CP.
    /// @return Wei.
    function totalStaked() external view returns (uint256);

    /// @notice Units here that nobody is owed: sent outside the functions.
    /// @param currency Token address, or the zero address for the native coin.
    /// @return Units.
    function surplus(address currency) external view returns (uint256);

    /// @notice Active own stake that an operator needs to take locks, in wei of CP.
    /// @return Wei.
    function minOwnStake() external view returns (uint256);

    /// @notice The token that is staked: CP.
    /// @return Its address.
    function token() external view returns (IERC20);

    /// @notice Sets the own stake that an operator needs to take locks, in wei of CP. Restricted, delayed.
    /// @param minOwnStake Wei of CP.
    function setMinOwnStake(uint256 minOwnStake) external;

    /// @notice Sends away units that nobody is owed. Restricted, delayed.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param to Where it goes.
    /// @param amount Units of the currency.
    function rescueSurplus(address currency, address to, uint256 amount) external;

    /// @notice Stops new stake, rewards and locks for new jobs. Restricted, immediate. Leaving and claiming go on.
    function pause() external;

    /// @notice Undoes `pause`. Restricted.
    function unpause() external;
}
