// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title ERC-8004 Validation Registry: validators answer requests of agents
/// @notice The ABI and events are those of the published reference contracts, version 2.0.0, to which this adds views.
///
/// A request has one key, by which it is answered and read. In the reference the key is the request hash, and whoever
/// uses a hash first has it for ever, so that a stranger can use up the hash of somebody else's request. Here the hash
/// is the key of the agent that uses it first, as a client expects; another agent's request under the same hash is not
/// refused but gets a key of its own, `scopedHash(agentId, validatorAddress, requestHash)`. The event and the lists give
/// the key. One key is one request, always; scoped keys cannot be taken by others, because a request hash that begins
/// like a scoped key never becomes a key itself.
interface IValidationRegistry {
    /// @notice An agent asks a validator. `requestHash` is the request's key.
    /// @param validatorAddress Who was asked.
    /// @param agentId The agent.
    /// @param requestURI Where the request is.
    /// @param requestHash The request's key.
    event ValidationRequest(
        address indexed validatorAddress,
        uint256 indexed agentId,
        string requestURI,
        bytes32 indexed requestHash
    );

    /// @notice A validator answered, for the first time or again. `requestHash` is the request's key.
    /// @param validatorAddress Who was asked.
    /// @param agentId The agent.
    /// @param requestHash The request's key.
    /// @param response 0 to 100.
    /// @param responseURI Where details are, may be empty.
    /// @param responseHash keccak256 of what is there, may be zero.
    /// @param tag May be empty.
    event ValidationResponse(
        address indexed validatorAddress,
        uint256 indexed agentId,
        bytes32 indexed requestHash,
        uint8 response,
        string responseURI,
        bytes32 responseHash,
        string tag
    );

    /// @notice Comes before ValidationRequest when the request could not have the hash it was made with as its key.
    /// @param requestHash The hash that the request was made with.
    /// @param key The request's key.
    /// @param agentId The agent.
    event RequestScoped(bytes32 indexed requestHash, bytes32 indexed key, uint256 indexed agentId);

    /// @notice The validator must not be the zero address.
    /// @param validatorAddress The address given.
    error InvalidValidator(address validatorAddress);

    /// @notice The caller is neither owner nor operator of the agent, nor approved for it.
    /// @param agentId The agent.
    /// @param caller Who tried.
    error NotAuthorized(uint256 agentId, address caller);

    /// @notice This agent made a request under this hash before.
    /// @param requestHash The hash that the request was made with.
    /// @param agentId The agent.
    error RequestExists(bytes32 requestHash, uint256 agentId);

    /// @notice No request has this key.
    /// @param requestHash The request's key.
    error RequestUnknown(bytes32 requestHash);

    /// @notice Only the validator that was asked may answer.
    /// @param requestHash The request's key.
    /// @param caller Who tried.
    /// @param validatorAddress Who was asked.
    error NotValidator(bytes32 requestHash, address caller, address validatorAddress);

    /// @notice Responses go from 0 to 100.
    /// @param response The response given.
    /// @param maxResponse The highest there may be.
    error ResponseOutOfRange(uint8 response, uint8 maxResponse);

    /// @notice Asks a validator. Owner, operators and approved of the agent only. Reverts with `InvalidValidator`,
    /// `NotAuthorized`, `RequestExists`, or with the identity registry's `ERC721NonexistentToken`.
    /// @param validatorAddress Who is to answer, not zero.
    /// @param agentId The agent.
    /// @param requestURI Where the request is.
    /// @param requestHash keccak256 of what is there.
    function validationRequest(
        address validatorAddress,
        uint256 agentId,
        string calldata requestURI,
        bytes32 requestHash
    ) external;

    /// @notice Answers a request; may be done again, the last answer counts. Reverts with `ResponseOutOfRange`,
    /// `RequestUnknown` or `NotValidator`.
    /// @param requestHash The request's key.
    /// @param response 0 to 100.
    /// @param responseURI Where details are, may be empty. Only emitted.
    /// @param responseHash keccak256 of what is there, may be zero.
    /// @param tag May be empty.
    function validationResponse(
        bytes32 requestHash,
        uint8 response,
        string calldata responseURI,
        bytes32 responseHash,
        string calldata tag
    ) external;

    /// @notice State of a request. Reverts with `RequestUnknown`.
    /// @param requestHash The request's key.
    /// @return validatorAddress Who was asked.
    /// @return agentId The agent.
    /// @return response 0 to 100; also 0 while there is none, see `isPending`.
    /// @return responseHash Zero while there is no response.
    /// @return tag Empty while there is no response.
    /// @return lastUpdate When it was last answered, or asked (unix seconds).
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
        );

    /// @notice Whether a request waits for its first answer. Reverts with `RequestUnknown`.
    /// @param requestHash The request's key.
    /// @return Whether it does.
    function isPending(bytes32 requestHash) external view returns (bool);

    /// @notice The key of a request. Reverts with `RequestUnknown`.
    /// @param agentId The agent.
    /// @param validatorAddress Who was asked.
    /// @param requestHash The hash that the request was made with.
    /// @return key The key.
    function keyOf(uint256 agentId, address validatorAddress, bytes32 requestHash) external view returns (bytes32 key);

    /// @notice Count and mean of the answers to an agent. Without a tag it costs the same however many there are; with one,
    /// each request of the agent is looked at.
    /// @param agentId The agent.
    /// @param validatorAddresses Whose answers count, each once; empty for everybody's.
    /// @param tag Only answers with this tag; empty for any.
    /// @return count How many requests were answered.
    /// @return averageResponse Mean of the last answers, rounded down; 0 if there are none.
    function getSummary(
        uint256 agentId,
        address[] calldata validatorAddresses,
        string calldata tag
    ) external view returns (uint64 count, uint8 averageResponse);

    /// @notice Keys of all requests of an agent. Unbounded: `getAgentValidationsPage` is not.
    /// @param agentId The agent.
    /// @return The keys, oldest first.
    function getAgentValidations(uint256 agentId) external view returns (bytes32[] memory);

    /// @notice Keys of all requests to a validator. Unbounded, and anybody can make more: `getValidatorRequestsPage` is
    /// not.
    /// @param validatorAddress The validator.
    /// @return The keys, oldest first.
    function getValidatorRequests(address validatorAddress) external view returns (bytes32[] memory);

    /// @notice A page of the keys of an agent's requests, oldest first.
    /// @param agentId The agent.
    /// @param offset How many to skip.
    /// @param limit How many to give at most.
    /// @return The page, empty beyond the end.
    function getAgentValidationsPage(
        uint256 agentId,
        uint256 offset,
        uint256 limit
    ) external view returns (bytes32[] memory);

    /// @notice A page of the keys of the requests to a validator, oldest first.
    /// @param validatorAddress The validator.
    /// @param offset How many to skip.
    /// @param limit How many to give at most.
    /// @return The page, empty beyond the end.
    function getValidatorRequestsPage(
        address validatorAddress,
        uint256 offset,
        uint256 limit
    ) external view returns (bytes32[] memory);

    /// @notice How many requests an agent made.
    /// @param agentId The agent.
    /// @return The number of requests.
    function getAgentValidationCount(uint256 agentId) external view returns (uint256);

    /// @notice How many requests were made to a validator.
    /// @param validatorAddress The validator.
    /// @return The number of requests.
    function getValidatorRequestCount(address validatorAddress) external view returns (uint256);

    /// @notice The registry whose agents these are.
    /// @return Its address.
    function getIdentityRegistry() external view returns (address);

    /// @notice The key of a request whose hash another agent used before: 8 fixed bytes, and the last 24 of
    /// keccak256(abi.encode(agentId, validatorAddress, requestHash)).
    /// @param agentId The agent.
    /// @param validatorAddress Who was asked.
    /// @param requestHash The hash that the request was made with.
    /// @return key The key.
    function scopedHash(
        uint256 agentId,
        address validatorAddress,
        bytes32 requestHash
    ) external pure returns (bytes32 key);

    /// @notice Version of the ERC-8004 interface: "2.0.0".
    /// @return The version.
    function getVersion() external pure returns (string memory);
}
