// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The form of a model's name: `namespace/name`
/// @notice Unlike a slug it may have dots and underscores, as published names of models do.
library ModelName {
    uint256 private constant MAX_PART_LENGTH = 64;

    /// @notice Takes a name apart.
    /// @return valid Whether it is two parts joined by "/", each of 1 to 64 characters of a-z, 0-9, "-", "_" and ".",
    /// with a letter or digit at both ends.
    /// @return namespace The part before "/".
    function parse(string calldata name) internal pure returns (bool valid, string calldata namespace) {
        bytes calldata text = bytes(name);
        uint256 slash = 0;
        while (slash < text.length && text[slash] != "/") ++slash;
        namespace = string(text[:slash]);
        valid = slash < text.length && _isPart(text[:slash]) && _isPart(text[slash + 1:]);
    }

    function _isPart(bytes calldata part) private pure returns (bool) {
        uint256 length = part.length;
        if (length == 0 || length > MAX_PART_LENGTH) return false;
        if (!_isAlphanumeric(part[0]) || !_isAlphanumeric(part[length - 1])) return false;
        for (uint256 i = 1; i < length; ++i) {
            bytes1 c = part[i];
            if (!_isAlphanumeric(c) && c != "-" && c != "_" && c != ".") return false;
        }
        return true;
    }

    function _isAlphanumeric(bytes1 c) private pure returns (bool) {
        return (c >= "a" && c <= "z") || (c >= "0" && c <= "9");
    }
}
