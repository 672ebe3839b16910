// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title ERC-8004 Reputation Registry: what clients say about agents
/// @notice The ABI and events are those of the published reference contracts, version 2.0.0, to which this adds paged
/// views. A value is an integer with 0 to 18 decimals, |value| <= 1e38. Feedback of a client on an agent is numbered
/// from 1. Value, decimals and tags are kept; endpoint, URI and hash are only in the event.
/// @dev Feedback that carries proof of a settled payment is to be told apart in a summary of its own. Its place: a second
/// `Tally.Running` beside the first in `ReputationRegistry.Client`, fed by a function that checks the receipt, and a
/// summary that includes those tallies alone. Nothing of it is here yet, because nothing issues receipts yet.
interface IReputationRegistry {
    /// @notice One feedback, as the paged view gives it.
    /// @param feedbackIndex Its number, from 1.
    /// @param value Integer, to be divided by 10^valueDecimals.
    /// @param valueDecimals 0 to 18.
    /// @param isRevoked Whether the client took it back.
    /// @param responseCount How many responses were appended, by anybody.
    /// @param tag1 First tag, may be empty.
    /// @param tag2 Second tag, may be empty.
    struct FeedbackView {
        uint64 feedbackIndex;
        int128 value;
        uint8 valueDecimals;
        bool isRevoked;
        uint64 responseCount;
        string tag1;
        string tag2;
    }

    /// @notice A client gave feedback.
    event NewFeedback(
        uint256 indexed agentId,
        address indexed clientAddress,
        uint64 feedbackIndex,
        int128 value,
        uint8 valueDecimals,
        string indexed indexedTag1,
        string tag1,
        string tag2,
        string endpoint,
        string feedbackURI,
        bytes32 feedbackHash
    );

    /// @notice A client took feedback back.
    event FeedbackRevoked(uint256 indexed agentId, address indexed clientAddress, uint64 indexed feedbackIndex);

    /// @notice Somebody responded to feedback.
    event ResponseAppended(
        uint256 indexed agentId,
        address indexed clientAddress,
        uint64 feedbackIndex,
        address indexed responder,
        string responseURI,
        bytes32 responseHash
    );

    /// @notice More than 18 decimals.
    error TooManyDecimals(uint8 valueDecimals, uint8 maxDecimals);

    /// @notice The value is beyond 1e38 either way.
    error ValueOutOfRange(int128 value, int128 maxValue);

    /// @notice An agent's owner, its operators and whoever is approved for it give it no feedback.
    error SelfFeedback(uint256 agentId, address caller);

    /// @notice The client gave no feedback of this number; numbers go from 1 to `lastIndex`.
    error FeedbackUnknown(uint256 agentId, address client, uint64 feedbackIndex, uint64 lastIndex);

    /// @notice The feedback is revoked already.
    error AlreadyRevoked(uint256 agentId, address client, uint64 feedbackIndex);

    /// @notice A response needs a URI.
    error EmptyResponseURI();

    /// @notice A summary needs to know whose feedback counts: anybody can give feedback, under as many names as he likes.
    error NoClients();

    /// @notice Gives feedback. Reverts with `TooManyDecimals`, `ValueOutOfRange`, `SelfFeedback`, or with the identity
    /// registry's `ERC721NonexistentToken`.
    /// @param agentId The agent.
    /// @param value Integer, to be divided by 10^valueDecimals.
    /// @param valueDecimals 0 to 18.
    /// @param tag1 May be empty. Two tags of at most 30 bytes together are the cheapest.
    /// @param tag2 May be empty.
    /// @param endpoint Which of the agent's endpoints was used, may be empty. Only emitted.
    /// @param feedbackURI Where details are, may be empty. Only emitted.
    /// @param feedbackHash keccak256 of what is there, may be zero. Only emitted.
    function giveFeedback(
        uint256 agentId,
        int128 value,
        uint8 valueDecimals,
        string memory tag1,
        string memory tag2,
        string memory endpoint,
        string memory feedbackURI,
        bytes32 feedbackHash
    ) external;

    /// @notice Takes back feedback of the caller's. Reverts with `FeedbackUnknown` or `AlreadyRevoked`.
    function revokeFeedback(uint256 agentId, uint64 feedbackIndex) external;

    /// @notice Responds to feedback, revoked or not. Anybody may. Reverts with `EmptyResponseURI` or `FeedbackUnknown`.
    function appendResponse(
        uint256 agentId,
        address clientAddress,
        uint64 feedbackIndex,
        string calldata responseURI,
        bytes32 responseHash
    ) external;

    /// @notice Count and mean of the unrevoked feedback of some clients. Without tags it costs the same however much
    /// feedback a client gave; with tags each feedback of these clients is looked at.
    /// @param agentId The agent.
    /// @param clientAddresses Whose feedback counts, not empty. A client that is named twice counts twice.
    /// @param tag1 Only feedback with this first tag; empty for any.
    /// @param tag2 Only feedback with this second tag; empty for any.
    /// @return count How much feedback matches.
    /// @return summaryValue Its mean, truncated towards zero.
    /// @return summaryValueDecimals The number of decimals most feedback has (of several such the lowest). If an int128
    /// cannot hold the mean at so many: the highest number of decimals at which it can.
    function getSummary(
        uint256 agentId,
        address[] calldata clientAddresses,
        string calldata tag1,
        string calldata tag2
    ) external view returns (uint64 count, int128 summaryValue, uint8 summaryValueDecimals);

    /// @notice One feedback. Reverts with `FeedbackUnknown`.
    function readFeedback(
        uint256 agentId,
        address clientAddress,
        uint64 feedbackIndex
    ) external view returns (int128 value, uint8 valueDecimals, string memory tag1, string memory tag2, bool isRevoked);

    /// @notice All feedback of some clients, or of all, in columns. Unbounded: `readFeedbackPage` is not.
    /// @param agentId The agent.
    /// @param clientAddresses Whose feedback; empty for everybody's.
    /// @param tag1 Only feedback with this first tag; empty for any.
    /// @param tag2 Only feedback with this second tag; empty for any.
    /// @param includeRevoked Whether revoked feedback is given too.
    function readAllFeedback(
        uint256 agentId,
        address[] memory clientAddresses,
        string memory tag1,
        string memory tag2,
        bool includeRevoked
    )
        external
        view
        returns (
            address[] memory clients,
            uint64[] memory feedbackIndexes,
            int128[] memory values,
            uint8[] memory valueDecimals,
            string[] memory tag1s,
            string[] memory tag2s,
            bool[] memory revokedStatuses
        );

    /// @notice A page of a client's feedback on an agent, oldest first, revoked ones included.
    /// @param agentId The agent.
    /// @param clientAddress The client.
    /// @param offset How much feedback to skip.
    /// @param limit How much to give at most.
    function readFeedbackPage(
        uint256 agentId,
        address clientAddress,
        uint256 offset,
        uint256 limit
    ) external view returns (FeedbackView[] memory);

    /// @notice How many responses there are. Bounded only for one feedback: for feedback 0 it walks over all of the client,
    /// for the zero client over all of the agent.
    /// @param agentId The agent.
    /// @param clientAddress Client; zero for all.
    /// @param feedbackIndex Number of the feedback; 0 for all of the client.
    /// @param responders Whose responses count; empty for everybody's. A responder that is named twice counts twice.
    function getResponseCount(
        uint256 agentId,
        address clientAddress,
        uint64 feedbackIndex,
        address[] calldata responders
    ) external view returns (uint64 count);

    /// @notice All that ever gave feedback on an agent, in order of their first. Unbounded: `getClientsPage` is not.
    function getClients(uint256 agentId) external view returns (address[] memory);

    /// @notice A page of the clients of an agent.
    /// @param agentId The agent.
    /// @param offset How many to skip.
    /// @param limit How many to give at most.
    function getClientsPage(uint256 agentId, uint256 offset, uint256 limit) external view returns (address[] memory);

    /// @notice How many clients an agent has.
    function getClientCount(uint256 agentId) external view returns (uint256);

    /// @notice How much feedback a client ever gave on an agent: the number of the last.
    function getLastIndex(uint256 agentId, address clientAddress) external view returns (uint64);

    /// @notice The registry whose agents these are.
    function getIdentityRegistry() external view returns (address);

    /// @notice Version of the ERC-8004 interface: "2.0.0".
    function getVersion() external pure returns (string memory);
}
