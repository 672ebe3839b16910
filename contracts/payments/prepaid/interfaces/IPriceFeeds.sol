// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAggregatorV3} from "./IAggregatorV3.sol";

/// @title What a dollar is in a currency, or a refusal
/// @notice A price is used only while it is fresh, inside its bounds, and near what a second source says, if there is one.
/// Where any of this fails, conversion reverts: nobody is charged by a guess. USDC counts as a dollar.
interface IPriceFeeds {
    /// @notice How a currency is priced.
    /// @param primary Dollars for one whole unit of the currency (10^decimals smallest units); zero for none.
    /// @param secondary Another source of the same; zero for none.
    /// @param maxAge Oldest answer that is used, in seconds.
    /// @param maxDeviationBps Farthest the two may be apart, in basis points of the primary's.
    /// @param decimals Of the currency.
    /// @param minPrice Lowest price believed, in micro-dollars for one whole unit.
    /// @param maxPrice Highest price believed.
    struct Feed {
        IAggregatorV3 primary;
        IAggregatorV3 secondary;
        uint32 maxAge;
        uint16 maxDeviationBps;
        uint8 decimals;
        uint128 minPrice;
        uint128 maxPrice;
    }

    /// @notice How a currency is priced was set.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param feed How it is priced; a zero primary for not at all.
    event FeedSet(address indexed currency, Feed feed);

    /// @notice The feed that says whether the chain's sequencer is up was set; zero for a chain without one.
    /// @param feed Chainlink's L2 uptime feed; zero for none.
    /// @param gracePeriod How long prices are refused after it came back, in seconds.
    event SequencerFeedSet(IAggregatorV3 indexed feed, uint32 gracePeriod);

    /// @notice The currency has no price.
    /// @param currency Token address, or the zero address for the native coin.
    error NoPrice(address currency);

    /// @notice Feed settings that can't be: a zero age, bounds the wrong way round, decimals above 36, a deviation of
    /// nothing or everything.
    /// @param currency Token address, or the zero address for the native coin.
    error InvalidFeed(address currency);

    /// @notice The answer is too old, or of the future.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param updatedAt When it was given, unix seconds.
    /// @param maxAge Oldest that is used, in seconds.
    error StalePrice(address currency, uint256 updatedAt, uint256 maxAge);

    /// @notice The answer is outside the bounds; micro-dollars for a whole unit.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param price Micro-dollars for a whole unit.
    /// @param minPrice Lowest believed.
    /// @param maxPrice Highest believed.
    error PriceOutOfBounds(address currency, uint256 price, uint256 minPrice, uint256 maxPrice);

    /// @notice The two sources disagree.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param primary What the one says, in micro-dollars for a whole unit.
    /// @param secondary What the other says.
    /// @param maxDeviationBps Farthest they may be apart, in basis points.
    error PricesDeviate(address currency, uint256 primary, uint256 secondary, uint256 maxDeviationBps);

    /// @notice The sequencer is down, or was until a moment ago: prices may be old without looking so.
    /// @param upSince When it came back, unix seconds.
    /// @param gracePeriod How long prices are refused after it came back, in seconds.
    error SequencerDown(uint256 upSince, uint256 gracePeriod);

    /// @notice Sets how a currency is priced; a zero primary ends it. Restricted, delayed.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param feed How it is priced; a zero primary for not at all.
    function setFeed(address currency, Feed calldata feed) external;

    /// @notice Sets the sequencer's feed (Chainlink's L2 uptime feed: answer 0 is up) and how long prices are refused
    /// after it came back, in seconds. Restricted, delayed.
    /// @param feed Chainlink's L2 uptime feed; zero for none.
    /// @param gracePeriod How long prices are refused after it came back, in seconds.
    function setSequencerFeed(IAggregatorV3 feed, uint32 gracePeriod) external;

    /// @notice Price of one whole unit, in micro-dollars. Reverts where it can't be trusted.
    /// @param currency Token address, or the zero address for the native coin.
    /// @return microDollars Micro-dollars for a whole unit.
    function priceOf(address currency) external view returns (uint256 microDollars);

    /// @notice Units of a currency for an amount of micro-dollars, rounded down.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param microDollars Micro-dollars.
    /// @return units Units of the currency.
    function unitsFor(address currency, uint256 microDollars) external view returns (uint256 units);

    /// @notice How a currency is priced.
    /// @param currency Token address, or the zero address for the native coin.
    /// @return How it is priced.
    function feedOf(address currency) external view returns (Feed memory);

    /// @notice The sequencer's feed, zero for none, and for how many seconds prices are refused after it came back.
    /// @return feed Chainlink's L2 uptime feed.
    /// @return gracePeriod Seconds.
    function sequencerFeed() external view returns (IAggregatorV3 feed, uint32 gracePeriod);

    /// @notice The currency that counts as a dollar, one unit a micro-dollar.
    /// @return The token's address.
    function dollar() external view returns (address);
}
