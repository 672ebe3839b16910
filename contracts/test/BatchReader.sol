// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title BatchReader
/// @notice Asks many views in one call, for state machines that compare everything after every step
contract BatchReader {
    /// @notice Input: entries of 88 bytes, each a contract (20), a selector (4) and two words (64) of arguments.
    /// @dev Output: the first word that each answers. Reverts if one reverts or answers less.
    // solhint-disable-next-line payable-fallback
    fallback(bytes calldata input) external returns (bytes memory output) {
        // solhint-disable-next-line no-inline-assembly
        assembly {
            let count := div(input.length, 88)
            output := mload(0x40)
            mstore(output, mul(count, 32))
            let word := add(output, 32)
            let asked := add(word, mul(count, 32))
            mstore(0x40, add(asked, 96))
            for {
                let entry := input.offset
            } count {
                count := sub(count, 1)
            } {
                calldatacopy(asked, add(entry, 20), 68)
                if iszero(staticcall(gas(), shr(96, calldataload(entry)), asked, 68, word, 32)) {
                    revert(0, 0)
                }
                if lt(returndatasize(), 32) {
                    revert(0, 0)
                }
                entry := add(entry, 88)
                word := add(word, 32)
            }
        }
    }
}
