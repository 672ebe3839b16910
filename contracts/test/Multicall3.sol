// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The one function of Multicall3 that x402's published packages call
/// @notice Multicall3 stands at the same address on every public chain; local chains get this in its place.
contract Multicall3 {
    /// @notice A call.
    struct Call {
        address target;
        bytes callData;
    }

    /// @notice What it returned.
    struct Result {
        bool success;
        bytes returnData;
    }

    /// @notice A call failed although none was allowed to.
    error CallFailed(uint256 index);

    /// @notice Makes all calls; with `requireSuccess`, none may fail.
    function tryAggregate(
        bool requireSuccess,
        Call[] calldata calls
    ) external payable returns (Result[] memory results) {
        results = new Result[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            (results[i].success, results[i].returnData) = calls[i].target.call(calls[i].callData);
            if (requireSuccess && !results[i].success) revert CallFailed(i);
        }
    }
}
