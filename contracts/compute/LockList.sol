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
        uint40 openedAt;
        uint56 previous;
        uint56 next;
    }

    /// @dev `total` is the sum of the open locks.
    struct List {
        uint128 total;
        uint56 oldest;
        uint56 newest;
        mapping(uint256 id => Lock) locks;
        uint56 opened;
    }

    /// @notice Opens a lock.
    /// @param amount Not 0.
    function open(List storage list, uint256 amount) internal returns (uint256 id) {
        uint56 previous = list.newest;
        uint56 created = ++list.opened;
        list.locks[created] = Lock(amount.toUint96(), uint40(Time.timestamp()), previous, 0);
        if (previous == 0) list.oldest = created;
        else list.locks[previous].next = created;
        list.newest = created;
        list.total += amount.toUint128();
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
