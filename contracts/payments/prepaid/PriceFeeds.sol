// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

import {ClusterUpgradeable} from "../../access/ClusterUpgradeable.sol";
import {IAggregatorV3} from "./interfaces/IAggregatorV3.sol";
import {IPriceFeeds} from "./interfaces/IPriceFeeds.sol";

/// @title PriceFeeds
/// @notice What a dollar is in a currency, or a refusal. See {IPriceFeeds}.
contract PriceFeeds is IPriceFeeds, ClusterUpgradeable {
    /// @custom:storage-location erc7201:cluster.storage.PriceFeeds
    struct PriceFeedsStorage {
        mapping(address currency => Feed) feed;
        IAggregatorV3 sequencerFeed;
        uint32 gracePeriod;
    }

    // keccak256(abi.encode(uint256(keccak256("cluster.storage.PriceFeeds")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE_LOCATION = 0x9d08ca99f57ff8319ada59e603c8e648b06f1f194c00a14fa6b71fde9c336800;

    uint256 private constant BPS = 10_000;
    uint8 private constant DOLLAR_DECIMALS = 6;
    uint8 private constant MAX_DECIMALS = 36;

    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    address private immutable DOLLAR;

    /// @param usdc The currency that counts as a dollar, with 6 decimals.
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(address usdc) {
        DOLLAR = usdc;
    }

    /// @notice Sets the authority.
    /// @param authority The AccessManager.
    function initialize(address authority) external initializer {
        __AccessManaged_init(authority);
    }

    /// @inheritdoc IPriceFeeds
    function setFeed(address currency, Feed calldata feed) external restricted {
        if (currency == DOLLAR || (address(feed.primary) != address(0) && !_isSane(feed))) revert InvalidFeed(currency);
        _storage().feed[currency] = feed;
        emit FeedSet(currency, feed);
    }

    /// @inheritdoc IPriceFeeds
    function setSequencerFeed(IAggregatorV3 feed, uint32 gracePeriod) external restricted {
        PriceFeedsStorage storage $ = _storage();
        $.sequencerFeed = feed;
        $.gracePeriod = gracePeriod;
        emit SequencerFeedSet(feed, gracePeriod);
    }

    /// @inheritdoc IPriceFeeds
    function unitsFor(address currency, uint256 microDollars) external view returns (uint256 units) {
        if (currency == DOLLAR) return microDollars;
        uint256 price = priceOf(currency);
        return Math.mulDiv(microDollars, 10 ** _storage().feed[currency].decimals, price);
    }

    /// @inheritdoc IPriceFeeds
    function feedOf(address currency) external view returns (Feed memory) {
        return _storage().feed[currency];
    }

    /// @inheritdoc IPriceFeeds
    function sequencerFeed() external view returns (IAggregatorV3 feed, uint32 gracePeriod) {
        PriceFeedsStorage storage $ = _storage();
        return ($.sequencerFeed, $.gracePeriod);
    }

    /// @inheritdoc IPriceFeeds
    function dollar() external view returns (address) {
        return DOLLAR;
    }

    /// @inheritdoc IPriceFeeds
    function priceOf(address currency) public view returns (uint256 price) {
        if (currency == DOLLAR) return 10 ** DOLLAR_DECIMALS;
        Feed memory feed = _storage().feed[currency];
        if (address(feed.primary) == address(0)) revert NoPrice(currency);
        _requireSequencer();
        price = _read(currency, feed, feed.primary);
        if (address(feed.secondary) == address(0)) return price;
        uint256 second = _read(currency, feed, feed.secondary);
        uint256 apart = price > second ? price - second : second - price;
        if (apart * BPS > price * feed.maxDeviationBps) {
            revert PricesDeviate(currency, price, second, feed.maxDeviationBps);
        }
    }

    function _read(address currency, Feed memory feed, IAggregatorV3 source) private view returns (uint256 price) {
        (, int256 answer, , uint256 updatedAt, ) = source.latestRoundData();
        if (updatedAt == 0 || updatedAt > Time.timestamp() || Time.timestamp() - updatedAt > feed.maxAge) {
            revert StalePrice(currency, updatedAt, feed.maxAge);
        }
        uint8 decimals = source.decimals();
        // Bounded before it is scaled, so that no answer overflows.
        if (answer > 0 && uint256(answer) <= type(uint192).max && decimals <= MAX_DECIMALS) {
            price = Math.mulDiv(uint256(answer), 10 ** DOLLAR_DECIMALS, 10 ** decimals);
        }
        if (price < feed.minPrice || price > feed.maxPrice) {
            revert PriceOutOfBounds(currency, price, feed.minPrice, feed.maxPrice);
        }
    }

    function _requireSequencer() private view {
        PriceFeedsStorage storage $ = _storage();
        IAggregatorV3 sequencer = $.sequencerFeed;
        if (address(sequencer) == address(0)) return;
        (, int256 down, uint256 since, , ) = sequencer.latestRoundData();
        if (down != 0 || since == 0 || since > Time.timestamp() || Time.timestamp() - since <= $.gracePeriod) {
            revert SequencerDown(since, $.gracePeriod);
        }
    }

    function _isSane(Feed calldata feed) private pure returns (bool) {
        bool deviation =
            address(feed.secondary) == address(0) || (feed.maxDeviationBps != 0 && feed.maxDeviationBps < BPS);
        bool bounds = feed.minPrice != 0 && feed.minPrice <= feed.maxPrice;
        return feed.maxAge != 0 && deviation && bounds && feed.decimals <= MAX_DECIMALS;
    }

    function _storage() private pure returns (PriceFeedsStorage storage $) {
        // solhint-disable-next-line no-inline-assembly
        assembly {
            $.slot := STORAGE_LOCATION
        }
    }
}
