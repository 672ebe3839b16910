// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Split
/// @notice How the price of a dataset is shared: 85 % holder, 10 % treasury, 5 % referrer
library Split {
    uint16 internal constant HOLDER_BPS = 8_500;
    uint16 internal constant TREASURY_BPS = 1_000;
    uint16 internal constant REFERRER_BPS = 500;
    uint256 internal constant BPS = 10_000;

    /// @notice Shares of a price. They sum to the price: both small shares are rounded down and the holder gets the
    /// dust. Without a referrer the treasury gets that share.
    /// @param price In the currency's smallest unit, at most 2^128 - 1.
    /// @param referred Whether somebody is entitled to the referrer's share.
    function shares(
        uint256 price,
        bool referred
    ) internal pure returns (uint256 toHolder, uint256 toTreasury, uint256 toReferrer) {
        toTreasury = (price * TREASURY_BPS) / BPS;
        uint256 referral = (price * REFERRER_BPS) / BPS;
        toHolder = price - toTreasury - referral;
        if (referred) toReferrer = referral;
        else toTreasury += referral;
    }
}
