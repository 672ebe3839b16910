// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IFaultVerifier} from "../interfaces/IFaultVerifier.sol";

/// @notice A model's shape, and how many tokens it runs on.
struct Shape {
    uint256 layers;
    uint256 heads;
    uint256 kvHeads;
    uint256 context;
    uint256 ffn;
    uint256 vocab;
    uint256 eos;
    uint256 eps;
    uint256 dim;
    uint256 kvDim;
    uint256 ops;
    uint256 tail;
    uint256 prompt;
    uint256 completion;
    uint256 positions;
    uint256 spans;
    bool sampled;
}

/// @notice One op of a run: where its values stand.
/// @param size Bytes a value; rows of quantised values have 2 and a byte in front.
/// @param width Values a row, where that is the same for all rows and chunks of 192.
/// @param slot Number within its layer, or within the tail.
/// @param matrix The weights that it reads.
/// @param out Fraction bits of a LINEAR's result.
/// @param columns Of a LINEAR whose rows are channels and whose chunks are positions.
struct Op {
    uint256 number;
    IFaultVerifier.Kind kind;
    uint256 slot;
    uint256 rows;
    uint256 chunks;
    uint256 size;
    uint256 width;
    uint256 matrix;
    uint256 out;
    bool columns;
}

/// @title What a model computes, op by op
/// @notice docs/proof-of-compute.md, sections 1 and 4: shapes, numbers and places only.
library Shapes {
    using Math for uint256;

    /// @notice Values of an ordinary leaf.
    uint256 internal constant WIDTH = 192;
    /// @notice Positions of an attention leaf, and of a leaf of the values' columns.
    uint256 internal constant SPAN = 256;
    /// @notice Channels of a head.
    uint256 internal constant HEAD = 64;
    /// @notice Tokens of a leaf.
    uint256 internal constant TOKENS = 64;
    /// @notice Stands for the completion's tokens among the ops.
    uint256 internal constant COMPLETION = 0xFFFFFFFF;
    /// @notice Ops of a layer.
    uint256 internal constant LAYER_OPS = 19;
    /// @notice Bits of the program word that are used.
    uint256 internal constant PROGRAM_BITS = 152;

    uint256 private constant MAX_LAYERS = 100;
    uint256 private constant MAX_WIDTH = 1536;
    uint256 private constant MAX_VOCAB = 65_536;
    uint256 private constant MAX_CONTEXT = 2048;

    /// @notice The formulas' bounds do not cover a model of this shape.
    /// @param program The word of the shape.
    error InvalidProgram(bytes32 program);

    /// @notice So many tokens do not go together with the model and the request.
    /// @param prompt Tokens of the prompt.
    /// @param completion Tokens of the completion.
    /// @param max The most it can be.
    /// @param context The most positions.
    error InvalidCounts(uint256 prompt, uint256 completion, uint256 max, uint256 context);

    /// @dev Says nothing of whether there can be such a shape: `requireValid`.
    function read(
        bytes32 program,
        uint256 prompt,
        uint256 completion,
        bool sampled
    ) internal pure returns (Shape memory s) {
        uint256 word = uint256(program);
        s.layers = uint8(word);
        s.heads = uint8(word >> 8);
        s.kvHeads = uint8(word >> 16);
        s.context = uint16(word >> 24);
        s.ffn = uint16(word >> 40);
        s.vocab = uint32(word >> 56);
        s.eos = uint32(word >> 88);
        s.eps = uint32(word >> 120);
        s.dim = HEAD * s.heads;
        s.kvDim = HEAD * s.kvHeads;
        s.tail = 1 + LAYER_OPS * s.layers;
        s.ops = s.tail + 5;
        s.prompt = prompt;
        s.completion = completion;
        s.positions = prompt + completion - 1;
        s.spans = s.positions.ceilDiv(SPAN);
        s.sampled = sampled;
    }

    /// @dev Reverts with `InvalidProgram`, `InvalidCounts`.
    function requireValid(bytes32 program, uint256 prompt, uint256 completion, uint256 max) internal pure {
        if (prompt == 0 || completion == 0 || completion > max) {
            revert InvalidCounts(prompt, completion, max, 0);
        }
        Shape memory s = read(program, prompt, completion, false);
        bool heads = s.kvHeads != 0 && s.heads % s.kvHeads == 0 && s.kvDim % WIDTH == 0;
        bool widths = _isWidth(s.dim, MAX_WIDTH) && _isWidth(s.ffn, MAX_WIDTH) && _isWidth(s.vocab, MAX_VOCAB);
        bool rest = s.layers != 0 && s.layers <= MAX_LAYERS && s.eos < s.vocab && s.eps != 0;
        bool context = s.context != 0 && s.context <= MAX_CONTEXT;
        if (!heads || !widths || !rest || !context || uint256(program) >> PROGRAM_BITS != 0) {
            revert InvalidProgram(program);
        }
        if (prompt + completion > s.context) revert InvalidCounts(prompt, completion, max, s.context);
    }

    /// @dev Reverts with `NoSuchOp`.
    function opOf(Shape memory s, uint256 number) internal pure returns (Op memory op) {
        if (number >= s.ops) revert IFaultVerifier.NoSuchOp(number);
        op.number = number;
        op.size = 4;
        op.out = 16;
        op.rows = s.positions;
        if (number == 0) {
            _wide(op, IFaultVerifier.Kind.Embed, s.dim);
            op.matrix = 7 * s.layers;
        } else if (number < s.tail) {
            op.slot = (number - 1) % LAYER_OPS;
            uint256 first = 7 * ((number - 1) / LAYER_OPS);
            if (op.slot < 4) _projections(s, op, first);
            else if (op.slot < 8) _attention(s, op);
            else if (op.slot < 13) _output(s, op, first);
            else _feedForward(s, op, first);
        } else {
            _tail(s, op);
        }
    }

    /// @dev Values of a leaf; 0 where there is none.
    function countOf(Shape memory s, Op memory op, uint256 row, uint256 chunk) internal pure returns (uint256) {
        if (row >= op.rows || chunk >= op.chunks) return 0;
        if (op.columns) return Math.min(SPAN, s.positions - SPAN * chunk);
        if (op.kind == IFaultVerifier.Kind.Score) {
            uint256 first = SPAN * (chunk / s.heads);
            return row < first ? 0 : Math.min(SPAN, row + 1 - first);
        }
        if (op.kind == IFaultVerifier.Kind.Max) return SPAN * chunk > row ? 0 : s.heads;
        if (op.kind == IFaultVerifier.Kind.Attend) return SPAN * (chunk / s.heads) > row ? 0 : HEAD + 1;
        return op.chunks == 1 ? op.width : Math.min(WIDTH, op.width - WIDTH * chunk);
    }

    /// @dev Bytes of a leaf; 0 where there is none.
    function lengthOf(Shape memory s, Op memory op, uint256 row, uint256 chunk) internal pure returns (uint256) {
        uint256 count = countOf(s, op, row, chunk);
        if (count == 0) return 0;
        bool quantised = op.kind == IFaultVerifier.Kind.Normq || op.kind == IFaultVerifier.Kind.Quant;
        return count * op.size + (quantised ? 1 : 0);
    }

    /// @dev Leaves of the prompt's or the completion's tokens, by how many tokens there are.
    function tokenLeaves(uint256 count) internal pure returns (uint256) {
        return count.ceilDiv(TOKENS);
    }

    /// @dev Bytes of a leaf of tokens; 0 where there is none.
    function tokensLength(uint256 count, uint256 leaf) internal pure returns (uint256) {
        return leaf < tokenLeaves(count) ? 4 * Math.min(TOKENS, count - TOKENS * leaf) : 0;
    }

    /// @dev Rows of a matrix, and bytes of each.
    function matrixOf(Shape memory s, uint256 number) internal pure returns (uint256 rows, uint256 length) {
        uint256 part = number % 7;
        if (number >= 7 * s.layers) {
            part = number - 7 * s.layers;
            if (part == 0) return (s.vocab, 5 + s.dim);
            return part == 1 ? (1, 2 * s.dim) : (s.context, 2 * HEAD);
        }
        if (part == 0 || part == 4) return (1, 2 * s.dim);
        if (part == 1) return (s.dim + s.kvDim, 5 + s.dim);
        if (part == 2) return (s.kvDim, 5 + s.dim);
        if (part == 3) return (s.dim, 5 + s.dim);
        return part == 5 ? (2 * s.ffn, 5 + s.dim) : (s.dim, 5 + s.ffn);
    }

    /// @dev Levels of a tree over so many things.
    function depth(uint256 count) internal pure returns (uint256) {
        return count < 2 ? 0 : Math.log2(count - 1) + 1;
    }

    /// @dev Levels of an op's tree that tell chunks apart; none if it has no rows.
    function chunkDepth(Op memory op) internal pure returns (uint256) {
        return op.rows == 0 ? 0 : depth(op.chunks);
    }

    /// @dev Levels of an op's tree.
    function depthOf(Op memory op) internal pure returns (uint256) {
        return depth(op.rows) + chunkDepth(op);
    }

    /// @dev Place of a leaf in its op's tree.
    function placeOf(Op memory op, uint256 row, uint256 chunk) internal pure returns (uint256) {
        return (row << chunkDepth(op)) + chunk;
    }

    function _projections(Shape memory s, Op memory op, uint256 first) private pure {
        if (op.slot == 0) {
            _whole(op, IFaultVerifier.Kind.Normq, s.dim);
            op.size = 2;
            op.matrix = first;
        } else if (op.slot == 1) {
            _wide(op, IFaultVerifier.Kind.Linear, s.dim + s.kvDim);
            op.matrix = first + 1;
        } else if (op.slot == 2) {
            op.kind = IFaultVerifier.Kind.Linear;
            op.rows = s.kvDim;
            op.chunks = s.spans;
            op.matrix = first + 2;
            op.columns = true;
        } else {
            _wide(op, IFaultVerifier.Kind.Rope, s.dim + s.kvDim);
            op.matrix = 7 * s.layers + 2;
        }
    }

    function _attention(Shape memory s, Op memory op) private pure {
        if (op.slot == 7) return _wide(op, IFaultVerifier.Kind.Divide, s.dim);
        op.chunks = op.slot == 5 ? s.spans : s.spans * s.heads;
        if (op.slot == 4) {
            op.kind = IFaultVerifier.Kind.Score;
        } else if (op.slot == 5) {
            op.kind = IFaultVerifier.Kind.Max;
        } else {
            op.kind = IFaultVerifier.Kind.Attend;
            op.size = 8;
        }
    }

    function _output(Shape memory s, Op memory op, uint256 first) private pure {
        if (op.slot == 8) {
            _whole(op, IFaultVerifier.Kind.Peak, s.dim / WIDTH);
        } else if (op.slot == 9) {
            _whole(op, IFaultVerifier.Kind.Quant, s.dim);
            op.size = 2;
        } else if (op.slot == 10) {
            _wide(op, IFaultVerifier.Kind.Linear, s.dim);
            op.matrix = first + 3;
            op.out = 14;
        } else if (op.slot == 11) {
            _wide(op, IFaultVerifier.Kind.Add, s.dim);
        } else {
            _whole(op, IFaultVerifier.Kind.Normq, s.dim);
            op.size = 2;
            op.matrix = first + 4;
        }
    }

    function _feedForward(Shape memory s, Op memory op, uint256 first) private pure {
        if (op.slot == 13) {
            _wide(op, IFaultVerifier.Kind.Linear, 2 * s.ffn);
            op.matrix = first + 5;
        } else if (op.slot == 14) {
            _wide(op, IFaultVerifier.Kind.Swiglu, s.ffn);
        } else if (op.slot == 15) {
            _whole(op, IFaultVerifier.Kind.Peak, s.ffn / WIDTH);
        } else if (op.slot == 16) {
            _whole(op, IFaultVerifier.Kind.Quant, s.ffn);
            op.size = 2;
        } else if (op.slot == 17) {
            _wide(op, IFaultVerifier.Kind.Linear, s.dim);
            op.matrix = first + 6;
            op.out = 14;
        } else {
            _wide(op, IFaultVerifier.Kind.Add, s.dim);
        }
    }

    function _tail(Shape memory s, Op memory op) private pure {
        op.slot = op.number - s.tail;
        op.rows = s.completion;
        if (op.slot == 0) {
            _whole(op, IFaultVerifier.Kind.Normq, s.dim);
            op.size = 2;
            op.matrix = 7 * s.layers + 1;
        } else if (op.slot == 1) {
            _wide(op, IFaultVerifier.Kind.Linear, s.vocab);
            op.matrix = 7 * s.layers;
        } else {
            op.size = 8;
            if (op.slot == 3) return _whole(op, IFaultVerifier.Kind.Top, 1);
            _wide(op, op.slot == 2 ? IFaultVerifier.Kind.ChunkMax : IFaultVerifier.Kind.Sum, s.vocab / WIDTH);
            if (op.slot == 4 && !s.sampled) op.rows = 0;
        }
    }

    function _wide(Op memory op, IFaultVerifier.Kind kind, uint256 width) private pure {
        op.kind = kind;
        op.width = width;
        op.chunks = width.ceilDiv(WIDTH);
    }

    function _whole(Op memory op, IFaultVerifier.Kind kind, uint256 width) private pure {
        op.kind = kind;
        op.width = width;
        op.chunks = 1;
    }

    function _isWidth(uint256 width, uint256 most) private pure returns (bool) {
        return width != 0 && width % WIDTH == 0 && width <= most;
    }
}
