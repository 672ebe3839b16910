// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDatasetNFT} from "./IDatasetNFT.sol";

/// @title IDatasetRegistry
/// @notice Slugs, prices, listing, reviews, and the one answer to "who may read this dataset"
interface IDatasetRegistry {
    /// @notice What an account may do with a dataset, each level including the ones before it.
    /// Public: metadata, description, preview rows. Member: also download it if it is free. Buyer: download it.
    /// Creator: everything, edit and price it.
    enum AccessLevel {
        Public,
        Member,
        Buyer,
        Creator
    }

    /// @notice A price in one currency.
    /// @param currency Token address, or the zero address for the chain's native coin.
    /// @param amount Price in the currency's smallest unit.
    struct Price {
        address currency;
        uint256 amount;
    }

    /// @notice All that publishing a dataset takes.
    /// @param slug 3 to 64 characters of a-z, 0-9 and "-", no dash at an end; unique for ever.
    /// @param content Commitment to the first version.
    /// @param uri Metadata URI.
    /// @param license SPDX identifier in ASCII, left-aligned, zero-padded.
    /// @param royaltyBps ERC-2981 royalty for sales of the token, in basis points.
    /// @param free Whether members download it without a purchase.
    /// @param prices Prices; at most one a currency; must be empty if `free`.
    struct Publication {
        string slug;
        IDatasetNFT.Content content;
        string uri;
        bytes32 license;
        uint16 royaltyBps;
        bool free;
        Price[] prices;
    }

    /// @notice What the registry holds about a dataset.
    /// @param listed Whether the holder offers it.
    /// @param free Whether it needs no purchase.
    /// @param delistReason Moderator's reason code, 0 if not delisted.
    /// @param ratingCount How many buyers reviewed it.
    /// @param ratingSum Sum of their ratings (1 to 5 each).
    struct Listing {
        bool listed;
        bool free;
        uint16 delistReason;
        uint64 ratingCount;
        uint64 ratingSum;
    }

    /// @notice A dataset was published under a slug.
    /// @param id The dataset's id.
    /// @param creator Who published it.
    /// @param slug The slug.
    /// @param free Whether it needs no purchase.
    event DatasetPublished(uint256 indexed id, address indexed creator, string slug, bool free);

    /// @notice The holder set the price in a currency; 0 means no longer sold for it.
    /// @param id The dataset's id.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param price In the currency's smallest unit.
    event PriceSet(uint256 indexed id, address indexed currency, uint256 price);

    /// @notice The holder made a dataset free, or paid again.
    /// @param id The dataset's id.
    /// @param free Whether it needs no purchase.
    event FreeSet(uint256 indexed id, bool free);

    /// @notice The holder offered or withdrew a dataset.
    /// @param id The dataset's id.
    /// @param listed Whether the holder offers it.
    event ListedSet(uint256 indexed id, bool listed);

    /// @notice A moderator took a dataset off sale.
    /// @param id The dataset's id.
    /// @param moderator Who did it.
    /// @param reason Reason code, not 0.
    event DatasetDelisted(uint256 indexed id, address indexed moderator, uint16 reason);

    /// @notice A moderator put a dataset back.
    /// @param id The dataset's id.
    /// @param moderator Who did it.
    event DatasetReinstated(uint256 indexed id, address indexed moderator);

    /// @notice A buyer reviewed a dataset; `previousRating` is 0 for a first review.
    /// @param id The dataset's id.
    /// @param reviewer Who reviewed it.
    /// @param rating 1 to 5.
    /// @param previousRating What the reviewer gave before; 0 for nothing.
    /// @param uri Where the text of the review is; may be empty.
    event DatasetReviewed(uint256 indexed id, address indexed reviewer, uint8 rating, uint8 previousRating, string uri);

    /// @notice The router that sells datasets and records access was set.
    /// @param router The router.
    event PaymentRouterSet(address indexed router);

    /// @notice A slug has 3 to 64 characters of a-z, 0-9 and "-", and no dash at an end.
    /// @param slug The slug.
    error InvalidSlug(string slug);

    /// @notice The slug was claimed by a dataset before.
    /// @param slug The slug.
    /// @param id The dataset that has it.
    error SlugTaken(string slug, uint256 id);

    /// @notice No dataset has this id.
    /// @param id The dataset's id.
    error DatasetUnknown(uint256 id);

    /// @notice Only the holder of the dataset's token may do this.
    /// @param id The dataset's id.
    /// @param caller Who tried.
    /// @param holder Who holds the dataset's token.
    error NotHolder(uint256 id, address caller, address holder);

    /// @notice Only the token contract says who holds a dataset.
    /// @param caller Who tried.
    /// @param nft The token contract.
    error NotNFT(address caller, address nft);

    /// @notice Only buyers may review.
    /// @param id The dataset's id.
    /// @param caller Who tried.
    error NotBuyer(uint256 id, address caller);

    /// @notice Ratings go from 1 to 5.
    /// @param rating The rating given.
    error InvalidRating(uint8 rating);

    /// @notice The price is above 2^128 - 1.
    /// @param price In the currency's smallest unit.
    /// @param maxPrice The highest there can be.
    error PriceTooHigh(uint256 price, uint256 maxPrice);

    /// @notice The router does not accept this currency.
    /// @param currency Token address, or the zero address for the native coin.
    error CurrencyNotAccepted(address currency);

    /// @notice A free dataset has no prices.
    error FreeDatasetHasNoPrice();

    /// @notice The currency was given twice.
    /// @param currency Token address, or the zero address for the native coin.
    error DuplicateCurrency(address currency);

    /// @notice A reason code must not be zero.
    error InvalidReason();

    /// @notice The dataset is not delisted.
    /// @param id The dataset's id.
    error NotDelisted(uint256 id);

    /// @notice The address is not a contract that can serve as router.
    /// @param router The router.
    error InvalidRouter(address router);

    /// @notice Publishes a dataset: mints its token to the caller and claims the slug.
    /// @param publication All that publishing takes.
    /// @return id The dataset's id, which is its token id.
    function publish(Publication calldata publication) external returns (uint256 id);

    /// @notice Adds a version. Holder only.
    /// @param id The dataset's id.
    /// @param content Commitment to the version.
    /// @param uri Metadata URI.
    /// @return version Number of the new version.
    function addVersion(
        uint256 id,
        IDatasetNFT.Content calldata content,
        string calldata uri
    ) external returns (uint32 version);

    /// @notice Replaces the metadata URI. Holder only.
    /// @param id The dataset's id.
    /// @param uri Metadata URI.
    function setMetadataURI(uint256 id, string calldata uri) external;

    /// @notice Sets the price in one currency; 0 stops selling for it. Holder only.
    /// @param id The dataset's id.
    /// @param currency Token address, or the zero address for the native coin.
    /// @param price In the currency's smallest unit, at most 2^128 - 1.
    function setPrice(uint256 id, address currency, uint256 price) external;

    /// @notice Makes a dataset free or paid. Prices stay as they were. Holder only.
    /// @param id The dataset's id.
    /// @param free Whether it needs no purchase.
    function setFree(uint256 id, bool free) external;

    /// @notice Offers or withdraws a dataset. Buyers keep access. Holder only.
    /// @param id The dataset's id.
    /// @param listed Whether the holder offers it.
    function setListed(uint256 id, bool listed) external;

    /// @notice Takes a dataset off sale with a reason code. Buyers keep access. Moderators only.
    /// @param id The dataset's id.
    /// @param reason Reason code, not 0.
    function delist(uint256 id, uint16 reason) external;

    /// @notice Undoes `delist`. Moderators only.
    /// @param id The dataset's id.
    function reinstate(uint256 id) external;

    /// @notice Reviews a dataset, replacing the caller's earlier review. Buyers only.
    /// @param id The dataset's id.
    /// @param rating 1 to 5.
    /// @param uri Where the text of the review stands; may be empty.
    function review(uint256 id, uint8 rating, string calldata uri) external;

    /// @notice Takes note of who holds a dataset's token, beside its listing, so that a purchase finds both in one read.
    /// Callable by the token contract alone, which calls in every transfer and before any receiver.
    /// @param id The dataset's id.
    /// @param holder Who holds it from now on.
    function holderChanged(uint256 id, address holder) external;

    /// @notice Sets the router that sells datasets. Restricted, delayed.
    /// @param router The router.
    function setPaymentRouter(address router) external;

    /// @notice Id of a slug, 0 if nobody claimed it.
    /// @param slug The slug.
    /// @return id The dataset's id.
    function tokenIdOf(string calldata slug) external view returns (uint256 id);

    /// @notice Slug of an id.
    /// @param id The dataset's id.
    /// @return slug The slug.
    function slugOf(uint256 id) external view returns (string memory slug);

    /// @notice Listing flags and rating sums.
    /// @param id The dataset's id.
    /// @return Flags and sums.
    function listingOf(uint256 id) external view returns (Listing memory);

    /// @notice Price in a currency's smallest unit, 0 if it is not sold for it.
    /// @param id The dataset's id.
    /// @param currency Token address, or the zero address for the native coin.
    /// @return price In the currency's smallest unit.
    function priceOf(uint256 id, address currency) external view returns (uint256 price);

    /// @notice The rating an account gave, 0 if none.
    /// @param id The dataset's id.
    /// @param reviewer Who reviewed it.
    /// @return rating 1 to 5, or 0.
    function ratingOf(uint256 id, address reviewer) external view returns (uint8 rating);

    /// @notice Whether a dataset is on offer: listed by its holder and not delisted by a moderator.
    /// @param id The dataset's id.
    /// @return Whether it is.
    function isOnOffer(uint256 id) external view returns (bool);

    /// @notice What a purchase needs to know, in one call.
    /// @param id The dataset's id.
    /// @param currency Token address, or the zero address for the native coin.
    /// @return price Price in the currency's smallest unit, 0 if it can't be bought for it.
    /// @return onOffer Listed by its holder and not delisted.
    /// @return free Whether it needs no purchase.
    /// @return holder Who holds the dataset's token now, and earns; zero for an unknown dataset.
    function termsOf(
        uint256 id,
        address currency
    ) external view returns (uint256 price, bool onOffer, bool free, address holder);

    /// @notice The one answer that everything off chain asks for. The zero address means "not signed in".
    /// @param id The dataset's id.
    /// @param account The account.
    /// @return The level.
    function accessLevel(uint256 id, address account) external view returns (AccessLevel);

    /// @notice Whether an account may download a dataset: buyers and the creator always, members if it is free and
    /// on offer.
    /// @param id The dataset's id.
    /// @param account The account.
    /// @return Whether it may.
    function canDownload(uint256 id, address account) external view returns (bool);

    /// @notice The token contract.
    /// @return Its address.
    function nft() external view returns (IDatasetNFT);

    /// @notice The router that sells datasets.
    /// @return Its address.
    function paymentRouter() external view returns (address);
}
