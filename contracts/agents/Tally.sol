// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Running sum of feedback values, and how often each number of decimals occurs
/// @notice A value is an integer of at most 1e38 either way with 0 to 18 decimals. Sums are kept at 18 decimals, so one
/// value weighs at most 1e56, and the 2^32 - 1 values of a tally at most 4.3e65: neither the stored sum (2^223 is 1.3e67)
/// nor the sum of a hundred billion tallies can overflow.
/// @dev Counts are packed, 51 bits each, so that tallies are taken together by adding words. A count overflows with
/// 2^51 values: 2^19 tallies that are full.
library Tally {
    /// @param sum Of the values that count, at 18 decimals.
    /// @param given How many values were ever added, removed ones included.
    /// @param counts How many values there are of each number of decimals, packed.
    struct Running {
        int224 sum;
        uint32 given;
        uint256[4] counts;
    }

    /// @dev Several tallies, or some of their values, taken together.
    struct Total {
        int256 sum;
        uint256[4] counts;
    }

    /// @notice Most decimals a value may have.
    uint8 internal constant MAX_DECIMALS = 18;

    /// @notice Largest value either way.
    int128 internal constant MAX_VALUE = 1e38;

    uint256 private constant WORDS = 4;
    uint256 private constant PER_WORD = 5;
    uint256 private constant BITS = 51;
    uint256 private constant MASK = (1 << BITS) - 1;

    /// @dev A word of counts of one: what multiplied by it has the sum of its counts in the uppermost count.
    uint256 private constant ONES = 1 | (1 << BITS) | (1 << (2 * BITS)) | (1 << (3 * BITS)) | (1 << (4 * BITS));

    /// @notice Adds a value.
    /// @return index How many values were added, this one included.
    function add(Running storage tally, int128 value, uint8 decimals) internal returns (uint32 index) {
        index = tally.given + 1;
        tally.given = index;
        tally.sum += int224(_scaled(value, decimals));
        tally.counts[decimals / PER_WORD] += _one(decimals);
    }

    /// @notice Takes a value out again.
    function remove(Running storage tally, int128 value, uint8 decimals) internal {
        tally.sum -= int224(_scaled(value, decimals));
        tally.counts[decimals / PER_WORD] -= _one(decimals);
    }

    /// @notice Takes a whole tally into a total.
    function include(Total memory total, Running storage tally) internal view {
        unchecked {
            total.sum += tally.sum;
            uint256 missing = tally.given;
            // The words after the last value need not be read.
            for (uint256 word = 0; missing != 0 && word < WORDS; ++word) {
                uint256 packed = tally.counts[word];
                total.counts[word] += packed;
                missing -= _sumOf(packed);
            }
        }
    }

    /// @notice Takes one value into a total.
    function include(Total memory total, int128 value, uint8 decimals) internal pure {
        total.sum += _scaled(value, decimals);
        total.counts[decimals / PER_WORD] += _one(decimals);
    }

    /// @notice The mean, truncated towards zero.
    /// @return count How many values.
    /// @return value Their mean, 0 if there are none.
    /// @return decimals Those that occur most often (of several the lowest); fewer where an int128 could not hold the
    /// mean: then the most at which it does.
    function mean(Total memory total) internal pure returns (uint64 count, int128 value, uint8 decimals) {
        uint256 all = 0;
        (all, decimals) = _countAndMode(total);
        if (all == 0) return (0, 0, 0);
        int256 precise = total.sum / int256(all);
        int256 rounded = precise / _unit(decimals);
        // At no decimals a mean is at most 1e38, so this ends.
        while (rounded > type(int128).max || rounded < type(int128).min) rounded = precise / _unit(--decimals);
        return (uint64(all), int128(rounded), decimals);
    }

    function _countAndMode(Total memory total) private pure returns (uint256 all, uint8 mode) {
        uint256 most = 0;
        unchecked {
            for (uint256 word = 0; word < WORDS; ++word) {
                uint256 packed = total.counts[word];
                for (uint256 decimals = word * PER_WORD; packed != 0; ++decimals) {
                    uint256 count = packed & MASK;
                    all += count;
                    if (count > most) (most, mode) = (count, uint8(decimals));
                    packed >>= BITS;
                }
            }
        }
    }

    function _sumOf(uint256 packed) private pure returns (uint256) {
        unchecked {
            return ((packed * ONES) >> (BITS * (PER_WORD - 1))) & MASK;
        }
    }

    function _scaled(int128 value, uint8 decimals) private pure returns (int256) {
        return value * _unit(decimals);
    }

    /// @dev One at `decimals` decimals, in units of 18 decimals.
    function _unit(uint8 decimals) private pure returns (int256) {
        return int256(10 ** uint256(MAX_DECIMALS - decimals));
    }

    function _one(uint8 decimals) private pure returns (uint256) {
        return 1 << (BITS * (decimals % PER_WORD));
    }
}
