// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDatasetNFT} from "../../data/interfaces/IDatasetNFT.sol";
import {IDatasetRegistry} from "../../data/interfaces/IDatasetRegistry.sol";
import {ICredits} from "./ICredits.sol";

/// @title Sells datasets: 85 % to the holder, 10 % to the treasury, 5 % to the referrer, access in the same transaction
/// @notice Amounts are in the currency's smallest unit; the zero address as currency means the chain's native coin.
/// For every currency this contract holds exactly the sum of `claimable`, at all times.
interface IPaymentRouter is ICredits {
    /// @notice A signed EIP-3009 TransferWithAuthorization to `paymentAddress(id, recipient, referrer)`.
    /// @param from Payer and signer (an account, or an ERC-1271 wallet).
    /// @param value Amount in the token's smallest unit.
    /// @param validAfter Valid strictly after this unix second.
    /// @param validBefore Valid strictly before this unix second.
    /// @param nonce Random 32 bytes.
    /// @param signature 65 bytes r, s, v, or what the wallet contract accepts.
    struct Authorization {
        address from;
        uint256 value;
        uint256 validAfter;
        uint256 validBefore;
        bytes32 nonce;
        bytes signature;
    }

    /// @notice An ERC-2612 permit of the caller for this contract.
    /// @param value Allowance in the token's smallest unit.
    /// @param deadline Unix seconds.
    /// @param v Of the signature.
    /// @param r Of the signature.
    /// @param s Of the signature.
    struct Permit {
        uint256 value;
        uint256 deadline;
        uint8 v;
        bytes32 r;
        bytes32 s;
    }

    /// @notice A dataset was sold. `price` = `toHolder` + `toTreasury` + `toReferrer`.
    /// @param id The dataset's id.
    /// @param buyer Who paid: the caller, or for a payment through a till its recipient.
    /// @param recipient Who got access.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param price Units of the currency.
    /// @param holder Who held the dataset's token.
    /// @param toHolder Units to the holder.
    /// @param toTreasury Units to the treasury.
    /// @param referrer Zero if nobody earned the referrer's share.
    /// @param toReferrer Units to the referrer.
    event PurchaseCompleted(
        uint256 indexed id,
        address indexed buyer,
        address indexed recipient,
        address currency,
        uint256 price,
        address holder,
        uint256 toHolder,
        uint256 toTreasury,
        address referrer,
        uint256 toReferrer
    );

    /// @notice What was in a till of this purchase went back to its recipient.
    /// @param id The dataset's id.
    /// @param recipient Who gets access.
    /// @param referrer Who gets 5 %; zero for nobody.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param to Where it goes.
    /// @param amount Units of the currency.
    event TillRefunded(
        uint256 indexed id,
        address indexed recipient,
        address indexed referrer,
        address currency,
        address to,
        uint256 amount
    );

    /// @notice The treasury was set.
    /// @param treasury The account.
    event TreasurySet(address indexed treasury);

    /// @notice A currency was accepted or no longer is.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param accepted Whether purchases can be made in it.
    event CurrencySet(address indexed currency, bool accepted);

    /// @notice The dataset is not on offer.
    /// @param id The dataset's id.
    error NotOnOffer(uint256 id);

    /// @notice A free dataset needs no purchase.
    /// @param id The dataset's id.
    error DatasetIsFree(uint256 id);

    /// @notice The dataset is not sold for this currency.
    /// @param id The dataset's id.
    /// @param currency Token address, or the zero address for the native coin.
    error NotSoldFor(uint256 id, address currency);

    /// @notice The currency is not accepted.
    /// @param currency Token address, or the zero address for the native coin.
    error CurrencyNotAccepted(address currency);

    /// @notice The price is above what the buyer agreed to.
    /// @param price Units of the currency.
    /// @param maxPrice Highest price the caller agrees to, in units of the currency.
    error PriceAboveMax(uint256 price, uint256 maxPrice);

    /// @notice The recipient has access already: bought before, or holds the dataset's token.
    /// @param id The dataset's id.
    /// @param recipient Who gets access.
    error AlreadyHasAccess(uint256 id, address recipient);

    /// @notice The native coin sent is less than the price.
    /// @param sent Native coin sent, in wei.
    /// @param price Units of the currency.
    error InsufficientValue(uint256 sent, uint256 price);

    /// @notice A purchase in a token takes no native coin.
    /// @param sent Native coin sent, in wei.
    error UnexpectedValue(uint256 sent);

    /// @notice The till holds less than the price.
    /// @param till The till's address.
    /// @param balance Units it holds.
    /// @param price Units of the currency.
    error TillInsufficient(address till, uint256 balance, uint256 price);

    /// @notice Only the recipient may refund a till that can still buy something, or to another address.
    /// @param caller Who tried.
    /// @param recipient Who gets access.
    error NotRecipient(address caller, address recipient);

    // Constants first, then by topic.
    // solhint-disable ordering

    /// @notice Holder's share in basis points of 10,000.
    /// @return Basis points.
    function HOLDER_BPS() external view returns (uint16);

    /// @notice Treasury's share in basis points of 10,000.
    /// @return Basis points.
    function TREASURY_BPS() external view returns (uint16);

    /// @notice Referrer's share in basis points of 10,000.
    /// @return Basis points.
    function REFERRER_BPS() external view returns (uint16);

    /// @notice What a purchase would pay to whom, for a referrer who is entitled. Reverts if it can't be bought.
    /// @param id The dataset's id.
    /// @param currency Token address, or the zero address for the native coin.
    /// @return price Units of the currency.
    /// @return holder Who holds the dataset's token.
    /// @return toHolder Units to the holder.
    /// @return toTreasury Units to the treasury.
    /// @return toReferrer Units to the referrer.
    function quote(
        uint256 id,
        address currency
    ) external view returns (uint256 price, address holder, uint256 toHolder, uint256 toTreasury, uint256 toReferrer);

    /// @notice Buys a dataset for `recipient`. For a token, the caller has approved this contract for the price; native
    /// coin beyond the price comes back.
    /// @param id The dataset's id.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param maxPrice Highest price the caller agrees to: guards against a price raised in front of them.
    /// @param recipient Who gets access.
    /// @param referrer Who gets 5 %; zero for nobody.
    function purchase(
        uint256 id,
        address currency,
        uint256 maxPrice,
        address recipient,
        address referrer
    ) external payable;

    /// @notice As `purchase`, with an ERC-2612 permit in place of the approval. A permit that somebody else submitted
    /// first does no harm.
    /// @param id The dataset's id.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param maxPrice Highest price the caller agrees to, in units of the currency.
    /// @param recipient Who gets access.
    /// @param referrer Who gets 5 %; zero for nobody.
    /// @param permit The caller's permit for this contract.
    function purchaseWithPermit(
        uint256 id,
        address currency,
        uint256 maxPrice,
        address recipient,
        address referrer,
        Permit calldata permit
    ) external;

    /// @notice Settles a signed EIP-3009 payment, as x402's `exact` scheme signs it with `payTo` =
    /// `paymentAddress(id, recipient, referrer)`, and completes the purchase. Anyone may send it. If the authorization
    /// was already executed at the token, the purchase is completed with what it left in the till.
    /// @param id The dataset's id.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param recipient Who gets access.
    /// @param referrer Who gets 5 %; zero for nobody.
    /// @param authorization The signed payment.
    function purchaseWithAuthorization(
        uint256 id,
        address currency,
        address recipient,
        address referrer,
        Authorization calldata authorization
    ) external;

    /// @notice Completes a purchase that was paid to its `paymentAddress`. Anyone may call it; it works once. What is
    /// there beyond the price goes to the recipient.
    /// @param id The dataset's id.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param recipient Who gets access.
    /// @param referrer Who gets 5 %; zero for nobody.
    function completePurchase(uint256 id, address currency, address recipient, address referrer) external;

    /// @notice Takes back what is in the till of a purchase. The recipient may do so at any time; anyone else only to
    /// the recipient, and only while it does not suffice to complete the purchase. Never paused.
    /// @param id The dataset's id.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param recipient Who gets access.
    /// @param referrer Who gets 5 %; zero for nobody.
    /// @param to Where it goes.
    /// @return amount Units sent.
    function refundTill(
        uint256 id,
        address currency,
        address recipient,
        address referrer,
        address to
    ) external returns (uint256 amount);

    /// @notice The address that a payment for exactly this purchase is sent to (x402 `payTo`).
    /// @param id The dataset's id.
    /// @param recipient Who gets access.
    /// @param referrer Who gets 5 %; zero for nobody.
    /// @return The till's address.
    function paymentAddress(uint256 id, address recipient, address referrer) external view returns (address);

    /// @notice Whether a purchase gave the account access.
    /// @param id The dataset's id.
    /// @param account The account.
    /// @return Whether one did.
    function hasPurchased(uint256 id, address account) external view returns (bool);

    /// @notice Sum of all credits in a currency: what this contract must hold.
    /// @param currency Token address, or the zero address for the native coin.
    /// @return Units.
    function totalClaimable(address currency) external view returns (uint256);

    /// @notice Whether purchases can be made in a currency.
    /// @param currency Token address, or the zero address for the native coin.
    /// @return Whether they can.
    function isCurrencyAccepted(address currency) external view returns (bool);

    /// @notice Where the treasury's share goes.
    /// @return The account.
    function treasury() external view returns (address);

    /// @notice The registry whose datasets are sold.
    /// @return Its address.
    function registry() external view returns (IDatasetRegistry);

    /// @notice The token contract of the datasets.
    /// @return Its address.
    function nft() external view returns (IDatasetNFT);

    /// @notice Sets the treasury. Restricted, delayed.
    /// @param treasury The account.
    function setTreasury(address treasury) external;

    /// @notice Accepts a currency or stops doing so. Restricted, delayed.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param accepted Whether purchases can be made in it.
    function setCurrency(address currency, bool accepted) external;

    /// @notice Stops new purchases. Restricted, immediate. Claims and refunds go on.
    function pause() external;

    /// @notice Allows purchases again. Restricted.
    function unpause() external;
}
