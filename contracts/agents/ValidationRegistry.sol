// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

import {ClusterUpgradeable} from "../access/ClusterUpgradeable.sol";
import {IIdentityRegistry} from "./interfaces/IIdentityRegistry.sol";
import {IValidationRegistry} from "./interfaces/IValidationRegistry.sol";
import {Page} from "./Page.sol";

/// @title ValidationRegistry
/// @notice ERC-8004 validations of agents. See {IValidationRegistry}.
contract ValidationRegistry is IValidationRegistry, ClusterUpgradeable {
    using Page for bytes32[];

    /// @dev Its first slot holds all that a summary needs. `response` is `PENDING` until the first answer.
    struct Request {
        address validator;
        uint48 agentId;
        uint40 updatedAt;
        uint8 response;
        bytes32 responseHash;
        string tag;
    }

    /// @dev Answers counted and added up.
    struct Answers {
        uint64 count;
        uint64 sum;
    }

    /// @custom:storage-location erc7201:cluster.storage.ValidationRegistry
    struct ValidationRegistryStorage {
        mapping(bytes32 key => Request) request;
        mapping(uint256 agentId => bytes32[]) ofAgent;
        mapping(address validator => bytes32[]) toValidator;
        mapping(uint256 agentId => Answers) answers;
        mapping(uint256 agentId => mapping(address validator => Answers)) answersOf;
    }

    // keccak256(abi.encode(uint256(keccak256("cluster.storage.ValidationRegistry")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE_LOCATION = 0xb8e2a1d1460c07e5f5937cd9381bcaea963c4d7122457c1cd9c4650411452600;

    /// @dev How scoped keys begin.
    bytes8 private constant SCOPED = bytes8(keccak256("cluster.scopedRequest"));

    uint8 private constant MAX_RESPONSE = 100;
    uint8 private constant PENDING = type(uint8).max;

    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IIdentityRegistry private immutable IDENTITIES;

    /// @param identityRegistry Proxy of the IdentityRegistry; the same for every version of this implementation.
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IIdentityRegistry identityRegistry) {
        IDENTITIES = identityRegistry;
    }

    /// @notice Sets the authority.
    /// @param authority The AccessManager.
    function initialize(address authority) external initializer {
        __AccessManaged_init(authority);
    }

    /// @inheritdoc IValidationRegistry
    function validationRequest(
        address validatorAddress,
        uint256 agentId,
        string calldata requestURI,
        bytes32 requestHash
    ) external {
        if (validatorAddress == address(0)) revert InvalidValidator(validatorAddress);
        if (!IDENTITIES.isAuthorizedOrOwner(msg.sender, agentId)) revert NotAuthorized(agentId, msg.sender);
        bytes32 key = _freeKey(agentId, validatorAddress, requestHash);
        if (key != requestHash) emit RequestScoped(requestHash, key, agentId);

        ValidationRegistryStorage storage $ = _storage();
        Request storage request = $.request[key];
        request.validator = validatorAddress;
        request.agentId = SafeCast.toUint48(agentId);
        request.updatedAt = uint40(Time.timestamp());
        request.response = PENDING;
        $.ofAgent[agentId].push(key);
        $.toValidator[validatorAddress].push(key);
        emit ValidationRequest(validatorAddress, agentId, requestURI, key);
    }

    /// @inheritdoc IValidationRegistry
    function validationResponse(
        bytes32 requestHash,
        uint8 response,
        string calldata responseURI,
        bytes32 responseHash,
        string calldata tag
    ) external {
        if (response > MAX_RESPONSE) revert ResponseOutOfRange(response, MAX_RESPONSE);
        Request storage request = _known(requestHash);
        if (msg.sender != request.validator) revert NotValidator(requestHash, msg.sender, request.validator);
        uint256 agentId = request.agentId;
        _count(_storage().answers[agentId], request.response, response);
        _count(_storage().answersOf[agentId][msg.sender], request.response, response);
        request.response = response;
        request.updatedAt = uint40(Time.timestamp());
        request.responseHash = responseHash;
        request.tag = tag;
        emit ValidationResponse(msg.sender, agentId, requestHash, response, responseURI, responseHash, tag);
    }

    /// @inheritdoc IValidationRegistry
    function getValidationStatus(
        bytes32 requestHash
    )
        external
        view
        returns (
            address validatorAddress,
            uint256 agentId,
            uint8 response,
            bytes32 responseHash,
            string memory tag,
            uint256 lastUpdate
        )
    {
        Request memory request = _known(requestHash);
        return (
            request.validator,
            request.agentId,
            request.response == PENDING ? 0 : request.response,
            request.responseHash,
            request.tag,
            request.updatedAt
        );
    }

    /// @inheritdoc IValidationRegistry
    function isPending(bytes32 requestHash) external view returns (bool) {
        return _known(requestHash).response == PENDING;
    }

    /// @inheritdoc IValidationRegistry
    function keyOf(uint256 agentId, address validatorAddress, bytes32 requestHash) external view returns (bytes32 key) {
        if (_isRequest(requestHash, agentId, validatorAddress)) return requestHash;
        key = scopedHash(agentId, validatorAddress, requestHash);
        if (!_isRequest(key, agentId, validatorAddress)) revert RequestUnknown(requestHash);
    }

    /// @inheritdoc IValidationRegistry
    function getSummary(
        uint256 agentId,
        address[] calldata validatorAddresses,
        string calldata tag
    ) external view returns (uint64 count, uint8 averageResponse) {
        Answers memory total;
        if (bytes(tag).length != 0) {
            total = _tagged(agentId, validatorAddresses, tag);
        } else if (validatorAddresses.length == 0) {
            total = _storage().answers[agentId];
        } else {
            total = _ofValidators(agentId, validatorAddresses);
        }
        if (total.count != 0) averageResponse = uint8(total.sum / total.count);
        return (total.count, averageResponse);
    }

    /// @inheritdoc IValidationRegistry
    function getAgentValidations(uint256 agentId) external view returns (bytes32[] memory) {
        return _storage().ofAgent[agentId];
    }

    /// @inheritdoc IValidationRegistry
    function getValidatorRequests(address validatorAddress) external view returns (bytes32[] memory) {
        return _storage().toValidator[validatorAddress];
    }

    /// @inheritdoc IValidationRegistry
    function getAgentValidationsPage(
        uint256 agentId,
        uint256 offset,
        uint256 limit
    ) external view returns (bytes32[] memory) {
        return _storage().ofAgent[agentId].read(offset, limit);
    }

    /// @inheritdoc IValidationRegistry
    function getValidatorRequestsPage(
        address validatorAddress,
        uint256 offset,
        uint256 limit
    ) external view returns (bytes32[] memory) {
        return _storage().toValidator[validatorAddress].read(offset, limit);
    }

    /// @inheritdoc IValidationRegistry
    function getAgentValidationCount(uint256 agentId) external view returns (uint256) {
        return _storage().ofAgent[agentId].length;
    }

    /// @inheritdoc IValidationRegistry
    function getValidatorRequestCount(address validatorAddress) external view returns (uint256) {
        return _storage().toValidator[validatorAddress].length;
    }

    /// @inheritdoc IValidationRegistry
    function getIdentityRegistry() external view returns (address) {
        return address(IDENTITIES);
    }

    /// @inheritdoc IValidationRegistry
    function getVersion() external pure returns (string memory) {
        return "2.0.0";
    }

    /// @inheritdoc IValidationRegistry
    function scopedHash(
        uint256 agentId,
        address validatorAddress,
        bytes32 requestHash
    ) public pure returns (bytes32 key) {
        bytes32 digest = keccak256(abi.encode(agentId, validatorAddress, requestHash));
        return bytes32(SCOPED) | ((digest << 64) >> 64);
    }

    /// @dev Replaces an answer, or `PENDING`, by an answer.
    function _count(Answers storage answers, uint8 from, uint8 to) private {
        Answers memory changed = answers;
        if (from == PENDING) {
            ++changed.count;
            from = 0;
        }
        answers.count = changed.count;
        answers.sum = changed.sum + to - from;
    }

    /// @dev The key for a new request.
    function _freeKey(uint256 agentId, address validator, bytes32 requestHash) private view returns (bytes32 key) {
        Request storage holder = _storage().request[requestHash];
        bool taken = holder.validator != address(0);
        if (taken && holder.agentId == agentId) revert RequestExists(requestHash, agentId);
        if (!taken && bytes8(requestHash) != SCOPED) return requestHash;
        key = scopedHash(agentId, validator, requestHash);
        if (_storage().request[key].validator != address(0)) revert RequestExists(requestHash, agentId);
    }

    function _known(bytes32 key) private view returns (Request storage request) {
        request = _storage().request[key];
        if (request.validator == address(0)) revert RequestUnknown(key);
    }

    function _isRequest(bytes32 key, uint256 agentId, address validator) private view returns (bool) {
        Request storage request = _storage().request[key];
        return request.validator == validator && validator != address(0) && request.agentId == agentId;
    }

    function _ofValidators(uint256 agentId, address[] calldata validators) private view returns (Answers memory total) {
        for (uint256 i = 0; i < validators.length; ++i) {
            if (_contains(validators[:i], validators[i])) continue;
            Answers memory one = _storage().answersOf[agentId][validators[i]];
            total.count += one.count;
            total.sum += one.sum;
        }
    }

    /// @dev Pending requests have no tag, so none of them is found.
    function _tagged(
        uint256 agentId,
        address[] calldata validators,
        string calldata tag
    ) private view returns (Answers memory total) {
        bytes32[] storage keys = _storage().ofAgent[agentId];
        for (uint256 i = 0; i < keys.length; ++i) {
            Request storage request = _storage().request[keys[i]];
            if (validators.length != 0 && !_contains(validators, request.validator)) continue;
            if (!Strings.equal(request.tag, tag)) continue;
            ++total.count;
            total.sum += request.response;
        }
    }

    function _contains(address[] calldata accounts, address account) private pure returns (bool) {
        for (uint256 i = 0; i < accounts.length; ++i) {
            if (accounts[i] == account) return true;
        }
        return false;
    }

    function _storage() private pure returns (ValidationRegistryStorage storage $) {
        // solhint-disable-next-line no-inline-assembly
        assembly {
            $.slot := STORAGE_LOCATION
        }
    }
}
