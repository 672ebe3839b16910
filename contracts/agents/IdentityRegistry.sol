// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC721URIStorageUpgradeable} from "@openzeppelin/contracts-upgradeable/token/ERC721/extensions/ERC721URIStorageUpgradeable.sol";
import {EIP712Upgradeable} from "@openzeppelin/contracts-upgradeable/utils/cryptography/EIP712Upgradeable.sol";
import {ERC721Utils} from "@openzeppelin/contracts/token/ERC721/utils/ERC721Utils.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

import {ClusterUpgradeable} from "../access/ClusterUpgradeable.sol";
import {IIdentityRegistry} from "./interfaces/IIdentityRegistry.sol";

/// @title IdentityRegistry
/// @notice ERC-8004 identities of agents. See {IIdentityRegistry}.
contract IdentityRegistry is IIdentityRegistry, ClusterUpgradeable, ERC721URIStorageUpgradeable, EIP712Upgradeable {
    /// @dev While `touched` is false the wallet is the owner: every transfer touches it, so that is who registered.
    struct Wallet {
        address account;
        bool touched;
    }

    /// @custom:storage-location erc7201:cluster.storage.IdentityRegistry
    struct IdentityRegistryStorage {
        uint256 totalRegistered;
        mapping(uint256 agentId => Wallet) wallet;
        mapping(uint256 agentId => mapping(string key => bytes)) metadata;
        mapping(bytes32 digest => bool) signatureUsed;
    }

    // keccak256(abi.encode(uint256(keccak256("cluster.storage.IdentityRegistry")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE_LOCATION = 0x2881fbb36af53c46ef99f56f159fbba10561058c879d76151123774daebe0000;

    // solhint-disable gas-small-strings
    bytes32 private constant AGENT_WALLET_SET_TYPEHASH = keccak256(
        "AgentWalletSet(uint256 agentId,address newWallet,address owner,uint256 deadline)"
    );

    // solhint-enable gas-small-strings
    string private constant WALLET_KEY = "agentWallet";
    bytes32 private constant WALLET_KEY_HASH = keccak256("agentWallet");

    /// @notice How far ahead the deadline of a wallet signature may be, in seconds.
    uint256 public constant MAX_DEADLINE_DELAY = 5 minutes;

    modifier onlyAuthorized(uint256 agentId) {
        if (!_isAuthorized(_requireOwned(agentId), msg.sender, agentId)) {
            revert NotAuthorized(agentId, msg.sender);
        }
        _;
    }

    /// @notice Sets the authority and the names.
    /// @param authority The AccessManager.
    function initialize(address authority) external initializer {
        __AccessManaged_init(authority);
        __ERC721_init("AgentIdentity", "AGENT");
        __EIP712_init("ERC8004IdentityRegistry", "1");
    }

    /// @inheritdoc IIdentityRegistry
    function register() external returns (uint256 agentId) {
        agentId = _mintNext();
        _announce(agentId, "");
        _callReceiver(agentId);
    }

    /// @inheritdoc IIdentityRegistry
    function register(string calldata agentURI) external returns (uint256 agentId) {
        agentId = _mintNext();
        _setTokenURI(agentId, agentURI);
        _announce(agentId, agentURI);
        _callReceiver(agentId);
    }

    /// @inheritdoc IIdentityRegistry
    function register(string calldata agentURI, MetadataEntry[] calldata metadata) external returns (uint256 agentId) {
        agentId = _mintNext();
        _setTokenURI(agentId, agentURI);
        _announce(agentId, agentURI);
        for (uint256 i = 0; i < metadata.length; ++i) {
            _setMetadata(agentId, metadata[i].metadataKey, metadata[i].metadataValue);
        }
        _callReceiver(agentId);
    }

    /// @inheritdoc IIdentityRegistry
    function setAgentURI(uint256 agentId, string calldata newURI) external onlyAuthorized(agentId) {
        _setTokenURI(agentId, newURI);
        emit URIUpdated(agentId, newURI, msg.sender);
    }

    /// @inheritdoc IIdentityRegistry
    function setMetadata(
        uint256 agentId,
        string calldata metadataKey,
        bytes calldata metadataValue
    ) external onlyAuthorized(agentId) {
        _setMetadata(agentId, metadataKey, metadataValue);
    }

    /// @inheritdoc IIdentityRegistry
    function setAgentWallet(
        uint256 agentId,
        address newWallet,
        uint256 deadline,
        bytes calldata signature
    ) external onlyAuthorized(agentId) {
        if (newWallet == address(0)) revert InvalidWallet(newWallet);
        uint256 time = Time.timestamp();
        if (time > deadline) revert SignatureExpired(deadline, time);
        uint256 latest = time + MAX_DEADLINE_DELAY;
        if (deadline > latest) revert DeadlineTooFar(deadline, latest);

        bytes32 digest = _hashTypedDataV4(
            keccak256(abi.encode(AGENT_WALLET_SET_TYPEHASH, agentId, newWallet, ownerOf(agentId), deadline))
        );
        IdentityRegistryStorage storage $ = _storage();
        if ($.signatureUsed[digest]) revert SignatureUsed(digest);
        $.signatureUsed[digest] = true;
        if (!_isSignedBy(newWallet, digest, signature)) revert InvalidWalletSignature(newWallet, digest);
        _setWallet(agentId, newWallet);
    }

    /// @inheritdoc IIdentityRegistry
    function unsetAgentWallet(uint256 agentId) external onlyAuthorized(agentId) {
        _setWallet(agentId, address(0));
    }

    /// @inheritdoc IIdentityRegistry
    function getMetadata(uint256 agentId, string calldata metadataKey) external view returns (bytes memory) {
        if (keccak256(bytes(metadataKey)) == WALLET_KEY_HASH) return _packed(getAgentWallet(agentId));
        return _storage().metadata[agentId][metadataKey];
    }

    /// @inheritdoc IIdentityRegistry
    function isAuthorizedOrOwner(address spender, uint256 agentId) external view returns (bool) {
        return _isAuthorized(_requireOwned(agentId), spender, agentId);
    }

    /// @inheritdoc IIdentityRegistry
    function isSignatureUsed(bytes32 digest) external view returns (bool) {
        return _storage().signatureUsed[digest];
    }

    /// @inheritdoc IIdentityRegistry
    function totalRegistered() external view returns (uint256) {
        return _storage().totalRegistered;
    }

    /// @inheritdoc IIdentityRegistry
    function getVersion() external pure returns (string memory) {
        return "2.0.0";
    }

    /// @inheritdoc IIdentityRegistry
    function getAgentWallet(uint256 agentId) public view returns (address) {
        Wallet memory wallet = _storage().wallet[agentId];
        return wallet.touched ? wallet.account : _ownerOf(agentId);
    }

    /// @inheritdoc IERC165
    function supportsInterface(
        bytes4 interfaceId
    ) public view override(ERC721URIStorageUpgradeable, IERC165) returns (bool) {
        return super.supportsInterface(interfaceId);
    }

    /// @dev A transfer clears the wallet, the former owner's choice; before Transfer is emitted, as in the reference.
    function _update(address to, uint256 agentId, address auth) internal override returns (address from) {
        if (_ownerOf(agentId) != address(0)) _setWallet(agentId, address(0));
        return super._update(to, agentId, auth);
    }

    function _mintNext() private returns (uint256 agentId) {
        IdentityRegistryStorage storage $ = _storage();
        agentId = $.totalRegistered;
        $.totalRegistered = agentId + 1;
        _mint(msg.sender, agentId);
    }

    function _announce(uint256 agentId, string memory agentURI) private {
        emit Registered(agentId, agentURI, msg.sender);
        emit MetadataSet(agentId, WALLET_KEY, WALLET_KEY, _packed(msg.sender));
    }

    /// @dev Last, when all is set: the receiver may call back.
    function _callReceiver(uint256 agentId) private {
        ERC721Utils.checkOnERC721Received(msg.sender, address(0), msg.sender, agentId, "");
    }

    function _setMetadata(uint256 agentId, string calldata key, bytes calldata value) private {
        if (keccak256(bytes(key)) == WALLET_KEY_HASH) revert ReservedKey(key);
        _storage().metadata[agentId][key] = value;
        emit MetadataSet(agentId, key, key, value);
    }

    function _setWallet(uint256 agentId, address account) private {
        _storage().wallet[agentId] = Wallet({account: account, touched: true});
        emit MetadataSet(agentId, WALLET_KEY, WALLET_KEY, _packed(account));
    }

    function _isSignedBy(address wallet, bytes32 digest, bytes calldata signature) private view returns (bool) {
        (address signer, ECDSA.RecoverError err, ) = ECDSA.tryRecoverCalldata(digest, signature);
        if (err == ECDSA.RecoverError.NoError && signer == wallet) return true;
        return SignatureChecker.isValidERC1271SignatureNowCalldata(wallet, digest, signature);
    }

    function _packed(address account) private pure returns (bytes memory) {
        return account == address(0) ? bytes("") : abi.encodePacked(account);
    }

    function _storage() private pure returns (IdentityRegistryStorage storage $) {
        // solhint-disable-next-line no-inline-assembly
        assembly {
            $.slot := STORAGE_LOCATION
        }
    }
}
