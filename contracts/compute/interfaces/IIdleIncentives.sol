// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IOperatorStaking} from "./IOperatorStaking.sol";

/// @title Pays operators for being there: CP a second, shared by idle stake and capacity among those who answered
/// @notice Time is cut into epochs. Once in an epoch, at a moment that nobody can foresee, the prober opens a challenge
/// and the epoch's pot is set aside from what was funded. Operators that answer within the window share the pot by
/// weight = active stake without locks × weight of their capacity class; what they get goes to their pools in
/// OperatorStaking, so delegators share it. No answer, no pay. Amounts are CP in wei, times unix seconds.
/// An answer proves that the node was awake at that moment, not what it can compute: capacity classes are given by the
/// holder of a role, on evidence from outside this contract.
interface IIdleIncentives {
    /// @notice An epoch's challenge.
    /// @param pot Wei not paid out yet.
    /// @param weight Weight of the answers not paid yet.
    /// @param closesAt Answers are taken before this time; 0 if there was no challenge.
    struct Epoch {
        uint128 pot;
        uint128 weight;
        uint64 closesAt;
    }

    /// @notice CP came in for the epochs to come.
    /// @param payer Who paid.
    /// @param amount Wei of CP.
    event Funded(address indexed payer, uint256 amount);

    /// @notice A challenge was opened and `pot` set aside for those who answer before `closesAt`.
    /// @param epoch Number of the epoch.
    /// @param pot Wei set aside.
    /// @param closesAt Answers are taken before this unix second.
    event ChallengeOpened(uint256 indexed epoch, uint256 pot, uint256 closesAt);

    /// @notice An operator answered, by itself or by its node.
    /// @param epoch Number of the epoch.
    /// @param operator The operator.
    /// @param by Who answered for it.
    /// @param weight Idle stake × weight of its class.
    event Answered(uint256 indexed epoch, address indexed operator, address by, uint256 weight);

    /// @notice An operator's part went to its pools.
    /// @param epoch Number of the epoch.
    /// @param operator The operator.
    /// @param amount Wei of CP.
    event Paid(uint256 indexed epoch, address indexed operator, uint256 amount);

    /// @notice Nobody had answered: the pot is there for the epochs to come.
    /// @param epoch Number of the epoch.
    /// @param amount Wei of CP.
    event PotReturned(uint256 indexed epoch, uint256 amount);

    /// @notice An operator named the account that answers for it; zero for none.
    /// @param operator The operator.
    /// @param node The account; zero for none.
    event NodeSet(address indexed operator, address node);

    /// @notice An operator's capacity class was set; 0 takes part in nothing.
    /// @param operator The operator.
    /// @param capacityClass The class; 0 for none.
    event CapacityClassSet(address indexed operator, uint8 capacityClass);

    /// @notice What a unit of stake counts in a capacity class was set.
    /// @param capacityClass The class, from 1.
    /// @param weight What a unit of stake counts.
    event ClassWeightSet(uint8 indexed capacityClass, uint16 weight);

    /// @notice The emission was set, in wei a second.
    /// @param rate Wei of CP a second.
    event RateSet(uint256 rate);

    /// @notice Wei of CP that nobody is owed were sent away.
    /// @param to Where they go.
    /// @param amount Wei of CP.
    event SurplusRescued(address indexed to, uint256 amount);

    /// @notice An amount that can't be 0.
    error ZeroAmount();

    /// @notice The epoch had its challenge.
    /// @param epoch Number of the epoch.
    error AlreadyChallenged(uint256 epoch);

    /// @notice Answers are not taken: no challenge, or its window is over.
    /// @param epoch Number of the epoch.
    error NotOpen(uint256 epoch);

    /// @notice Answers are still taken, or there was no challenge.
    /// @param epoch Number of the epoch.
    error NotClosed(uint256 epoch);

    /// @notice The caller does not answer for this operator.
    /// @param caller Who tried.
    /// @param operator The operator.
    error NotNode(address caller, address operator);

    /// @notice The operator has answered.
    /// @param epoch Number of the epoch.
    /// @param operator The operator.
    error AlreadyAnswered(uint256 epoch, address operator);

    /// @notice The operator has no capacity class that counts, no idle stake, or less own stake than it needs for jobs.
    /// @param operator The operator.
    error NotAvailable(address operator);

    /// @notice The operator has not answered in the epoch, or was paid.
    /// @param epoch Number of the epoch.
    /// @param operator The operator.
    error NothingDue(uint256 epoch, address operator);

    /// @notice Class 0 has no weight.
    /// @param capacityClass The class, from 1.
    error InvalidClass(uint8 capacityClass);

    /// @notice A rate above what can be.
    /// @param rate Wei of CP a second.
    /// @param max Highest there can be, in wei a second.
    error RateTooHigh(uint256 rate, uint256 max);

    /// @notice Fewer units arrived than were taken.
    /// @param received Wei that came.
    /// @param expected Wei that were to come.
    error ReceivedLess(uint256 received, uint256 expected);

    /// @notice A receiver can't be this address.
    /// @param account The address given.
    error InvalidAddress(address account);

    /// @notice More was asked for than nobody is owed.
    /// @param asked Wei asked for.
    /// @param surplus Wei that nobody is owed.
    error SurplusExceeded(uint256 asked, uint256 surplus);

    // solhint-disable ordering

    /// @notice Length of an epoch, in seconds: 1 day. Epoch n begins at n times this.
    /// @return Seconds.
    function EPOCH() external view returns (uint64);

    /// @notice How long answers are taken, in seconds: 10 minutes.
    /// @return Seconds.
    function ANSWER_WINDOW() external view returns (uint64);

    /// @notice Highest rate, in wei of CP a second.
    /// @return Wei a second.
    function MAX_RATE() external view returns (uint256);

    /// @notice Takes CP from the caller for the epochs to come. The caller has approved this contract.
    /// @param amount Wei of CP.
    function fund(uint256 amount) external;

    /// @notice Opens the challenge of the epoch that is now, once, and sets its pot aside: what an epoch emits, or what
    /// is left. Restricted; the moment must be random.
    function openChallenge() external;

    /// @notice Answers the open challenge of an epoch for an operator. For the operator or its node.
    /// @param epoch Number of the epoch.
    /// @param operator The operator.
    function answer(uint256 epoch, address operator) external;

    /// @notice Names the account that may answer for the caller beside itself: the stake's key stays cold.
    /// @param node The account; zero for none.
    function setNode(address node) external;

    /// @notice Pays operators their parts of an epoch that is closed. Anyone may call it. Never paused here; it needs
    /// OperatorStaking to take rewards.
    /// @param epoch Number of the epoch.
    /// @param operators Whom to pay; each answered and was not paid.
    function pay(uint256 epoch, address[] calldata operators) external;

    /// @notice Frees the pot of a closed epoch in which nobody answered. Anyone may call it.
    /// @param epoch Number of the epoch.
    function returnPot(uint256 epoch) external;

    /// @notice The epoch that is now.
    /// @return Its number.
    function currentEpoch() external view returns (uint256);

    /// @notice An epoch's challenge.
    /// @param epoch Number of the epoch.
    /// @return The challenge.
    function epochOf(uint256 epoch) external view returns (Epoch memory);

    /// @notice Weight of an operator's answer that is not paid yet; 0 if it did not answer or was paid.
    /// @param epoch Number of the epoch.
    /// @param operator The operator.
    /// @return The weight.
    function dueWeight(uint256 epoch, address operator) external view returns (uint256);

    /// @notice Weight that an answer of the operator would have now; 0 if it can't answer.
    /// @param operator The operator.
    /// @return The weight.
    function weightOf(address operator) external view returns (uint256);

    /// @notice The account that answers for an operator beside itself.
    /// @param operator The operator.
    /// @return The account; zero for none.
    function nodeOf(address operator) external view returns (address);

    /// @notice An operator's capacity class; 0 for none.
    /// @param operator The operator.
    /// @return The class.
    function capacityClassOf(address operator) external view returns (uint8);

    /// @notice What a unit of stake counts in a capacity class.
    /// @param capacityClass The class, from 1.
    /// @return The weight.
    function classWeight(uint8 capacityClass) external view returns (uint16);

    /// @notice Emission in wei of CP a second, while there are funds.
    /// @return Wei a second.
    function rate() external view returns (uint256);

    /// @notice Wei of CP for the epochs to come.
    /// @return Wei.
    function funds() external view returns (uint256);

    /// @notice Wei of CP set aside in pots. This contract holds exactly `funds` + `reserved`, but for what was sent here
    /// outside the functions.
    /// @return Wei.
    function reserved() external view returns (uint256);

    /// @notice The token that is paid: CP.
    /// @return Its address.
    function token() external view returns (IERC20);

    /// @notice Where stake is looked up and rewards go.
    /// @return Its address.
    function staking() external view returns (IOperatorStaking);

    /// @notice Sets the emission, in wei of CP a second, for challenges to come. Restricted, delayed.
    /// @param rate Wei of CP a second.
    function setRate(uint256 rate) external;

    /// @notice Sets what a unit of stake counts in a class (not 0). Restricted, delayed.
    /// @param capacityClass The class, from 1.
    /// @param weight What a unit of stake counts.
    function setClassWeight(uint8 capacityClass, uint16 weight) external;

    /// @notice Sets an operator's capacity class. Restricted.
    /// @param operator The operator.
    /// @param capacityClass The class; 0 for none.
    function setCapacityClass(address operator, uint8 capacityClass) external;

    /// @notice Sends away CP that nobody is owed. Restricted, delayed.
    /// @param to Where they go.
    /// @param amount Wei of CP.
    function rescueSurplus(address to, uint256 amount) external;

    /// @notice Stops funding and new challenges. Restricted, immediate. Answers and pay go on.
    function pause() external;

    /// @notice Undoes `pause`. Restricted.
    function unpause() external;
}
