// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Slug
/// @notice The form of a dataset's slug
library Slug {
    uint256 private constant MIN_LENGTH = 3;
    uint256 private constant MAX_LENGTH = 64;

    /// @notice Whether a slug has 3 to 64 characters of a-z, 0-9 and "-", and no dash at an end.
    function isValid(string calldata slug) internal pure returns (bool) {
        bytes calldata text = bytes(slug);
        uint256 length = text.length;
        if (length < MIN_LENGTH || length > MAX_LENGTH) return false;
        if (text[0] == "-" || text[length - 1] == "-") return false;
        for (uint256 i = 0; i < length; ++i) {
            bytes1 c = text[i];
            bool allowed = (c >= "a" && c <= "z") || (c >= "0" && c <= "9") || c == "-";
            if (!allowed) return false;
        }
        return true;
    }
}
