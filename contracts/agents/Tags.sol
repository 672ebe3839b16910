// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

/// @title The two tags of a feedback
/// @notice In one slot if both together take at most 30 bytes.
library Tags {
    /// @dev `packed` is length of the first, length of the second (a byte each), first, second, zeros; or `LONG`, and then
    /// the tags are in `first` and `second`, which otherwise stay empty.
    struct Pair {
        bytes32 packed;
        string first;
        string second;
    }

    /// @dev No packed pair begins with a length of 255.
    bytes32 private constant LONG = bytes32(type(uint256).max);

    uint256 private constant ROOM = 30;

    /// @notice Stores a pair where there was none.
    function set(Pair storage pair, string memory first, string memory second) internal {
        uint256 length1 = bytes(first).length;
        uint256 length2 = bytes(second).length;
        if (length1 + length2 > ROOM) {
            pair.packed = LONG;
            pair.first = first;
            pair.second = second;
        } else {
            bytes32 lengths = bytes32((length1 << 248) | (length2 << 240));
            pair.packed = lengths | (bytes32(bytes(first)) >> 16) | (bytes32(bytes(second)) >> (16 + 8 * length1));
        }
    }

    /// @notice Reads a pair.
    function get(Pair storage pair) internal view returns (string memory first, string memory second) {
        bytes32 packed = pair.packed;
        if (packed == LONG) return (pair.first, pair.second);
        uint256 length1 = uint8(packed[0]);
        first = _slice(packed << 16, length1);
        second = _slice(packed << (16 + 8 * length1), uint8(packed[1]));
    }

    /// @notice Whether a pair is what is looked for; an empty string looks for any.
    function matches(Pair storage pair, string memory first, string memory second) internal view returns (bool) {
        bool any1 = bytes(first).length == 0;
        bool any2 = bytes(second).length == 0;
        if (any1 && any2) return true;
        bytes32 packed = pair.packed;
        if (packed == LONG) {
            return (any1 || Strings.equal(first, pair.first)) && (any2 || Strings.equal(second, pair.second));
        }
        uint256 length1 = uint8(packed[0]);
        return
            (any1 || _begins(packed << 16, length1, first)) &&
            (any2 || _begins(packed << (16 + 8 * length1), uint8(packed[1]), second));
    }

    /// @dev Whether the first `length` bytes of a word, at most 30, are this string.
    function _begins(bytes32 word, uint256 length, string memory wanted) private pure returns (bool) {
        if (bytes(wanted).length != length) return false;
        return (word ^ bytes32(bytes(wanted))) >> (256 - 8 * length) == 0;
    }

    /// @dev The first `length` bytes of a word, at most 30.
    function _slice(bytes32 word, uint256 length) private pure returns (string memory result) {
        result = new string(length);
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let mask := not(shr(shl(3, length), not(0)))
            if length {
                mstore(add(result, 0x20), and(word, mask))
            }
        }
    }
}
