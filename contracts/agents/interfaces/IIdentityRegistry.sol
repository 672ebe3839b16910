// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

/// @title ERC-8004 Identity Registry: one ERC-721 token "AgentIdentity" (AGENT) per agent
/// @notice The ABI, events and EIP-712 domain are those of the published reference contracts, version 2.0.0. Ids start
/// at 0 and are never reused. "May write" below means: the token's owner, an operator of the owner, or the account
/// approved for the token.
/// @dev Differences that no client of the reference sees: the receiver callback comes after everything is set; a wallet
/// signature is good once; an unchanged wallet takes no storage.
interface IIdentityRegistry is IERC721 {
    /// @notice A metadata entry given at registration.
    /// @param metadataKey Any string but "agentWallet", which is reserved.
    /// @param metadataValue Any bytes.
    struct MetadataEntry {
        string metadataKey;
        bytes metadataValue;
    }

    /// @notice An agent was registered; `owner` also becomes its wallet.
    /// @param agentId The agent.
    /// @param agentURI Where the registration file is.
    /// @param owner Who owns it.
    event Registered(uint256 indexed agentId, string agentURI, address indexed owner);

    /// @notice A metadata entry was set. For "agentWallet" the value is 20 packed bytes, or empty when it was cleared.
    /// @param agentId The agent.
    /// @param indexedMetadataKey The key, to be found by its hash.
    /// @param metadataKey The key.
    /// @param metadataValue The value.
    event MetadataSet(
        uint256 indexed agentId,
        string indexed indexedMetadataKey,
        string metadataKey,
        bytes metadataValue
    );

    /// @notice The URI of the registration file changed.
    /// @param agentId The agent.
    /// @param newURI Where the registration file is now.
    /// @param updatedBy Who changed it.
    event URIUpdated(uint256 indexed agentId, string newURI, address indexed updatedBy);

    /// @notice The caller is neither owner nor operator nor approved.
    /// @param agentId The agent.
    /// @param caller Who tried.
    error NotAuthorized(uint256 agentId, address caller);

    /// @notice The key "agentWallet" is set by `setAgentWallet` alone.
    /// @param metadataKey The key.
    error ReservedKey(string metadataKey);

    /// @notice The wallet must not be the zero address.
    /// @param newWallet The wallet given.
    error InvalidWallet(address newWallet);

    /// @notice The deadline (unix seconds) has passed.
    /// @param deadline The deadline given, unix seconds.
    /// @param time The time of the block, unix seconds.
    error SignatureExpired(uint256 deadline, uint256 time);

    /// @notice The deadline (unix seconds) is more than `MAX_DEADLINE_DELAY` ahead.
    /// @param deadline The deadline given, unix seconds.
    /// @param latest The latest there may be, unix seconds.
    error DeadlineTooFar(uint256 deadline, uint256 latest);

    /// @notice The signature is neither the wallet's ECDSA signature nor accepted by it as ERC-1271 wallet.
    /// @param newWallet The wallet given.
    /// @param digest EIP-712 digest of the signed message.
    error InvalidWalletSignature(address newWallet, bytes32 digest);

    /// @notice This signed message was used before.
    /// @param digest EIP-712 digest of the signed message.
    error SignatureUsed(bytes32 digest);

    /// @notice Registers an agent of the caller without a registration file.
    /// @dev Emits, in this order: Transfer, Registered, MetadataSet for "agentWallet"; then calls the ERC-721 receiver if
    /// the caller is a contract.
    /// @return agentId Id of the new agent.
    function register() external returns (uint256 agentId);

    /// @notice Registers an agent of the caller.
    /// @dev Emits ERC-4906 MetadataUpdate between Transfer and Registered.
    /// @param agentURI Where the registration file is.
    /// @return agentId Id of the new agent.
    function register(string calldata agentURI) external returns (uint256 agentId);

    /// @notice Registers an agent of the caller with metadata; one MetadataSet an entry follows the one of the wallet.
    /// Reverts with `ReservedKey` for the key "agentWallet".
    /// @param agentURI Where the registration file is.
    /// @param metadata Entries, set in order: of equal keys the last one stays.
    /// @return agentId Id of the new agent.
    function register(string calldata agentURI, MetadataEntry[] calldata metadata) external returns (uint256 agentId);

    /// @notice Replaces the URI of the registration file. Reverts with `NotAuthorized` unless the caller may write.
    /// @param agentId The agent.
    /// @param newURI Where the registration file is now.
    function setAgentURI(uint256 agentId, string calldata newURI) external;

    /// @notice Sets a metadata entry. Reverts with `NotAuthorized` unless the caller may write, with `ReservedKey` for
    /// "agentWallet".
    /// @param agentId The agent.
    /// @param metadataKey The key.
    /// @param metadataValue The value.
    function setMetadata(uint256 agentId, string calldata metadataKey, bytes calldata metadataValue) external;

    /// @notice Sets the wallet, with the wallet's consent: a signature over `AgentWalletSet(uint256 agentId,address
    /// newWallet,address owner,uint256 deadline)` in the domain ("ERC8004IdentityRegistry", "1", chain id, this contract).
    /// Tried as ECDSA first, then by ERC-1271; so an account with delegated code (EIP-7702) may sign either way.
    /// Reverts unless the caller may write. Each message is good once.
    /// @param agentId The agent.
    /// @param newWallet The wallet, which signed; not zero.
    /// @param deadline Last second of the signature's validity, at most 5 minutes ahead.
    /// @param signature 65 bytes r, s, v; or what the wallet takes for a signature.
    function setAgentWallet(uint256 agentId, address newWallet, uint256 deadline, bytes calldata signature) external;

    /// @notice Clears the wallet. Reverts with `NotAuthorized` unless the caller may write.
    /// @param agentId The agent.
    function unsetAgentWallet(uint256 agentId) external;

    /// @notice A metadata entry; empty if it was never set or the agent does not exist. For "agentWallet" the 20 packed
    /// bytes of the wallet, or empty if there is none.
    /// @param agentId The agent.
    /// @param metadataKey The key.
    /// @return The value.
    function getMetadata(uint256 agentId, string calldata metadataKey) external view returns (bytes memory);

    /// @notice The agent's wallet: at first its owner; zero after `unsetAgentWallet`, after every transfer of the token,
    /// and for an agent that does not exist.
    /// @param agentId The agent.
    /// @return The wallet, or zero.
    function getAgentWallet(uint256 agentId) external view returns (address);

    /// @notice Whether an account is owner, operator or approved. Reverts with `ERC721NonexistentToken` if there is no
    /// such agent.
    /// @param spender The account.
    /// @param agentId The agent.
    /// @return Whether it may write.
    function isAuthorizedOrOwner(address spender, uint256 agentId) external view returns (bool);

    /// @notice Whether a wallet signature over this EIP-712 digest was used.
    /// @param digest EIP-712 digest of the signed message.
    /// @return Whether it was.
    function isSignatureUsed(bytes32 digest) external view returns (bool);

    /// @notice How many agents were ever registered: the next id.
    /// @return The number of agents.
    function totalRegistered() external view returns (uint256);

    /// @notice Version of the ERC-8004 interface: "2.0.0".
    /// @return The version.
    function getVersion() external pure returns (string memory);
}
