// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICredits} from "./ICredits.sol";

/// @title Where all inference money ends, whichever rail brought it, and where it is split
/// @notice Money for a version of a model, served by an operator, arrives in two ways: sent to a till (an address that says
/// what a payment is for, so that x402's plain transfers and channels can end nowhere else), or funded by a contract
/// that holds it. `sweep` splits what arrived as the ModelRegistry fixed it for that version: a part to the treasury, a part
/// to the attribution stack (nothing for a base model), the rest to the operator, through its reward account if it has
/// one, so that its delegators get theirs. Rows of the stack go to who owns the models and holds the datasets' tokens at
/// the sweep. What rounding drops is the operator's. Amounts are in the currency's smallest unit; the
/// zero address is the chain's native coin. For every currency this contract holds exactly what is funded and not
/// swept, plus the sum of `claimable`.
interface IInferenceSettlement is ICredits {
    /// @notice Money for one version of a model by one operator.
    /// @param modelId The model.
    /// @param version Version of the model.
    /// @param operator Who serves it.
    /// @param amount Units of the currency.
    struct Share {
        uint256 modelId;
        uint32 version;
        address operator;
        uint256 amount;
    }

    /// @notice Money was funded.
    /// @param modelId The model.
    /// @param version Version of the model.
    /// @param operator Who serves it.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param payer Who paid.
    /// @param amount Units of the currency.
    event Funded(
        uint256 indexed modelId,
        uint32 version,
        address indexed operator,
        address indexed currency,
        address payer,
        uint256 amount
    );

    /// @notice All that had arrived, sent or funded, was split: `amount` = `toTreasury` + `toStack` + `toOperator`.
    /// @param modelId The model.
    /// @param version Version of the model.
    /// @param operator Who serves it.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param amount Units of the currency.
    /// @param toTreasury Units to the treasury.
    /// @param toStack Units to the rows of the stack.
    /// @param toOperator Units to the operator, or its reward account.
    event Swept(
        uint256 indexed modelId,
        uint32 version,
        address indexed operator,
        address indexed currency,
        uint256 amount,
        uint256 toTreasury,
        uint256 toStack,
        uint256 toOperator
    );

    /// @notice The treasury was set.
    /// @param treasury The account.
    event TreasurySet(address indexed treasury);

    /// @notice There is nothing to split.
    /// @param till The till's address.
    /// @param currency Token address, or the zero address for the native coin.
    error NothingToSweep(address till, address currency);

    /// @notice Takes the sum of the shares from the caller, for later sweeps. Open to everybody: it only gives. Shares of 0
    /// are passed over. For a token, the caller has approved this contract.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param shares For whom, and how much.
    function fund(address currency, Share[] calldata shares) external payable;

    /// @notice Splits what arrived for a version of a model by an operator. Anyone may call it. Reverts while the operator's
    /// reward account takes no money.
    /// @param modelId The model.
    /// @param version Version of the model.
    /// @param operator Who serves it.
    /// @param currency Token address, or the zero address for the native coin.
    /// @return amount Units split.
    function sweep(
        uint256 modelId,
        uint32 version,
        address operator,
        address currency
    ) external returns (uint256 amount);

    /// @notice Sets the treasury. Restricted, delayed.
    /// @param treasury The account.
    function setTreasury(address treasury) external;

    /// @notice Address that a payment for exactly this is sent to (x402 `payTo`, a channel's receiver).
    /// @param modelId The model.
    /// @param version Version of the model.
    /// @param operator Who serves it.
    /// @return The till's address.
    function tillOf(uint256 modelId, uint32 version, address operator) external view returns (address);

    /// @notice Till of a model's latest version.
    /// @param modelId The model.
    /// @param operator Who serves it.
    /// @return The till's address.
    function tillOf(uint256 modelId, address operator) external view returns (address);

    /// @notice What was funded and not swept.
    /// @param modelId The model.
    /// @param version Version of the model.
    /// @param operator Who serves it.
    /// @param currency Token address, or the zero address for the native coin.
    /// @return Units.
    function fundedFor(
        uint256 modelId,
        uint32 version,
        address operator,
        address currency
    ) external view returns (uint256);

    /// @notice All that this contract owes in a currency: funded and not swept, and credits.
    /// @param currency Token address, or the zero address for the native coin.
    /// @return Units.
    function totalOwed(address currency) external view returns (uint256);

    /// @notice Where the treasury's part is credited.
    /// @return The account.
    function treasury() external view returns (address);
}
