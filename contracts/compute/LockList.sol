// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

/// @title Open locks of an operator, in the order in which they were opened
/// @notice A linked list, one storage word a lock: opening, closing wherever it stands, and finding the oldest take the
/// same effort however many are open.
library LockList {
    using SafeCast for uint256;

    /// @dev Open if `amount` is not 0. Ids begin with 1; 0 ends the list.
    struct Lock {
        uint96 amount;
        uint48 openedAt;
        uint48 previous;
        uint48 next;
    }

    /// @dev `total` is the sum of the open locks, `opened` the id given last.
    struct List {
        uint96 total;
        uint48 oldest;
        uint48 newest;
        uint48 opened;
        mapping(uint256 id => Lock) locks;
    }

    /// @notice Opens a lock.
    /// @param amount Not 0.
    function open(List storage list, uint256 amount) internal returns (uint256 id) {
        uint48 previous = list.newest;
        uint48 created = ++list.opened;
        list.locks[created] = Lock(amount.toUint96(), Time.timestamp(), previous, 0);
        if (previous == 0) list.oldest = created;
        else list.locks[previous].next = created;
        list.newest = created;
        list.total += amount.toUint96();
        return created;
    }

    /// @notice Closes a lock, which must be open.
    function close(List storage list, uint256 id) internal {
        Lock memory lock = list.locks[id];
        if (lock.previous == 0) list.oldest = lock.next;
        else list.locks[lock.previous].next = lock.next;
        if (lock.next == 0) list.newest = lock.previous;
        else list.locks[lock.next].previous = lock.previous;
        list.total -= lock.amount;
        delete list.locks[id];
    }
}
