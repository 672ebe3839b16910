// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Takes native coin, and returns as much as 50,000 gas can buy to whoever copies it
contract ReturnBomber {
    receive() external payable {
        assembly {
            return(0, 120000)
        }
    }
}
