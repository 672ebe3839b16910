// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PausableUpgradeable} from "@openzeppelin/contracts-upgradeable/utils/PausableUpgradeable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

import {ClusterUpgradeable} from "../access/ClusterUpgradeable.sol";
import {IMemberStaking} from "./interfaces/IMemberStaking.sol";

/// @title MemberStaking
/// @notice CP for a tier. See {IMemberStaking}.
contract MemberStaking is IMemberStaking, ClusterUpgradeable, PausableUpgradeable, ReentrancyGuardTransient {
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    /// @custom:storage-location erc7201:cluster.storage.MemberStaking
    struct MemberStakingStorage {
        uint64 cooldown;
        uint128 totalStaked;
        Tier[] tiers;
        mapping(address account => Membership) memberships;
    }

    // keccak256(abi.encode(uint256(keccak256("cluster.storage.MemberStaking")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE_LOCATION = 0xd6559de4d98f6756e5652d63c567ef54ac6a631505e9751dc2111a0c104a9700;

    uint256 private constant BPS = 10_000;

    /// @inheritdoc IMemberStaking
    uint64 public constant MAX_COOLDOWN = 90 days;
    /// @inheritdoc IMemberStaking
    uint256 public constant MAX_TIERS = 16;

    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IERC20 private immutable TOKEN;

    /// @param clusterToken Proxy of CP.
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IERC20 clusterToken) {
        TOKEN = clusterToken;
    }

    /// @notice Sets authority, cooldown and tiers.
    /// @param authority The AccessManager.
    /// @param initialCooldown Seconds.
    /// @param initialTiers Lowest first.
    function initialize(address authority, uint64 initialCooldown, Tier[] calldata initialTiers) external initializer {
        __AccessManaged_init(authority);
        __Pausable_init();
        _setCooldown(initialCooldown);
        _setTiers(initialTiers);
    }

    /// @inheritdoc IMemberStaking
    function stakeFor(address account, uint256 amount) external nonReentrant whenNotPaused {
        if (account == address(0)) revert InvalidAddress(account);
        if (amount == 0) revert ZeroAmount();
        MemberStakingStorage storage $ = _storage();
        $.memberships[account].staked += amount.toUint96();
        $.totalStaked += amount.toUint128();
        emit Staked(account, msg.sender, amount);
        uint256 before = TOKEN.balanceOf(address(this));
        TOKEN.safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = TOKEN.balanceOf(address(this)) - before;
        if (received < amount) revert ReceivedLess(received, amount);
    }

    /// @inheritdoc IMemberStaking
    function unstake(uint256 amount) external {
        MemberStakingStorage storage $ = _storage();
        Membership storage member = $.memberships[msg.sender];
        if (amount == 0) revert ZeroAmount();
        if (amount > member.staked) revert InsufficientStake(msg.sender, amount, member.staked);
        member.staked -= amount.toUint96();
        member.cooling += amount.toUint96();
        member.releaseAt = Time.timestamp() + $.cooldown;
        emit CoolingStarted(msg.sender, amount, member.releaseAt);
    }

    /// @inheritdoc IMemberStaking
    function cancelUnstake(uint256 amount) external {
        Membership storage member = _storage().memberships[msg.sender];
        if (amount == 0) revert ZeroAmount();
        if (amount > member.cooling) revert InsufficientStake(msg.sender, amount, member.cooling);
        member.cooling -= amount.toUint96();
        member.staked += amount.toUint96();
        emit CoolingCanceled(msg.sender, amount);
    }

    /// @inheritdoc IMemberStaking
    function withdraw(address to) external nonReentrant returns (uint256 amount) {
        _requireReceiver(to);
        MemberStakingStorage storage $ = _storage();
        Membership storage member = $.memberships[msg.sender];
        amount = member.cooling;
        if (amount == 0) revert NothingCooling(msg.sender);
        if (Time.timestamp() < member.releaseAt) revert StillCooling(member.releaseAt);
        member.cooling = 0;
        $.totalStaked -= amount.toUint128();
        emit Withdrawn(msg.sender, to, amount);
        TOKEN.safeTransfer(to, amount);
    }

    /// @inheritdoc IMemberStaking
    function setTiers(Tier[] calldata newTiers) external restricted {
        _setTiers(newTiers);
    }

    /// @inheritdoc IMemberStaking
    function setCooldown(uint64 newCooldown) external restricted {
        _setCooldown(newCooldown);
    }

    /// @inheritdoc IMemberStaking
    function rescueSurplus(address to, uint256 amount) external restricted nonReentrant {
        _requireReceiver(to);
        uint256 surplus = TOKEN.balanceOf(address(this)) - _storage().totalStaked;
        if (amount > surplus) revert SurplusExceeded(amount, surplus);
        emit SurplusRescued(to, amount);
        TOKEN.safeTransfer(to, amount);
    }

    /// @inheritdoc IMemberStaking
    function pause() external restricted {
        _pause();
    }

    /// @inheritdoc IMemberStaking
    function unpause() external restricted {
        _unpause();
    }

    /// @inheritdoc IMemberStaking
    function tierOf(address account) external view returns (uint256 tier, uint16 discountBps, uint16 priority) {
        MemberStakingStorage storage $ = _storage();
        uint256 staked = $.memberships[account].staked;
        for (tier = $.tiers.length; tier != 0; --tier) {
            Tier memory candidate = $.tiers[tier - 1];
            if (staked >= candidate.minStake) return (tier, candidate.discountBps, candidate.priority);
        }
    }

    /// @inheritdoc IMemberStaking
    function membershipOf(address account) external view returns (Membership memory) {
        return _storage().memberships[account];
    }

    /// @inheritdoc IMemberStaking
    function tiers() external view returns (Tier[] memory) {
        return _storage().tiers;
    }

    /// @inheritdoc IMemberStaking
    function cooldown() external view returns (uint64) {
        return _storage().cooldown;
    }

    /// @inheritdoc IMemberStaking
    function totalStaked() external view returns (uint256) {
        return _storage().totalStaked;
    }

    /// @inheritdoc IMemberStaking
    function token() external view returns (IERC20) {
        return TOKEN;
    }

    function _setCooldown(uint64 newCooldown) private {
        if (newCooldown > MAX_COOLDOWN) revert CooldownTooLong(newCooldown, MAX_COOLDOWN);
        _storage().cooldown = newCooldown;
        emit CooldownSet(newCooldown);
    }

    function _setTiers(Tier[] calldata newTiers) private {
        if (newTiers.length > MAX_TIERS) revert TooManyTiers(newTiers.length, MAX_TIERS);
        MemberStakingStorage storage $ = _storage();
        delete $.tiers;
        // A tier of no stake at all would be everybody's.
        Tier memory last = Tier(0, 0, 0);
        for (uint256 i = 0; i < newTiers.length; ++i) {
            Tier memory tier = newTiers[i];
            bool above =
                tier.minStake > last.minStake && tier.discountBps >= last.discountBps && tier.priority >= last.priority;
            if (!above || tier.discountBps > BPS) revert InvalidTier(i);
            $.tiers.push(tier);
            last = tier;
        }
        emit TiersSet(newTiers);
    }

    function _requireReceiver(address to) private view {
        if (to == address(0) || to == address(this)) revert InvalidAddress(to);
    }

    function _storage() private pure returns (MemberStakingStorage storage $) {
        // solhint-disable-next-line no-inline-assembly
        assembly {
            $.slot := STORAGE_LOCATION
        }
    }
}
