// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Pages of lists
/// @notice A page beyond the end is empty, never an error.
library Page {
    /// @notice A page of a list of words.
    function read(bytes32[] storage list, uint256 offset, uint256 limit) internal view returns (bytes32[] memory page) {
        (uint256 from, uint256 to) = bounds(offset, limit, list.length);
        page = new bytes32[](to - from);
        for (uint256 i = from; i < to; ++i) {
            page[i - from] = list[i];
        }
    }

    /// @notice A page of a list of accounts.
    function read(address[] storage list, uint256 offset, uint256 limit) internal view returns (address[] memory page) {
        (uint256 from, uint256 to) = bounds(offset, limit, list.length);
        page = new address[](to - from);
        for (uint256 i = from; i < to; ++i) {
            page[i - from] = list[i];
        }
    }

    /// @notice Cuts a page to what there is.
    /// @param offset Position of the first item, from 0.
    /// @param limit How many items at most.
    /// @param length Length of the list.
    /// @return from Position of the first item of the page.
    /// @return to One beyond the last.
    function bounds(uint256 offset, uint256 limit, uint256 length) internal pure returns (uint256 from, uint256 to) {
        to = Math.min(Math.saturatingAdd(offset, limit), length);
        from = Math.min(offset, to);
    }
}
