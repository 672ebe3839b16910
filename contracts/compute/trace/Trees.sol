// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Merkle trees of traces, weights and tokens
/// @notice docs/proof-of-compute.md, section 2. What is hashed is put behind the free memory and left there.
library Trees {
    /// @dev The root that a path leads to. Bit i of `place` says that the path's node is right at level i.
    function climb(bytes32 start, uint256 place, bytes32[] calldata path) internal pure returns (bytes32 top) {
        top = start;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore8(at, 1)
            let left := add(at, 1)
            let sibling := path.offset
            for {
                let end := add(sibling, shl(5, path.length))
            } lt(sibling, end) {
                sibling := add(sibling, 32)
            } {
                let side := shl(5, and(place, 1))
                mstore(add(left, side), top)
                mstore(add(left, xor(side, 32)), calldataload(sibling))
                top := keccak256(at, 65)
                place := shr(1, place)
            }
        }
    }

    /// @dev The root of a whole tree whose leaves stand in memory, at least one; what is missing is zero. Overwrites them.
    function fold(bytes32[] memory nodes) internal pure returns (bytes32) {
        unchecked {
            uint256 count = nodes.length;
            bytes32 zero = 0;
            for (; count > 1; count = (count + 1) / 2) {
                for (uint256 i = 0; i < count; i += 2) {
                    nodes[i / 2] = node(nodes[i], i + 1 < count ? nodes[i + 1] : zero);
                }
                zero = node(zero, zero);
            }
            return nodes[0];
        }
    }

    /// @dev What stands above two nodes.
    function node(bytes32 left, bytes32 right) internal pure returns (bytes32 parent) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore8(at, 1)
            mstore(add(at, 1), left)
            mstore(add(at, 33), right)
            parent := keccak256(at, 65)
        }
    }

    /// @dev `place` is op, row and chunk, 32 bits each.
    function traceLeaf(
        bytes32 claim,
        uint256 place,
        bytes16 salt,
        bytes calldata data
    ) internal pure returns (bytes32 leaf) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore8(at, 0)
            mstore(add(at, 1), claim)
            mstore(add(at, 33), shl(160, place))
            mstore(add(at, 45), salt)
            calldatacopy(add(at, 61), data.offset, data.length)
            leaf := keccak256(at, add(61, data.length))
        }
    }

    /// @dev A row of a matrix.
    function weightLeaf(uint256 matrix, uint256 row, bytes calldata data) internal pure returns (bytes32 leaf) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore(at, or(shl(248, 2), or(shl(216, matrix), shl(184, row))))
            calldatacopy(add(at, 9), data.offset, data.length)
            leaf := keccak256(at, add(9, data.length))
        }
    }

    /// @dev Up to 64 tokens.
    function tokenLeaf(uint256 index, bytes16 salt, bytes calldata data) internal pure returns (bytes32 leaf) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore(at, or(shl(248, 3), shl(216, index)))
            mstore(add(at, 5), salt)
            calldatacopy(add(at, 21), data.offset, data.length)
            leaf := keccak256(at, add(21, data.length))
        }
    }

    /// @dev The salt of a row.
    function saltOf(bytes32 secret, uint256 op, uint256 row) internal pure returns (bytes16) {
        return bytes16(keccak256(abi.encodePacked(uint8(4), secret, uint32(op), uint32(row))));
    }

    /// @dev The 64 random bits of an answer's token.
    function draw(bytes32 seed, uint256 step) internal pure returns (uint64) {
        return uint64(bytes8(keccak256(abi.encodePacked(uint8(5), seed, uint32(step)))));
    }
}
