// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IReceiptRegistry} from "../../payments/interfaces/IReceiptRegistry.sol";

/// @title ERC-8004 Reputation Registry: what clients say about agents
/// @notice The ABI and events are those of the published reference contracts, version 2.0.0, to which this adds paged
/// views and proof of payment. A value is an integer with 0 to 18 decimals, |value| <= 1e38. Feedback of a client on an
/// agent is numbered from 1. Value, decimals and tags are kept; endpoint, URI and hash are only in the event.
///
/// Anybody can give feedback, under as many names as he likes. A client whose prepaid balance paid for what an agent used
/// can back its feedback with the receipt of that, once (`proveFeedback`); such feedback is summed apart. What is proven
/// is that this account paid so much, in a draw that went through the settlement; that it was this agent that asked is
/// the word of the relay, whom `FeedbackProven` names. Whoever is relay, operator and client in one gets most of the
/// payment back and is out of pocket by the treasury's part, so look at the money and the relays, not at counts alone.
interface IReputationRegistry {
    /// @notice One feedback, as the paged view gives it.
    /// @param feedbackIndex Its number, from 1.
    /// @param value Integer, to be divided by 10^valueDecimals.
    /// @param valueDecimals 0 to 18.
    /// @param isRevoked Whether the client took it back.
    /// @param responseCount How many responses were appended, by anybody.
    /// @param paid Micro-dollars of the receipt that backs it, 0 for none; kept when it is revoked.
    /// @param tag1 First tag, may be empty.
    /// @param tag2 Second tag, may be empty.
    struct FeedbackView {
        uint64 feedbackIndex;
        int128 value;
        uint8 valueDecimals;
        bool isRevoked;
        uint64 responseCount;
        uint64 paid;
        string tag1;
        string tag2;
    }

    /// @notice A client gave feedback.
    /// @param agentId The agent.
    /// @param clientAddress The client.
    /// @param feedbackIndex Its number among what this client said of this agent, from 1.
    /// @param value Integer, to be divided by 10^valueDecimals.
    /// @param valueDecimals 0 to 18.
    /// @param indexedTag1 First tag, to be found by its hash.
    /// @param tag1 First tag, may be empty.
    /// @param tag2 Second tag, may be empty.
    /// @param endpoint Which of the agent's endpoints was used, may be empty.
    /// @param feedbackURI Where details are, may be empty.
    /// @param feedbackHash keccak256 of what is there, may be zero.
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

    /// @notice A client took feedback back, and with it what backed it: that receipt stays used.
    /// @param agentId The agent.
    /// @param clientAddress The client.
    /// @param feedbackIndex Number of the feedback.
    event FeedbackRevoked(uint256 indexed agentId, address indexed clientAddress, uint64 indexed feedbackIndex);

    /// @notice A client backed its feedback with the receipt of a payment.
    /// @param agentId The agent.
    /// @param clientAddress The client, who paid.
    /// @param feedbackIndex Number of the feedback.
    /// @param receipt Leaf of the receipt, as `IReceiptRegistry.leafOf` gives it.
    /// @param relay Whose batch it is in.
    /// @param batch Number of the batch.
    /// @param row Place in the draw of the row that paid for it.
    /// @param microDollars The receipt's price in micro-dollars.
    event FeedbackProven(
        uint256 indexed agentId,
        address indexed clientAddress,
        uint64 indexed feedbackIndex,
        bytes32 receipt,
        address relay,
        uint256 batch,
        uint256 row,
        uint64 microDollars
    );

    /// @notice Somebody responded to feedback.
    /// @param agentId The agent.
    /// @param clientAddress Who gave the feedback.
    /// @param feedbackIndex Its number.
    /// @param responder Who responded.
    /// @param responseURI Where the response is.
    /// @param responseHash keccak256 of what is there, may be zero.
    event ResponseAppended(
        uint256 indexed agentId,
        address indexed clientAddress,
        uint64 feedbackIndex,
        address indexed responder,
        string responseURI,
        bytes32 responseHash
    );

    /// @notice More than 18 decimals.
    /// @param valueDecimals The decimals given.
    /// @param maxDecimals The most there may be.
    error TooManyDecimals(uint8 valueDecimals, uint8 maxDecimals);

    /// @notice The value is beyond 1e38 either way.
    /// @param value The value given.
    /// @param maxValue The largest either way.
    error ValueOutOfRange(int128 value, int128 maxValue);

    /// @notice An agent's owner, its operators and whoever is approved for it give it no feedback, and its wallet
    /// proves none.
    /// @param agentId The agent.
    /// @param caller Who tried.
    error SelfFeedback(uint256 agentId, address caller);

    /// @notice The client gave no feedback of this number; numbers go from 1 to `lastIndex`.
    /// @param agentId The agent.
    /// @param client The client.
    /// @param feedbackIndex The number given.
    /// @param lastIndex Number of the client's last feedback on the agent.
    error FeedbackUnknown(uint256 agentId, address client, uint64 feedbackIndex, uint64 lastIndex);

    /// @notice The feedback is revoked already.
    /// @param agentId The agent.
    /// @param client The client.
    /// @param feedbackIndex Number of the feedback.
    error AlreadyRevoked(uint256 agentId, address client, uint64 feedbackIndex);

    /// @notice A receipt backs the feedback already.
    /// @param agentId The agent.
    /// @param client The client.
    /// @param feedbackIndex Number of the feedback.
    error AlreadyProven(uint256 agentId, address client, uint64 feedbackIndex);

    /// @notice The receipt names another account than who gave the feedback, or none.
    /// @param account The receipt's account.
    /// @param caller Who gave the feedback.
    error ReceiptOfAnotherAccount(address account, address caller);

    /// @notice The receipt names another agent, or none. Both values are 1 + an agent's id; 0 is none.
    /// @param agent The receipt's agent.
    /// @param expected The agent that the feedback is on.
    error ReceiptOfAnotherAgent(uint256 agent, uint256 expected);

    /// @notice The receipt is not in the batch, or no row that was drawn for the batch covers it.
    /// @param relay Whose batch.
    /// @param batch Its number.
    /// @param requestId The receipt's request.
    error PaymentNotProven(address relay, uint256 batch, bytes32 requestId);

    /// @notice The receipt backs other feedback, or backed some that was revoked.
    /// @param receipt Leaf of the receipt.
    error ReceiptUsed(bytes32 receipt);

    /// @notice Other receipts used up what was drawn for the row.
    /// @param relay Whose batch.
    /// @param batch Its number.
    /// @param row The row's place in the draw.
    /// @param microDollars The receipt's price.
    /// @param left What is left of the row, in micro-dollars.
    error PaymentUsedUp(address relay, uint256 batch, uint256 row, uint64 microDollars, uint64 left);

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

    /// @notice Takes back feedback of the caller's, out of all sums that it is in. Reverts with `FeedbackUnknown` or
    /// `AlreadyRevoked`.
    /// @param agentId The agent.
    /// @param feedbackIndex Number of the feedback.
    function revokeFeedback(uint256 agentId, uint64 feedbackIndex) external;

    /// @notice Backs feedback of the caller's with the receipt of a payment. The receipt names the caller as the account
    /// that paid and this agent as who asked, backs nothing else, and is proved with the row of the draw that paid for
    /// it (`IReceiptRegistry.provePaidReceipt`); all receipts used of one row stay within what was drawn for it. Only a
    /// batch that was drawn from prepaid balances has such rows. Reverts with `FeedbackUnknown`, `AlreadyRevoked`,
    /// `AlreadyProven`, `ReceiptOfAnotherAccount`, `ReceiptOfAnotherAgent`, `SelfFeedback` (by then the caller may own the
    /// agent, or be its wallet), `PaymentNotProven`, `ReceiptUsed` or `PaymentUsedUp`.
    /// @param agentId The agent.
    /// @param feedbackIndex Number of the feedback.
    /// @param paid The receipt, the row that paid for it, and the proofs of both.
    function proveFeedback(uint256 agentId, uint64 feedbackIndex, IReceiptRegistry.PaidReceipt calldata paid) external;

    /// @notice Responds to feedback, revoked or not. Anybody may. Reverts with `EmptyResponseURI` or `FeedbackUnknown`.
    /// @param agentId The agent.
    /// @param clientAddress Who gave the feedback.
    /// @param feedbackIndex Its number.
    /// @param responseURI Where the response is, not empty. Only emitted.
    /// @param responseHash keccak256 of what is there, may be zero. Only emitted.
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

    /// @notice The same as `getSummary`, of proven feedback alone.
    /// @param agentId The agent.
    /// @param clientAddresses Whose feedback counts, not empty. A client that is named twice counts twice.
    /// @param tag1 Only feedback with this first tag; empty for any.
    /// @param tag2 Only feedback with this second tag; empty for any.
    /// @return count How much feedback matches.
    /// @return summaryValue Its mean, truncated towards zero.
    /// @return summaryValueDecimals Decimals of the mean, as `getSummary` chooses them.
    function getProvenSummary(
        uint256 agentId,
        address[] calldata clientAddresses,
        string calldata tag1,
        string calldata tag2
    ) external view returns (uint64 count, int128 summaryValue, uint8 summaryValueDecimals);

    /// @notice Count and mean of all unrevoked proven feedback on an agent, by whomever, at a constant cost; and what was
    /// paid for it.
    /// @param agentId The agent.
    /// @return count How much feedback.
    /// @return summaryValue Its mean, truncated towards zero.
    /// @return summaryValueDecimals Decimals of the mean, as `getSummary` chooses them.
    /// @return microDollars Sum of the prices of the receipts that back it.
    function getProvenTotal(
        uint256 agentId
    ) external view returns (uint64 count, int128 summaryValue, uint8 summaryValueDecimals, uint256 microDollars);

    /// @notice One feedback. Reverts with `FeedbackUnknown`.
    /// @param agentId The agent.
    /// @param clientAddress Who gave it.
    /// @param feedbackIndex Its number.
    /// @return value Integer, to be divided by 10^valueDecimals.
    /// @return valueDecimals 0 to 18.
    /// @return tag1 First tag.
    /// @return tag2 Second tag.
    /// @return isRevoked Whether the client took it back.
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
    /// @return clients Who gave each.
    /// @return feedbackIndexes Number of each.
    /// @return values Value of each, to be divided by 10^valueDecimals.
    /// @return valueDecimals Decimals of each.
    /// @return tag1s First tag of each.
    /// @return tag2s Second tag of each.
    /// @return revokedStatuses Whether each is revoked.
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
    /// @return The page, empty beyond the end.
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
    /// @return count How many.
    function getResponseCount(
        uint256 agentId,
        address clientAddress,
        uint64 feedbackIndex,
        address[] calldata responders
    ) external view returns (uint64 count);

    /// @notice All that ever gave feedback on an agent, in order of their first. Unbounded: `getClientsPage` is not.
    /// @param agentId The agent.
    /// @return The clients.
    function getClients(uint256 agentId) external view returns (address[] memory);

    /// @notice A page of the clients of an agent.
    /// @param agentId The agent.
    /// @param offset How many to skip.
    /// @param limit How many to give at most.
    /// @return The page, empty beyond the end.
    function getClientsPage(uint256 agentId, uint256 offset, uint256 limit) external view returns (address[] memory);

    /// @notice How many clients an agent has.
    /// @param agentId The agent.
    /// @return How many ever gave feedback on it.
    function getClientCount(uint256 agentId) external view returns (uint256);

    /// @notice How much feedback a client ever gave on an agent: the number of the last.
    /// @param agentId The agent.
    /// @param clientAddress The client.
    /// @return Number of its last feedback, 0 for none.
    function getLastIndex(uint256 agentId, address clientAddress) external view returns (uint64);

    /// @notice Whether a receipt was used to back feedback, of which agent ever. It stays used when that is revoked.
    /// @param receipt Leaf of the receipt.
    /// @return Whether it was.
    function isReceiptUsed(bytes32 receipt) external view returns (bool);

    /// @notice How much of a row of a draw was used up by receipts that back feedback, revoked or not.
    /// @param relay Who drew.
    /// @param batch Number of the batch.
    /// @param row The row's place in the draw, from 0.
    /// @return microDollars Sum of their prices.
    function getUsedPayment(address relay, uint256 batch, uint256 row) external view returns (uint64 microDollars);

    /// @notice The registry by which receipts and payments are proved.
    /// @return Its address.
    function getReceiptRegistry() external view returns (address);

    /// @notice The registry whose agents these are.
    /// @return Its address.
    function getIdentityRegistry() external view returns (address);

    /// @notice Version of the ERC-8004 interface: "2.0.0".
    /// @return The version.
    function getVersion() external pure returns (string memory);
}
