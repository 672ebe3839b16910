// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Bn254} from "../compute/beacon/Bn254.sol";

/// @title The functions of Bn254, one by one
contract Bn254Reader {
    /// @notice See Bn254.
    function mapToG1(uint256 u) external view returns (uint256 x, uint256 y) {
        return Bn254.mapToG1(u);
    }

    /// @notice See Bn254.
    function hashToG1(bytes32 message, bytes calldata dst) external view returns (uint256 x, uint256 y) {
        Bn254.G1 memory point = Bn254.hashToG1(message, dst);
        return (point.x, point.y);
    }

    /// @notice See Bn254.
    function hashToField(bytes32 message, bytes calldata dst) external pure returns (uint256, uint256) {
        return Bn254.hashToField(message, dst);
    }

    /// @notice See Bn254.
    function isOnCurve(uint256 x, uint256 y) external pure returns (bool) {
        return Bn254.isOnCurve(Bn254.G1(x, y));
    }
}
