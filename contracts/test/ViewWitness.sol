// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Says, in the middle of somebody else's transaction, what a view function answers at that moment
contract ViewWitness {
    /// @notice The answer is not the expected one.
    error Otherwise(bytes answer);

    /// @notice Reverts unless the call answers exactly this.
    function expect(address target, bytes calldata data, bytes calldata answer) external view {
        (, bytes memory result) = target.staticcall(data);
        if (keccak256(result) != keccak256(answer)) revert Otherwise(result);
    }
}
