// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAggregatorV3} from "../payments/prepaid/interfaces/IAggregatorV3.sol";

/// @title A Chainlink feed that says what it is told
contract TestFeed is IAggregatorV3 {
    uint8 private immutable DECIMALS;

    int256 private _answer;
    uint256 private _startedAt;
    uint256 private _updatedAt;

    constructor(uint8 feedDecimals) {
        DECIMALS = feedDecimals;
    }

    /// @notice What it will say.
    function set(int256 answer, uint256 startedAt, uint256 updatedAt) external {
        _answer = answer;
        _startedAt = startedAt;
        _updatedAt = updatedAt;
    }

    /// @inheritdoc IAggregatorV3
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return (1, _answer, _startedAt, _updatedAt, 1);
    }

    /// @inheritdoc IAggregatorV3
    function decimals() external view returns (uint8) {
        return DECIMALS;
    }
}
