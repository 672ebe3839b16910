// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IOperatorStaking} from "./interfaces/IOperatorStaking.sol";

/// @title Shares of a pool of stake: what thaws is shares of the same pool, so a slash is one subtraction
/// @notice Keeps tokens <= shares, always: a share is never worth more than one unit, so it can't be made expensive and
/// rounding takes less than a unit. See docs/contracts/accounting.md.
library SharePool {
    using SafeCast for uint256;

    /// @dev A pool with less than one unit for so many shares takes no more stake, which keeps shares below 2^123 for
    /// a token of at most 5e27 units.
    uint256 private constant EXHAUSTED_RATE = 1e9;

    /// @notice Adds stake.
    /// @param amount Units.
    /// @return shares At least `amount`; rounded down.
    function deposit(IOperatorStaking.Pool storage pool, uint256 amount) internal returns (uint256 shares) {
        (uint256 tokens, uint256 all) = (pool.tokens, pool.shares);
        shares = all == 0 ? amount : Math.mulDiv(amount, all, tokens);
        pool.tokens = (tokens + amount).toUint128();
        pool.shares = (all + shares).toUint128();
    }

    /// @notice Begins to thaw shares.
    function thaw(IOperatorStaking.Pool storage pool, uint256 shares) internal {
        pool.thawing += shares.toUint128();
    }

    /// @notice Takes out thawed shares.
    /// @return amount Units, rounded down.
    function redeem(IOperatorStaking.Pool storage pool, uint256 shares) internal returns (uint256 amount) {
        amount = worth(pool, shares);
        pool.tokens -= amount.toUint128();
        pool.shares -= shares.toUint128();
        pool.thawing -= shares.toUint128();
    }

    /// @notice Takes units from all shares alike. If none are left, all shares end with their generation.
    /// @param amount Units, at most what there is.
    /// @return emptied Whether a generation ended.
    function slash(IOperatorStaking.Pool storage pool, uint256 amount) internal returns (bool emptied) {
        uint256 left = pool.tokens - amount;
        pool.tokens = left.toUint128();
        if (left == 0 && pool.shares != 0) {
            pool.shares = 0;
            pool.thawing = 0;
            ++pool.generation;
            emptied = true;
        }
    }

    /// @notice Units that shares of the pool's generation are worth, rounded down.
    function worth(IOperatorStaking.Pool memory pool, uint256 shares) internal pure returns (uint256) {
        return shares == 0 ? 0 : Math.mulDiv(shares, pool.tokens, pool.shares);
    }

    /// @notice Units that the active shares are worth, rounded down.
    function active(IOperatorStaking.Pool memory pool) internal pure returns (uint256) {
        return worth(pool, pool.shares - pool.thawing);
    }

    /// @notice Whether slashes left too little for new stake.
    function isExhausted(IOperatorStaking.Pool memory pool) internal pure returns (bool) {
        return pool.shares > pool.tokens * EXHAUSTED_RATE;
    }
}
