// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC2981} from "@openzeppelin/contracts/interfaces/IERC2981.sol";
import {IERC4906} from "@openzeppelin/contracts/interfaces/IERC4906.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

/// @title One ERC-721 token per dataset; whoever holds it at the moment of a purchase earns
/// @notice Minted and changed by the DatasetRegistry alone. Ids start at 1 and are never reused.
interface IDatasetNFT is IERC721, IERC2981, IERC4906 {
    /// @notice What a version of a dataset consists of.
    /// @param cid Root CID in binary form: CIDv1, codec raw (0x55) or dag-pb (0x70), sha2-256 multihash; 36 bytes.
    /// @param manifestHash sha-256 of the dataset's manifest file.
    struct Content {
        bytes cid;
        bytes32 manifestHash;
    }

    /// @notice What never changes for a token, and its latest version number.
    /// @param creator Account that published the dataset; receives the ERC-2981 royalty.
    /// @param royaltyBps Royalty asked of sales of the token itself, in basis points of 10,000.
    /// @param createdAt Time of publication, unix seconds.
    /// @param version Number of the latest version, from 1.
    /// @param license SPDX license identifier in ASCII, left-aligned, zero-padded.
    struct Provenance {
        address creator;
        uint16 royaltyBps;
        uint48 createdAt;
        uint32 version;
        bytes32 license;
    }

    /// @notice A dataset got its first or a further version.
    /// @param id The dataset's id.
    /// @param version Number of the version, from 1.
    /// @param cid Root CID in binary form.
    /// @param manifestHash sha-256 of the manifest file.
    /// @param uri Metadata URI.
    event VersionAdded(uint256 indexed id, uint32 indexed version, bytes cid, bytes32 manifestHash, string uri);

    /// @notice The metadata URI changed without a new version.
    /// @param id The dataset's id.
    /// @param uri Metadata URI.
    event MetadataURISet(uint256 indexed id, string uri);

    /// @notice A token was minted for a newly published dataset.
    /// @param id The dataset's id.
    /// @param creator Who published the dataset.
    /// @param license SPDX identifier, ASCII, left-aligned.
    /// @param royaltyBps ERC-2981 royalty, in basis points.
    event DatasetMinted(uint256 indexed id, address indexed creator, bytes32 license, uint16 royaltyBps);

    /// @notice `cid` is not a 36-byte CIDv1 of codec raw or dag-pb with a sha2-256 multihash.
    /// @param cid Root CID in binary form.
    error InvalidCid(bytes cid);

    /// @notice The manifest hash must not be zero.
    error InvalidManifestHash();

    /// @notice The royalty is above the ceiling; both in basis points.
    /// @param royaltyBps ERC-2981 royalty, in basis points.
    /// @param maxRoyaltyBps The ceiling.
    error RoyaltyTooHigh(uint256 royaltyBps, uint256 maxRoyaltyBps);

    /// @notice Only the registry that minted the first token mints more.
    /// @param caller Who tried.
    /// @param registry Who may.
    error NotRegistry(address caller, address registry);

    /// @notice The dataset has no such version.
    /// @param id The dataset's id.
    /// @param version Number of the version, from 1.
    error VersionUnknown(uint256 id, uint256 version);

    // Constants first, then what changes state, then what reads it.
    // solhint-disable ordering

    /// @notice Highest royalty a creator may ask, in basis points.
    /// @return Basis points of 10,000.
    function MAX_ROYALTY_BPS() external view returns (uint16);

    /// @notice Mints the token of a new dataset to `creator`. Callable by the registry alone; whoever mints the first token
    /// is the registry for ever, and is told of every transfer by {IDatasetRegistry-holderChanged}.
    /// @dev No receiver callback: the creator is the caller of the registry, and nothing may run before the slug is set.
    /// @param creator Account that published the dataset and first holder of its token.
    /// @param content Commitment to the first version.
    /// @param uri Metadata URI.
    /// @param license SPDX identifier, ASCII, left-aligned.
    /// @param royaltyBps ERC-2981 royalty, in basis points.
    /// @return id The new token's id.
    function mint(
        address creator,
        Content calldata content,
        string calldata uri,
        bytes32 license,
        uint16 royaltyBps
    ) external returns (uint256 id);

    /// @notice Adds a version and replaces the metadata URI. Callable by the registry alone.
    /// @param id The dataset's id.
    /// @param content Commitment to the version.
    /// @param uri Metadata URI.
    /// @return version Number of the new version.
    function addVersion(uint256 id, Content calldata content, string calldata uri) external returns (uint32 version);

    /// @notice Replaces the metadata URI. Callable by the registry alone.
    /// @param id The dataset's id.
    /// @param uri Metadata URI.
    function setMetadataURI(uint256 id, string calldata uri) external;

    /// @notice Commitment to the latest version.
    /// @param id The dataset's id.
    /// @return The commitment.
    function contentOf(uint256 id) external view returns (Content memory);

    /// @notice Commitment to one version, and when it was added (unix seconds).
    /// @param id The dataset's id.
    /// @param version Number of the version, from 1.
    /// @return content The commitment.
    /// @return addedAt Unix seconds.
    function contentOfVersion(
        uint256 id,
        uint32 version
    ) external view returns (Content memory content, uint48 addedAt);

    /// @notice Creator, royalty, time of publication, latest version, license.
    /// @param id The dataset's id.
    /// @return What never changes, and the latest version.
    function provenanceOf(uint256 id) external view returns (Provenance memory);

    /// @notice How many tokens were ever minted; the latest id.
    /// @return The number of tokens.
    function totalMinted() external view returns (uint256);
}
