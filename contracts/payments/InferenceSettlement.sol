// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IOperatorStaking} from "../compute/interfaces/IOperatorStaking.sol";
import {IModelRegistry} from "../models/interfaces/IModelRegistry.sol";
import {Credits} from "./Credits.sol";
import {Currency} from "./Currency.sol";
import {IInferenceSettlement} from "./interfaces/IInferenceSettlement.sol";
import {Till} from "./Till.sol";

/// @title InferenceSettlement
/// @notice Where all inference money ends, and where it is split. See {IInferenceSettlement}.
contract InferenceSettlement is IInferenceSettlement, Credits {
    using SafeERC20 for IERC20;

    /// @custom:storage-location erc7201:cluster.storage.InferenceSettlement
    struct InferenceSettlementStorage {
        address treasury;
        /// Made once, at initialization: tills keep their addresses across upgrades.
        address tillImplementation;
        /// Funded and not swept, by till and currency.
        mapping(bytes32 salt => mapping(address currency => uint256)) funded;
    }

    // keccak256(abi.encode(uint256(keccak256("cluster.storage.InferenceSettlement")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE_LOCATION = 0x6b8aef12500a7faf3312bdc1b89acb7568604ad4adb0487760cd787e13ba6500;

    uint256 private constant PPM = 1_000_000;

    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IModelRegistry private immutable MODELS;
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IOperatorStaking private immutable STAKING;

    /// @param models Which fixes how fees are shared.
    /// @param staking Where operators' rewards go.
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IModelRegistry models, IOperatorStaking staking) {
        MODELS = models;
        STAKING = staking;
    }

    /// @notice Native coin comes from tills, while they are swept, and from nobody else.
    receive() external payable {
        if (!_reentrancyGuardEntered()) revert InvalidAddress(msg.sender);
    }

    /// @notice Sets the authority and the treasury, and makes the till that clones are made of.
    /// @param authority The AccessManager.
    /// @param initialTreasury Where the treasury's part is credited.
    function initialize(address authority, address initialTreasury) external initializer {
        __AccessManaged_init(authority);
        _storage().tillImplementation = address(new Till());
        _setTreasury(initialTreasury);
    }

    /// @inheritdoc IInferenceSettlement
    function fund(address currency, Share[] calldata shares) external payable nonReentrant {
        uint256 total = _recordShares(currency, shares);
        _owe(currency, total);
        Currency.take(currency, total);
    }

    /// @inheritdoc IInferenceSettlement
    function sweep(
        uint256 modelId,
        uint32 version,
        address operator,
        address currency
    ) external nonReentrant returns (uint256 amount) {
        _requireOther(operator);
        bytes32 salt = _salt(modelId, version, operator);
        amount = _emptyTill(salt, currency) + _takeFunded(salt, currency);
        if (amount == 0) revert NothingToSweep(_tillAt(salt), currency);
        (uint256 toTreasury, uint256 toStack) = _creditPayees(modelId, version, currency, amount);
        uint256 toOperator = amount - toTreasury - toStack;
        emit Swept(modelId, version, operator, currency, amount, toTreasury, toStack, toOperator);
        _payOperator(operator, currency, toOperator);
    }

    /// @inheritdoc IInferenceSettlement
    function setTreasury(address newTreasury) external restricted {
        _setTreasury(newTreasury);
    }

    /// @inheritdoc IInferenceSettlement
    function tillOf(uint256 modelId, address operator) external view returns (address) {
        return _tillAt(_salt(modelId, MODELS.latestVersionOf(modelId), operator));
    }

    /// @inheritdoc IInferenceSettlement
    function tillOf(uint256 modelId, uint32 version, address operator) external view returns (address) {
        return _tillAt(_salt(modelId, version, operator));
    }

    /// @inheritdoc IInferenceSettlement
    function fundedFor(
        uint256 modelId,
        uint32 version,
        address operator,
        address currency
    ) external view returns (uint256) {
        return _storage().funded[_salt(modelId, version, operator)][currency];
    }

    /// @inheritdoc IInferenceSettlement
    function totalOwed(address currency) external view returns (uint256) {
        return _owed(currency);
    }

    /// @inheritdoc IInferenceSettlement
    function treasury() external view returns (address) {
        return _storage().treasury;
    }

    /// @dev Rows of the same till that follow each other are written once.
    function _recordShares(address currency, Share[] calldata shares) private returns (uint256 total) {
        InferenceSettlementStorage storage $ = _storage();
        uint256 i = 0;
        while (i < shares.length) {
            Share calldata first = shares[i];
            uint256 sum = first.amount;
            uint256 next = i + 1;
            for (; next < shares.length && _isSameTill(first, shares[next]); ++next) sum += shares[next].amount;
            i = next;
            if (sum == 0) continue;
            _requireOther(first.operator);
            $.funded[_salt(first.modelId, first.version, first.operator)][currency] += sum;
            total += sum;
            emit Funded(first.modelId, first.version, first.operator, currency, msg.sender, sum);
        }
    }

    /// @dev What comes out is owed to nobody yet: credits and the operator's payment see to that.
    function _emptyTill(bytes32 salt, address currency) private returns (uint256 amount) {
        address till = _tillAt(salt);
        amount = Currency.balanceOf(currency, till);
        if (amount == 0) return 0;
        if (till.code.length == 0) Clones.cloneDeterministic(_storage().tillImplementation, salt);
        uint256 before = Currency.balanceOf(currency, address(this));
        Till(payable(till)).release(currency, address(this), amount);
        Currency.requireReceived(currency, before, amount);
    }

    function _takeFunded(bytes32 salt, address currency) private returns (uint256 amount) {
        InferenceSettlementStorage storage $ = _storage();
        amount = $.funded[salt][currency];
        if (amount == 0) return 0;
        $.funded[salt][currency] = 0;
        _settle(currency, amount);
    }

    /// @dev Reverts for a version that there is not. What rounding drops is not credited: it stays for the operator.
    function _creditPayees(
        uint256 modelId,
        uint32 version,
        address currency,
        uint256 amount
    ) private returns (uint256 toTreasury, uint256 toStack) {
        (uint256 treasuryPpm, uint256 stackPpm, address[] memory accounts, uint256[] memory ppm) = MODELS.payeesOf(
            modelId,
            version
        );
        toTreasury = Math.mulDiv(amount, treasuryPpm, PPM);
        _credit(currency, _storage().treasury, toTreasury);
        uint256 stack = Math.mulDiv(amount, stackPpm, PPM);
        for (uint256 i = 0; i < accounts.length; ++i) {
            uint256 share = Math.mulDiv(stack, ppm[i], PPM);
            toStack += share;
            _credit(currency, accounts[i], share);
        }
    }

    /// @dev No `try`: with too little gas a sweep could fail in there, and turn what is the delegators' too into a credit
    /// of the operator alone. Never 0: treasury and stack together take less than all, rounded down.
    function _payOperator(address operator, address currency, uint256 amount) private {
        if (!STAKING.isOperator(operator)) {
            _credit(currency, operator, amount);
        } else if (currency == Currency.NATIVE) {
            STAKING.addReward{value: amount}(operator, currency, amount);
        } else {
            IERC20(currency).forceApprove(address(STAKING), amount);
            STAKING.addReward(operator, currency, amount);
        }
    }

    function _setTreasury(address newTreasury) private {
        _requireOther(newTreasury);
        _storage().treasury = newTreasury;
        emit TreasurySet(newTreasury);
    }

    function _tillAt(bytes32 salt) private view returns (address) {
        return Clones.predictDeterministicAddress(_storage().tillImplementation, salt);
    }

    function _isSameTill(Share calldata one, Share calldata other) private pure returns (bool) {
        return one.modelId == other.modelId && one.version == other.version && one.operator == other.operator;
    }

    function _salt(uint256 modelId, uint32 version, address operator) private pure returns (bytes32) {
        return keccak256(abi.encode(modelId, version, operator));
    }

    function _storage() private pure returns (InferenceSettlementStorage storage $) {
        // solhint-disable-next-line no-inline-assembly
        assembly {
            $.slot := STORAGE_LOCATION
        }
    }
}
