// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IFaultVerifier} from "../interfaces/IFaultVerifier.sol";
import {Op, Shape, Shapes} from "./Shapes.sol";
import {Steps} from "./Steps.sol";
import {Trees} from "./Trees.sol";

/// @title FaultVerifier
/// @notice Opens leaves and recomputes a step; has no state. See {IFaultVerifier}.
contract FaultVerifier is IFaultVerifier {
    using Shapes for Shape;

    /// @dev What a proof is about: `fault` stays in calldata.
    struct Case {
        TraceClaim claim;
        Shape shape;
    }

    uint256 private constant WIDTH = Shapes.WIDTH;
    uint256 private constant SPAN = Shapes.SPAN;
    uint256 private constant HEAD = Shapes.HEAD;
    uint256 private constant TOKENS = Shapes.TOKENS;

    /// @inheritdoc IFaultVerifier
    function requireFault(TraceClaim calldata claim, Fault calldata fault) external pure returns (uint256 place) {
        Case memory c = Case(
            claim,
            Shapes.read(claim.program, claim.promptTokens, claim.completionTokens, claim.beta != 0)
        );
        bool differs;
        if (fault.kind == Kind.Pad) differs = _pad(c, fault);
        else if (fault.kind == Kind.Token) differs = _token(c, fault);
        else if (fault.kind == Kind.Stop) differs = _stop(c, fault);
        else if (fault.kind == Kind.Salt) differs = _salt(c, fault);
        else differs = _step(c, fault);
        if (!differs) revert NoFault();
        place = _placeOf(fault);
    }

    /// @dev A value of an op's leaf.
    function _step(Case memory c, Fault calldata f) private pure returns (bool) {
        Op memory op = c.shape.opOf(f.op);
        if (op.kind != f.kind) revert WrongKind(f.op, op.kind);
        bytes calldata accused = _leaf(c, f, 0, op, f.row, f.chunk);
        if (op.kind == Kind.Normq) return _normq(c, f, op, accused);
        if (op.kind == Kind.Quant) return _quant(c, f, op, accused);
        uint256 element = f.element;
        if (op.kind == Kind.Top) element = 0;
        else _requireElement(element, accused.length / op.size);
        return Steps.valueAt(accused, op.size, element) != _recomputed(c, f, op);
    }

    /// @dev The right value.
    function _recomputed(Case memory c, Fault calldata f, Op memory op) private pure returns (int256) {
        if (op.kind == Kind.Linear) return _linear(c, f, op);
        if (op.kind == Kind.Attend) return _attend(c, f, op);
        if (op.kind == Kind.Score) return _score(c, f, op);
        if (op.kind == Kind.Embed) return _embed(c, f, op);
        if (op.kind == Kind.Rope) return _rope(c, f, op);
        if (op.kind == Kind.Max) return _max(c, f, op);
        return _narrow(c, f, op);
    }

    /// @dev Of kinds that look at a value or two, or a leaf.
    function _narrow(Case memory c, Fault calldata f, Op memory op) private pure returns (int256) {
        if (op.kind == Kind.Divide) return _divide(c, f, op);
        if (op.kind == Kind.Add) return _add(c, f, op);
        if (op.kind == Kind.Swiglu) return _swiglu(c, f, op);
        if (op.kind == Kind.Sum) return _sum(c, f, op);
        if (op.kind == Kind.ChunkMax) return _chunkMax(c, f, op);
        Op memory before = _back(c, op, 1);
        if (op.kind == Kind.Top) return Steps.maxOf(_row(c, f, 1, before, f.row), 8);
        return Steps.sat32(int256(Steps.maxAbs(_leaf(c, f, 1, before, f.row, f.element))));
    }

    function _embed(Case memory c, Fault calldata f, Op memory op) private pure returns (int256) {
        // A token beyond the vocabulary is at fault itself; so that nobody has to open what is not there: its last row.
        uint256 row = Math.min(_tokenOf(c, f), c.shape.vocab - 1);
        return Steps.embed(_weights(c, f, 2, op.matrix, row), WIDTH * f.chunk + f.element);
    }

    /// @dev The token at the accused position.
    function _tokenOf(Case memory c, Fault calldata f) private pure returns (uint256) {
        uint256 t = f.row;
        bool prompted = t < c.shape.prompt;
        if (!prompted) t -= c.shape.prompt;
        return _wordAt(_tokens(c, f, 1, prompted, t / TOKENS), t % TOKENS);
    }

    function _normq(Case memory c, Fault calldata f, Op memory op, bytes calldata accused) private pure returns (bool) {
        uint256 row = f.row;
        if (op.number == c.shape.tail) row += c.shape.prompt - 1;
        bytes calldata x = _row(c, f, 1, _back(c, op, 1), row);
        return Steps.normqDiffers(accused, x, _weights(c, f, 2, op.matrix, 0), c.shape.eps);
    }

    function _linear(Case memory c, Fault calldata f, Op memory op) private pure returns (int256) {
        bytes calldata activations;
        uint256 n = f.row;
        if (op.columns) {
            activations = _leaf(c, f, 1, _back(c, op, 2), SPAN * f.chunk + f.element, 0);
        } else {
            activations = _leaf(c, f, 1, _back(c, op, 1), n, 0);
            n = WIDTH * f.chunk + f.element;
        }
        return Steps.linear(activations, _weights(c, f, 2, op.matrix, n), op.out);
    }

    function _rope(Case memory c, Fault calldata f, Op memory op) private pure returns (int256) {
        bytes calldata x = _leaf(c, f, 1, _back(c, op, 2), f.row, f.chunk);
        bytes calldata turn = _weights(c, f, 2, op.matrix, f.row);
        uint256 i = f.element;
        uint256 even = i - (i % 2);
        uint256 pair = (i % HEAD) / 2;
        int256 cosine = Steps.valueAt(turn, 2, pair);
        int256 sine = Steps.valueAt(turn, 2, HEAD / 2 + pair);
        return Steps.rope(Steps.valueAt(x, 4, even), Steps.valueAt(x, 4, even + 1), cosine, sine, i % 2 == 1);
    }

    function _score(Case memory c, Fault calldata f, Op memory op) private pure returns (int256) {
        Op memory roped = _back(c, op, 1);
        uint256 heads = c.shape.heads;
        uint256 head = f.chunk % heads;
        uint256 position = SPAN * (f.chunk / heads) + f.element;
        bytes calldata q = _headOf(_leaf(c, f, 1, roped, f.row, head / 3), head);
        head = heads + (head * c.shape.kvHeads) / heads;
        return Steps.score(q, _headOf(_leaf(c, f, 2, roped, position, head / 3), head));
    }

    function _max(Case memory c, Fault calldata f, Op memory op) private pure returns (int256 most) {
        most = Steps.maxOf(_leaf(c, f, 1, _back(c, op, 1), f.row, f.chunk * c.shape.heads + f.element), 4);
        if (f.chunk != 0) {
            int256 before = Steps.valueAt(_leaf(c, f, 2, op, f.row, f.chunk - 1), 4, f.element);
            if (before > most) most = before;
        }
    }

    function _attend(Case memory c, Fault calldata f, Op memory op) private pure returns (int256) {
        bytes calldata scores = _leaf(c, f, 1, _back(c, op, 2), f.row, f.chunk);
        bytes calldata maxima = _leaf(c, f, 2, _back(c, op, 1), f.row, f.row / SPAN);
        int256 top = Steps.valueAt(maxima, 4, f.chunk % c.shape.heads);
        return Steps.attend(scores, top, _channel(c, f, op), _before(c, f, op));
    }

    /// @dev What an ATTEND value is a sum of; nothing for the sum of the weights.
    function _channel(Case memory c, Fault calldata f, Op memory op) private pure returns (bytes calldata) {
        uint256 heads = c.shape.heads;
        if (f.element == HEAD) return f.openings[0].data[0:0];
        uint256 channel = HEAD * (((f.chunk % heads) * c.shape.kvHeads) / heads) + f.element;
        return _leaf(c, f, 3, _back(c, op, 4), channel, f.chunk / heads);
    }

    /// @dev An ATTEND value of the chunk before, or 0.
    function _before(Case memory c, Fault calldata f, Op memory op) private pure returns (int256) {
        uint256 heads = c.shape.heads;
        if (f.chunk < heads) return 0;
        return Steps.valueAt(_leaf(c, f, f.element == HEAD ? 3 : 4, op, f.row, f.chunk - heads), 8, f.element);
    }

    function _divide(Case memory c, Fault calldata f, Op memory op) private pure returns (int256) {
        uint256 column = WIDTH * f.chunk + f.element;
        uint256 chunk = (f.row / SPAN) * c.shape.heads + column / HEAD;
        bytes calldata totals = _leaf(c, f, 1, _back(c, op, 1), f.row, chunk);
        return Steps.divide(Steps.valueAt(totals, 8, column % HEAD), Steps.valueAt(totals, 8, HEAD));
    }

    function _quant(Case memory c, Fault calldata f, Op memory op, bytes calldata accused) private pure returns (bool) {
        int256 most = Steps.maxOf(_leaf(c, f, 1, _back(c, op, 1), f.row, 0), 4);
        uint256 shift = most > 0 ? Steps.shiftOf(uint256(most)) : 0;
        uint256 i = f.element;
        if (i == op.width) return uint8(accused[0]) != shift;
        _requireElement(i, op.width);
        bytes calldata values = _leaf(c, f, 2, _back(c, op, 2), f.row, i / WIDTH);
        return Steps.valueAt(accused[1:], 2, i) != Steps.code(Steps.valueAt(values, 4, i % WIDTH), shift);
    }

    function _add(Case memory c, Fault calldata f, Op memory op) private pure returns (int256) {
        // x is the op before the layer's first; the second sum adds to the first one.
        Op memory kept = _back(c, op, op.slot == 11 ? 12 : 7);
        int256 a = Steps.valueAt(_leaf(c, f, 1, kept, f.row, f.chunk), 4, f.element);
        return Steps.sat32(a + Steps.valueAt(_leaf(c, f, 2, _back(c, op, 1), f.row, f.chunk), 4, f.element));
    }

    function _swiglu(Case memory c, Fault calldata f, Op memory op) private pure returns (int256) {
        Op memory both = _back(c, op, 1);
        int256 gate = Steps.valueAt(_leaf(c, f, 1, both, f.row, f.chunk), 4, f.element);
        bytes calldata up = _leaf(c, f, 2, both, f.row, f.chunk + c.shape.ffn / WIDTH);
        return Steps.swiglu(gate, Steps.valueAt(up, 4, f.element));
    }

    function _chunkMax(Case memory c, Fault calldata f, Op memory op) private pure returns (int256) {
        uint256 group = WIDTH * f.chunk + f.element;
        return Steps.chunkMax(_leaf(c, f, 1, _back(c, op, 1), f.row, group), WIDTH * group);
    }

    function _sum(Case memory c, Fault calldata f, Op memory op) private pure returns (int256) {
        bytes calldata logits = _leaf(c, f, 1, _back(c, op, 3), f.row, WIDTH * f.chunk + f.element);
        int256 top = Steps.valueAt(_leaf(c, f, 2, _back(c, op, 1), f.row, 0), 8, 0);
        return Steps.chunkSum(logits, top, c.claim.beta);
    }

    /// @dev A token that is not the one that the logits give.
    function _token(Case memory c, Fault calldata f) private pure returns (bool) {
        int256 claimed = int256(_accusedToken(c, f));
        uint256 step = TOKENS * f.row + f.element;
        int256 top = Steps.valueAt(_leaf(c, f, 1, _tailOp(c, 3), step, 0), 8, 0);
        return claimed != (c.claim.beta == 0 ? Steps.greedy(top) : _drawn(c, f, step, top));
    }

    /// @dev The token that the seed draws.
    function _drawn(Case memory c, Fault calldata f, uint256 step, int256 top) private pure returns (int256) {
        bytes calldata sums = _row(c, f, 2, _tailOp(c, 4), step);
        (uint256 group, int256 within) = Steps.drawnChunk(sums, Trees.draw(c.claim.seed, step));
        bytes calldata logits = _leaf(c, f, 3, _tailOp(c, 1), step, group);
        return int256(WIDTH * group + Steps.drawnIndex(logits, top, c.claim.beta, within));
    }

    /// @dev An answer that goes on after its end, or ends before it.
    function _stop(Case memory c, Fault calldata f) private pure returns (bool) {
        bool ends = _accusedToken(c, f) == c.shape.eos;
        bool last = TOKENS * f.row + f.element == c.shape.completion - 1;
        if (ends) return !last;
        return last && c.shape.completion < c.claim.maxTokens;
    }

    /// @dev A salt that is not the one derived from the secret.
    function _salt(Case memory c, Fault calldata f) private pure returns (bool) {
        bytes calldata secret = _opening(f, 1).data;
        if (secret.length != 32) revert WrongLength(secret.length, 32);
        bytes32 hash = keccak256(secret);
        if (hash != c.claim.saltHash) revert WrongSecret(hash, c.claim.saltHash);
        if (f.op == Shapes.COMPLETION) _tokens(c, f, 0, false, f.row);
        else _leaf(c, f, 0, c.shape.opOf(f.op), f.row, f.chunk);
        return _opening(f, 0).salt != Trees.saltOf(bytes32(secret), f.op, f.row);
    }

    /// @dev Something at a place that does not exist.
    function _pad(Case memory c, Fault calldata f) private pure returns (bool) {
        Opening calldata opening = _opening(f, 0);
        if (opening.data.length != 32) revert WrongLength(opening.data.length, 32);
        bytes32 found = bytes32(opening.data);
        if (f.op >= c.shape.ops) {
            uint256 levels = Shapes.depth(c.shape.ops);
            if (f.op >> levels != 0) revert NoSuchOp(f.op);
            _requirePathLength(opening.path, levels);
            _requireRoot(Trees.climb(found, f.op, opening.path), c.claim.traceRoot);
        } else {
            Op memory op = c.shape.opOf(f.op);
            bool outside = f.row >> Shapes.depth(op.rows) != 0 || f.chunk >> Shapes.chunkDepth(op) != 0;
            if (outside || c.shape.countOf(op, f.row, f.chunk) != 0) revert WrongPlace(f.op, f.row, f.chunk);
            _climb(c, opening, found, op, Shapes.placeOf(op, f.row, f.chunk), Shapes.depthOf(op));
        }
        return found != 0;
    }

    /// @dev The op that comes so many before.
    function _back(Case memory c, Op memory op, uint256 by) private pure returns (Op memory) {
        return c.shape.opOf(op.number - by);
    }

    /// @dev An op after the layers.
    function _tailOp(Case memory c, uint256 slot) private pure returns (Op memory) {
        return c.shape.opOf(c.shape.tail + slot);
    }

    function _opening(Fault calldata f, uint256 index) private pure returns (Opening calldata) {
        if (index >= f.openings.length) revert MissingOpening(index, f.openings.length);
        return f.openings[index];
    }

    /// @dev The data of a leaf of the trace.
    function _leaf(
        Case memory c,
        Fault calldata f,
        uint256 index,
        Op memory op,
        uint256 row,
        uint256 chunk
    ) private pure returns (bytes calldata data) {
        Opening calldata opening = _opening(f, index);
        data = opening.data;
        uint256 length = c.shape.lengthOf(op, row, chunk);
        if (length == 0) revert WrongPlace(op.number, row, chunk);
        if (data.length != length) revert WrongLength(data.length, length);
        bytes32 leaf = Trees.traceLeaf(c.claim.id, _place(op, row, chunk), opening.salt, data);
        _climb(c, opening, leaf, op, Shapes.placeOf(op, row, chunk), Shapes.depthOf(op));
    }

    /// @dev The data of all leaves of a row.
    function _row(
        Case memory c,
        Fault calldata f,
        uint256 index,
        Op memory op,
        uint256 row
    ) private pure returns (bytes calldata data) {
        Opening calldata opening = _opening(f, index);
        data = opening.data;
        if (row >= op.rows) revert WrongPlace(op.number, row, 0);
        uint256 length = op.width * op.size;
        if (data.length != length) revert WrongLength(data.length, length);
        bytes32[] memory leaves = new bytes32[](op.chunks);
        for (uint256 chunk = 0; chunk < op.chunks; ++chunk) {
            uint256 from = WIDTH * op.size * chunk;
            bytes calldata part = data[from:Math.min(from + WIDTH * op.size, length)];
            leaves[chunk] = Trees.traceLeaf(c.claim.id, _place(op, row, chunk), opening.salt, part);
        }
        _climb(c, opening, Trees.fold(leaves), op, row, Shapes.depth(op.rows));
    }

    /// @dev From a node of an op's tree to the trace's root.
    function _climb(
        Case memory c,
        Opening calldata opening,
        bytes32 node,
        Op memory op,
        uint256 place,
        uint256 levels
    ) private pure {
        _requirePathLength(opening.path, levels + Shapes.depth(c.shape.ops));
        node = Trees.climb(node, place, opening.path[:levels]);
        _requireRoot(Trees.climb(node, op.number, opening.path[levels:]), c.claim.traceRoot);
    }

    /// @dev A row of a matrix.
    function _weights(
        Case memory c,
        Fault calldata f,
        uint256 index,
        uint256 matrix,
        uint256 row
    ) private pure returns (bytes calldata data) {
        Opening calldata opening = _opening(f, index);
        data = opening.data;
        (uint256 rows, uint256 length) = c.shape.matrixOf(matrix);
        if (data.length != length) revert WrongLength(data.length, length);
        uint256 levels = Shapes.depth(rows);
        _requirePathLength(opening.path, levels + Shapes.depth(7 * c.shape.layers + 3));
        bytes32 node = Trees.climb(Trees.weightLeaf(matrix, row, data), row, opening.path[:levels]);
        _requireRoot(Trees.climb(node, matrix, opening.path[levels:]), c.claim.modelRoot);
    }

    /// @dev A leaf of the prompt's or the completion's tokens.
    function _tokens(
        Case memory c,
        Fault calldata f,
        uint256 index,
        bool prompted,
        uint256 leaf
    ) private pure returns (bytes calldata data) {
        Opening calldata opening = _opening(f, index);
        data = opening.data;
        uint256 count = prompted ? c.shape.prompt : c.shape.completion;
        uint256 length = Shapes.tokensLength(count, leaf);
        if (length == 0) revert WrongPlace(Shapes.COMPLETION, leaf, 0);
        if (data.length != length) revert WrongLength(data.length, length);
        _requirePathLength(opening.path, Shapes.depth(Shapes.tokenLeaves(count)));
        bytes32 node = Trees.climb(Trees.tokenLeaf(leaf, opening.salt, data), leaf, opening.path);
        _requireRoot(node, prompted ? c.claim.inputRoot : c.claim.outputRoot);
    }

    function _accusedToken(Case memory c, Fault calldata f) private pure returns (uint256) {
        bytes calldata tokens = _tokens(c, f, 0, false, f.row);
        _requireElement(f.element, tokens.length / 4);
        return _wordAt(tokens, f.element);
    }

    function _placeOf(Fault calldata f) private pure returns (uint256) {
        if (f.kind == Kind.Token || f.kind == Kind.Stop || f.op == Shapes.COMPLETION) {
            return (Shapes.COMPLETION << 64) | (uint256(f.row) << 32);
        }
        return (uint256(f.op) << 64) | (uint256(f.row) << 32) | f.chunk;
    }

    function _place(Op memory op, uint256 row, uint256 chunk) private pure returns (uint256) {
        return (op.number << 64) | (row << 32) | chunk;
    }

    function _wordAt(bytes calldata data, uint256 i) private pure returns (uint256) {
        return uint32(uint256(Steps.valueAt(data, 4, i)));
    }

    /// @dev 64 of 192 roped values: three heads are a chunk.
    function _headOf(bytes calldata chunk, uint256 head) private pure returns (bytes calldata) {
        return chunk[4 * HEAD * (head % 3):];
    }

    function _requireElement(uint256 element, uint256 count) private pure {
        if (element >= count) revert NoSuchElement(element, count);
    }

    function _requirePathLength(bytes32[] calldata path, uint256 expected) private pure {
        if (path.length != expected) revert WrongPathLength(path.length, expected);
    }

    function _requireRoot(bytes32 found, bytes32 expected) private pure {
        if (found != expected) revert WrongRoot(found, expected);
    }
}
