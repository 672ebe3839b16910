// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IReceiptRegistry} from "../payments/interfaces/IReceiptRegistry.sol";
import {ReceiptTree} from "../payments/receipts/ReceiptTree.sol";
import {IReputationRegistry} from "./interfaces/IReputationRegistry.sol";

/// @title Which receipts were used as proof of payment, and how much of what was paid they used up
/// @notice A receipt is used once. The receipts used of one row of a draw never exceed what was drawn for that row, so that
/// a relay that writes a thousand receipts for one payment proves nothing more than the payment.
library PaymentProofs {
    struct Ledger {
        mapping(bytes32 receipt => bool) used;
        mapping(address relay => mapping(uint256 batch => mapping(uint256 row => uint64))) microDollars;
    }

    /// @notice Uses a receipt.
    /// @return leaf The receipt's.
    function use(
        Ledger storage ledger,
        IReceiptRegistry receipts,
        IReceiptRegistry.PaidReceipt calldata paid
    ) internal returns (bytes32 leaf) {
        if (!receipts.provePaidReceipt(paid)) {
            revert IReputationRegistry.PaymentNotProven(paid.relay, paid.batch, paid.receipt.requestId);
        }
        leaf = ReceiptTree.leafOf(paid.receipt);
        if (ledger.used[leaf]) revert IReputationRegistry.ReceiptUsed(leaf);
        ledger.used[leaf] = true;
        mapping(uint256 row => uint64) storage rows = ledger.microDollars[paid.relay][paid.batch];
        uint64 left = paid.rowMicroDollars - rows[paid.row];
        if (paid.receipt.microDollars > left) {
            revert IReputationRegistry.PaymentUsedUp(paid.relay, paid.batch, paid.row, paid.receipt.microDollars, left);
        }
        rows[paid.row] += paid.receipt.microDollars;
    }
}
