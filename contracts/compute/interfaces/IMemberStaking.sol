// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title Stake of users: CP for a tier, which gives a discount and a priority
/// @notice Amounts are CP in wei, discounts basis points of 10,000, times unix seconds. Stake that cools down gives no
/// tier. This contract holds exactly what it owes: all stake, cooling or not. Nothing here is ever slashed.
interface IMemberStaking {
    /// @notice What a stake gives.
    /// @param minStake From this many wei on.
    /// @param discountBps Off the price, in basis points.
    /// @param priority Higher is served first.
    struct Tier {
        uint128 minStake;
        uint16 discountBps;
        uint16 priority;
    }

    /// @notice An account's stake.
    /// @param staked Wei that count for the tier.
    /// @param cooling Wei on their way out.
    /// @param releaseAt When all that cools may leave.
    struct Membership {
        uint96 staked;
        uint96 cooling;
        uint64 releaseAt;
    }

    /// @notice Stake came in, from `payer`.
    /// @param account The account.
    /// @param payer Who paid.
    /// @param amount Wei of CP.
    event Staked(address indexed account, address indexed payer, uint256 amount);

    /// @notice Stake began to cool down; all that cools may leave at `releaseAt`.
    /// @param account The account.
    /// @param amount Wei of CP.
    /// @param releaseAt Unix seconds.
    event CoolingStarted(address indexed account, uint256 amount, uint256 releaseAt);

    /// @notice Cooling stake counts again.
    /// @param account The account.
    /// @param amount Wei of CP.
    event CoolingCanceled(address indexed account, uint256 amount);

    /// @notice Stake that had cooled down left.
    /// @param account The account.
    /// @param to Where it goes.
    /// @param amount Wei of CP.
    event Withdrawn(address indexed account, address indexed to, uint256 amount);

    /// @notice The tiers were set: tier n is `tiers[n - 1]`.
    /// @param tiers The tiers, lowest first.
    event TiersSet(Tier[] tiers);

    /// @notice The cooldown of stake that leaves from now on was set, in seconds.
    /// @param cooldown Seconds.
    event CooldownSet(uint64 cooldown);

    /// @notice Wei of CP that nobody is owed were sent away.
    /// @param to Where it goes.
    /// @param amount Wei of CP.
    event SurplusRescued(address indexed to, uint256 amount);

    /// @notice An amount that can't be 0.
    error ZeroAmount();

    /// @notice The account has less stake than that, or less of it cools.
    /// @param account The account.
    /// @param asked Wei asked for.
    /// @param available Wei there are.
    error InsufficientStake(address account, uint256 asked, uint256 available);

    /// @notice Nothing of the account cools.
    /// @param account The account.
    error NothingCooling(address account);

    /// @notice The stake still cools.
    /// @param releaseAt Unix seconds.
    error StillCooling(uint256 releaseAt);

    /// @notice A cooldown can't be longer than this.
    /// @param cooldown Seconds.
    /// @param max The longest there can be, in seconds.
    error CooldownTooLong(uint256 cooldown, uint256 max);

    /// @notice More tiers than this can't be.
    /// @param tiers How many were given.
    /// @param max The most there can be.
    error TooManyTiers(uint256 tiers, uint256 max);

    /// @notice Tier `index` (from 0) needs no more stake than the one before, gives less, or discounts above 10,000.
    /// @param index Place of the tier, from 0.
    error InvalidTier(uint256 index);

    /// @notice Fewer units arrived than were taken.
    /// @param received Wei that came.
    /// @param expected Wei that were to come.
    error ReceivedLess(uint256 received, uint256 expected);

    /// @notice A receiver can't be this address.
    /// @param account The address given.
    error InvalidAddress(address account);

    /// @notice More was asked for than nobody is owed.
    /// @param asked Wei asked for.
    /// @param surplus Wei that nobody is owed.
    error SurplusExceeded(uint256 asked, uint256 surplus);

    // solhint-disable ordering

    /// @notice Longest cooldown that can be set, in seconds: 90 days.
    /// @return Seconds.
    function MAX_COOLDOWN() external view returns (uint64);

    /// @notice Most tiers there can be.
    /// @return The number of tiers.
    function MAX_TIERS() external view returns (uint256);

    /// @notice Stakes the caller's CP for an account. The caller has approved this contract.
    /// @param account The account.
    /// @param amount Wei of CP.
    function stakeFor(address account, uint256 amount) external;

    /// @notice Lets stake of the caller cool down; it gives no tier from now on. Begins the cooldown of all that cools
    /// anew. Never paused.
    /// @param amount Wei of CP.
    function unstake(uint256 amount) external;

    /// @notice Makes cooling stake of the caller count again.
    /// @param amount Wei of CP.
    function cancelUnstake(uint256 amount) external;

    /// @notice Takes out all stake of the caller that has cooled down. Never paused.
    /// @param to Where it goes.
    /// @return amount Wei of CP.
    function withdraw(address to) external returns (uint256 amount);

    /// @notice The tier of an account: its number counted from 1 (0 and no benefits for none), discount in basis points,
    /// priority.
    /// @param account The account.
    /// @return tier Number of the tier, from 1; 0 for none.
    /// @return discountBps Basis points of 10,000.
    /// @return priority Higher is served first.
    function tierOf(address account) external view returns (uint256 tier, uint16 discountBps, uint16 priority);

    /// @notice An account's stake.
    /// @param account The account.
    /// @return The stake.
    function membershipOf(address account) external view returns (Membership memory);

    /// @notice All tiers, lowest first.
    /// @return The tiers.
    function tiers() external view returns (Tier[] memory);

    /// @notice Cooldown of stake that leaves now, in seconds.
    /// @return Seconds.
    function cooldown() external view returns (uint64);

    /// @notice All stake, cooling or not, in wei of CP: what this contract must hold.
    /// @return Wei.
    function totalStaked() external view returns (uint256);

    /// @notice The token that is staked: CP.
    /// @return Its address.
    function token() external view returns (IERC20);

    /// @notice Sets all tiers, lowest first; each must need more stake than the one before and give no less. Counts for
    /// every member at once. Restricted, delayed.
    /// @param tiers The tiers, lowest first.
    function setTiers(Tier[] calldata tiers) external;

    /// @notice Sets the cooldown, in seconds, of stake that leaves from now on. Restricted, delayed.
    /// @param cooldown Seconds.
    function setCooldown(uint64 cooldown) external;

    /// @notice Sends away CP that nobody is owed. Restricted, delayed.
    /// @param to Where it goes.
    /// @param amount Wei of CP.
    function rescueSurplus(address to, uint256 amount) external;

    /// @notice Stops new stake. Restricted, immediate. Leaving goes on.
    function pause() external;

    /// @notice Undoes `pause`. Restricted.
    function unpause() external;
}
