// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ClusterUpgradeable} from "../access/ClusterUpgradeable.sol";
import {IReceiptRegistry} from "../payments/interfaces/IReceiptRegistry.sol";
import {IIdentityRegistry} from "./interfaces/IIdentityRegistry.sol";
import {IReputationRegistry} from "./interfaces/IReputationRegistry.sol";
import {Page} from "./Page.sol";
import {PaymentProofs} from "./PaymentProofs.sol";
import {Tags} from "./Tags.sol";
import {Tally} from "./Tally.sol";

/// @title ReputationRegistry
/// @notice ERC-8004 feedback on agents. See {IReputationRegistry}.
contract ReputationRegistry is IReputationRegistry, ClusterUpgradeable {
    using Page for address[];
    using PaymentProofs for PaymentProofs.Ledger;
    using Tags for Tags.Pair;
    using Tally for Tally.Running;
    using Tally for Tally.Total;

    /// @dev One slot, and one for short tags. `paid`: micro-dollars of the receipt that backs it, 0 for none.
    struct Feedback {
        int128 value;
        uint8 decimals;
        bool revoked;
        uint48 responses;
        uint64 paid;
        Tags.Pair tags;
    }

    /// @dev What everybody's proven feedback on an agent comes to.
    struct Proven {
        Tally.Running tally;
        uint256 microDollars;
    }

    /// @dev What a client said about an agent. `proven`: of `tally`, what receipts back.
    struct Client {
        Tally.Running tally;
        Tally.Running proven;
        mapping(uint64 index => Feedback) feedback;
        mapping(uint64 index => mapping(address responder => uint64)) responses;
    }

    /// @custom:storage-location erc7201:cluster.storage.ReputationRegistry
    struct ReputationRegistryStorage {
        mapping(uint256 agentId => address[]) clients;
        mapping(uint256 agentId => mapping(address account => Client)) client;
        mapping(uint256 agentId => Proven) proven;
        PaymentProofs.Ledger proofs;
    }

    /// @dev A feedback with what is emitted and not kept.
    struct Given {
        uint256 agentId;
        uint64 index;
        int128 value;
        uint8 decimals;
        string tag1;
        string tag2;
        string endpoint;
        string uri;
        bytes32 hash;
    }

    /// @dev A row of `readAllFeedback`, before it is turned into columns.
    struct Row {
        address client;
        FeedbackView feedback;
    }

    /// @dev What is looked for among feedback.
    struct Search {
        string tag1;
        string tag2;
        bool includeRevoked;
        bool onlyProven;
    }

    // keccak256(abi.encode(uint256(keccak256("cluster.storage.ReputationRegistry")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE_LOCATION = 0x321851b3e5acd68a222ef1b3bd361f5d1eea1b3060766a7528f3d1fbd7337b00;

    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IIdentityRegistry private immutable IDENTITIES;
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IReceiptRegistry private immutable RECEIPTS;

    /// @param identityRegistry Proxy of the IdentityRegistry; the same for every version of this implementation.
    /// @param receiptRegistry Proxy of the ReceiptRegistry, likewise.
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IIdentityRegistry identityRegistry, IReceiptRegistry receiptRegistry) {
        IDENTITIES = identityRegistry;
        RECEIPTS = receiptRegistry;
    }

    /// @notice Sets the authority.
    /// @param authority The AccessManager.
    function initialize(address authority) external initializer {
        __AccessManaged_init(authority);
    }

    // solhint-disable gas-calldata-parameters

    /// @inheritdoc IReputationRegistry
    /// @dev Strings come in memory: eight arguments with four strings in calldata are too many for the stack.
    function giveFeedback(
        uint256 agentId,
        int128 value,
        uint8 valueDecimals,
        string memory tag1,
        string memory tag2,
        string memory endpoint,
        string memory feedbackURI,
        bytes32 feedbackHash
    ) external {
        _give(
            Given({
                agentId: agentId,
                index: 0,
                value: value,
                decimals: valueDecimals,
                tag1: tag1,
                tag2: tag2,
                endpoint: endpoint,
                uri: feedbackURI,
                hash: feedbackHash
            })
        );
    }

    // solhint-enable gas-calldata-parameters

    /// @inheritdoc IReputationRegistry
    function revokeFeedback(uint256 agentId, uint64 feedbackIndex) external {
        Client storage client = _storage().client[agentId][msg.sender];
        Feedback storage feedback = _feedback(agentId, msg.sender, feedbackIndex);
        if (feedback.revoked) revert AlreadyRevoked(agentId, msg.sender, feedbackIndex);
        feedback.revoked = true;
        client.tally.remove(feedback.value, feedback.decimals);
        if (feedback.paid != 0) {
            client.proven.remove(feedback.value, feedback.decimals);
            Proven storage total = _storage().proven[agentId];
            total.tally.remove(feedback.value, feedback.decimals);
            total.microDollars -= feedback.paid;
        }
        emit FeedbackRevoked(agentId, msg.sender, feedbackIndex);
    }

    /// @inheritdoc IReputationRegistry
    function proveFeedback(uint256 agentId, uint64 feedbackIndex, IReceiptRegistry.PaidReceipt calldata paid) external {
        Feedback storage feedback = _feedback(agentId, msg.sender, feedbackIndex);
        if (feedback.revoked) revert AlreadyRevoked(agentId, msg.sender, feedbackIndex);
        if (feedback.paid != 0) revert AlreadyProven(agentId, msg.sender, feedbackIndex);
        if (paid.receipt.account != msg.sender) revert ReceiptOfAnotherAccount(paid.receipt.account, msg.sender);
        if (paid.receipt.agent != agentId + 1) revert ReceiptOfAnotherAgent(paid.receipt.agent, agentId + 1);
        // An agent's wallet is what its own inference is paid from.
        if (IDENTITIES.isAuthorizedOrOwner(msg.sender, agentId) || IDENTITIES.getAgentWallet(agentId) == msg.sender)
            revert SelfFeedback(agentId, msg.sender);
        ReputationRegistryStorage storage $ = _storage();
        bytes32 leaf = $.proofs.use(RECEIPTS, paid);
        uint64 microDollars = paid.receipt.microDollars;
        feedback.paid = microDollars;
        $.client[agentId][msg.sender].proven.add(feedback.value, feedback.decimals);
        Proven storage total = $.proven[agentId];
        total.tally.add(feedback.value, feedback.decimals);
        total.microDollars += microDollars;
        emit FeedbackProven(agentId, msg.sender, feedbackIndex, leaf, paid.relay, paid.batch, paid.row, microDollars);
    }

    /// @inheritdoc IReputationRegistry
    function appendResponse(
        uint256 agentId,
        address clientAddress,
        uint64 feedbackIndex,
        string calldata responseURI,
        bytes32 responseHash
    ) external {
        if (bytes(responseURI).length == 0) revert EmptyResponseURI();
        ++_feedback(agentId, clientAddress, feedbackIndex).responses;
        ++_storage().client[agentId][clientAddress].responses[feedbackIndex][msg.sender];
        emit ResponseAppended(agentId, clientAddress, feedbackIndex, msg.sender, responseURI, responseHash);
    }

    /// @inheritdoc IReputationRegistry
    function getSummary(
        uint256 agentId,
        address[] calldata clientAddresses,
        string calldata tag1,
        string calldata tag2
    ) external view returns (uint64 count, int128 summaryValue, uint8 summaryValueDecimals) {
        return _summary(agentId, clientAddresses, Search(tag1, tag2, false, false));
    }

    /// @inheritdoc IReputationRegistry
    function getProvenSummary(
        uint256 agentId,
        address[] calldata clientAddresses,
        string calldata tag1,
        string calldata tag2
    ) external view returns (uint64 count, int128 summaryValue, uint8 summaryValueDecimals) {
        return _summary(agentId, clientAddresses, Search(tag1, tag2, false, true));
    }

    /// @inheritdoc IReputationRegistry
    function getProvenTotal(
        uint256 agentId
    ) external view returns (uint64 count, int128 summaryValue, uint8 summaryValueDecimals, uint256 microDollars) {
        Proven storage proven = _storage().proven[agentId];
        Tally.Total memory total;
        total.include(proven.tally);
        (count, summaryValue, summaryValueDecimals) = total.mean();
        microDollars = proven.microDollars;
    }

    /// @inheritdoc IReputationRegistry
    function readFeedback(
        uint256 agentId,
        address clientAddress,
        uint64 feedbackIndex
    )
        external
        view
        returns (int128 value, uint8 valueDecimals, string memory tag1, string memory tag2, bool isRevoked)
    {
        Feedback storage feedback = _feedback(agentId, clientAddress, feedbackIndex);
        (tag1, tag2) = feedback.tags.get();
        return (feedback.value, feedback.decimals, tag1, tag2, feedback.revoked);
    }

    // solhint-disable gas-calldata-parameters

    /// @inheritdoc IReputationRegistry
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
        )
    {
        return _columns(_rows(agentId, clientAddresses, Search(tag1, tag2, includeRevoked, false)));
    }

    // solhint-enable gas-calldata-parameters

    /// @inheritdoc IReputationRegistry
    function readFeedbackPage(
        uint256 agentId,
        address clientAddress,
        uint256 offset,
        uint256 limit
    ) external view returns (FeedbackView[] memory page) {
        Client storage client = _storage().client[agentId][clientAddress];
        (uint256 from, uint256 to) = Page.bounds(offset, limit, client.tally.given);
        page = new FeedbackView[](to - from);
        for (uint256 i = from; i < to; ++i) {
            page[i - from] = _view(client, uint64(i + 1));
        }
    }

    /// @inheritdoc IReputationRegistry
    function getResponseCount(
        uint256 agentId,
        address clientAddress,
        uint64 feedbackIndex,
        address[] calldata responders
    ) external view returns (uint64 count) {
        if (clientAddress != address(0)) {
            Client storage one = _storage().client[agentId][clientAddress];
            return _responses(one, feedbackIndex, responders);
        }
        address[] storage clients = _storage().clients[agentId];
        for (uint256 i = 0; i < clients.length; ++i) {
            count += _responses(_storage().client[agentId][clients[i]], 0, responders);
        }
    }

    /// @inheritdoc IReputationRegistry
    function getClients(uint256 agentId) external view returns (address[] memory) {
        return _storage().clients[agentId];
    }

    /// @inheritdoc IReputationRegistry
    function getClientsPage(uint256 agentId, uint256 offset, uint256 limit) external view returns (address[] memory) {
        return _storage().clients[agentId].read(offset, limit);
    }

    /// @inheritdoc IReputationRegistry
    function getClientCount(uint256 agentId) external view returns (uint256) {
        return _storage().clients[agentId].length;
    }

    /// @inheritdoc IReputationRegistry
    function getLastIndex(uint256 agentId, address clientAddress) external view returns (uint64) {
        return _storage().client[agentId][clientAddress].tally.given;
    }

    /// @inheritdoc IReputationRegistry
    function isReceiptUsed(bytes32 receipt) external view returns (bool) {
        return _storage().proofs.used[receipt];
    }

    /// @inheritdoc IReputationRegistry
    function getUsedPayment(address relay, uint256 batch, uint256 row) external view returns (uint64 microDollars) {
        return _storage().proofs.microDollars[relay][batch][row];
    }

    /// @inheritdoc IReputationRegistry
    function getReceiptRegistry() external view returns (address) {
        return address(RECEIPTS);
    }

    /// @inheritdoc IReputationRegistry
    function getIdentityRegistry() external view returns (address) {
        return address(IDENTITIES);
    }

    /// @inheritdoc IReputationRegistry
    function getVersion() external pure returns (string memory) {
        return "2.0.0";
    }

    function _give(Given memory given) private {
        if (given.decimals > Tally.MAX_DECIMALS) revert TooManyDecimals(given.decimals, Tally.MAX_DECIMALS);
        if (given.value > Tally.MAX_VALUE || given.value < -Tally.MAX_VALUE) {
            revert ValueOutOfRange(given.value, Tally.MAX_VALUE);
        }
        if (IDENTITIES.isAuthorizedOrOwner(msg.sender, given.agentId)) {
            revert SelfFeedback(given.agentId, msg.sender);
        }
        ReputationRegistryStorage storage $ = _storage();
        Client storage client = $.client[given.agentId][msg.sender];
        given.index = client.tally.add(given.value, given.decimals);
        if (given.index == 1) $.clients[given.agentId].push(msg.sender);
        Feedback storage feedback = client.feedback[given.index];
        feedback.value = given.value;
        feedback.decimals = given.decimals;
        feedback.tags.set(given.tag1, given.tag2);
        _emit(given);
    }

    function _emit(Given memory given) private {
        emit NewFeedback(
            given.agentId,
            msg.sender,
            given.index,
            given.value,
            given.decimals,
            given.tag1,
            given.tag1,
            given.tag2,
            given.endpoint,
            given.uri,
            given.hash
        );
    }

    function _feedback(uint256 agentId, address account, uint64 index) private view returns (Feedback storage) {
        Client storage client = _storage().client[agentId][account];
        uint64 last = client.tally.given;
        if (index == 0 || index > last) revert FeedbackUnknown(agentId, account, index, last);
        return client.feedback[index];
    }

    function _summary(
        uint256 agentId,
        address[] calldata accounts,
        Search memory search
    ) private view returns (uint64, int128, uint8) {
        if (accounts.length == 0) revert NoClients();
        bool tagged = bytes(search.tag1).length + bytes(search.tag2).length != 0;
        mapping(address account => Client) storage clients = _storage().client[agentId];
        Tally.Total memory total;
        for (uint256 i = 0; i < accounts.length; ++i) {
            Client storage client = clients[accounts[i]];
            if (tagged) _includeTagged(total, client, search);
            else total.include(search.onlyProven ? client.proven : client.tally);
        }
        return total.mean();
    }

    function _includeTagged(Tally.Total memory total, Client storage client, Search memory search) private view {
        uint64 last = client.tally.given;
        for (uint64 index = 1; index <= last; ++index) {
            Feedback storage feedback = client.feedback[index];
            if (_isSought(feedback, search)) total.include(feedback.value, feedback.decimals);
        }
    }

    /// @dev Index 0 for all of the client.
    function _responses(
        Client storage client,
        uint64 index,
        address[] calldata responders
    ) private view returns (uint64 count) {
        uint64 last = index;
        if (index == 0) (index, last) = (1, client.tally.given);
        for (; index <= last; ++index) {
            if (responders.length == 0) count += client.feedback[index].responses;
            for (uint256 i = 0; i < responders.length; ++i) {
                count += client.responses[index][responders[i]];
            }
        }
    }

    function _view(Client storage client, uint64 index) private view returns (FeedbackView memory) {
        Feedback storage feedback = client.feedback[index];
        (string memory tag1, string memory tag2) = feedback.tags.get();
        return
            FeedbackView({
                feedbackIndex: index,
                value: feedback.value,
                valueDecimals: feedback.decimals,
                isRevoked: feedback.revoked,
                responseCount: feedback.responses,
                paid: feedback.paid,
                tag1: tag1,
                tag2: tag2
            });
    }

    /// @dev What `readAllFeedback` finds, client by client.
    function _rows(
        uint256 agentId,
        address[] memory accounts,
        Search memory search
    ) private view returns (Row[] memory rows) {
        if (accounts.length == 0) accounts = _storage().clients[agentId];
        mapping(address account => Client) storage clients = _storage().client[agentId];
        uint256 most = 0;
        for (uint256 i = 0; i < accounts.length; ++i) {
            most += clients[accounts[i]].tally.given;
        }
        rows = new Row[](most);
        uint256 found = 0;
        for (uint256 i = 0; i < accounts.length; ++i) {
            Client storage client = clients[accounts[i]];
            uint64 last = client.tally.given;
            for (uint64 index = 1; index <= last; ++index) {
                if (!_isSought(client.feedback[index], search)) continue;
                rows[found] = Row({client: accounts[i], feedback: _view(client, index)});
                ++found;
            }
        }
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            mstore(rows, found)
        }
    }

    function _isSought(Feedback storage feedback, Search memory search) private view returns (bool) {
        return
            (search.includeRevoked || !feedback.revoked) &&
            (!search.onlyProven || feedback.paid != 0) &&
            feedback.tags.matches(search.tag1, search.tag2);
    }

    function _columns(
        Row[] memory rows
    )
        private
        pure
        returns (
            address[] memory clients,
            uint64[] memory indexes,
            int128[] memory values,
            uint8[] memory decimals,
            string[] memory tag1s,
            string[] memory tag2s,
            bool[] memory revoked
        )
    {
        clients = new address[](rows.length);
        indexes = new uint64[](rows.length);
        values = new int128[](rows.length);
        decimals = new uint8[](rows.length);
        tag1s = new string[](rows.length);
        tag2s = new string[](rows.length);
        revoked = new bool[](rows.length);
        for (uint256 i = 0; i < rows.length; ++i) {
            FeedbackView memory feedback = rows[i].feedback;
            clients[i] = rows[i].client;
            indexes[i] = feedback.feedbackIndex;
            values[i] = feedback.value;
            decimals[i] = feedback.valueDecimals;
            tag1s[i] = feedback.tag1;
            tag2s[i] = feedback.tag2;
            revoked[i] = feedback.isRevoked;
        }
    }

    function _storage() private pure returns (ReputationRegistryStorage storage $) {
        // solhint-disable-next-line no-inline-assembly
        assembly {
            $.slot := STORAGE_LOCATION
        }
    }
}
