"""Eight polynomials of :mod:`harness.reference.cells` at a time, each lane with a row of its own.

A compiler does not find this: rows are read whole, and turned so that each coefficient of the eight lies in one vector. It is
written in LLVM's instructions, for vectors of eight float64, which LLVM divides where a processor's are shorter.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.errors import TypingError
from numba.extending import intrinsic

from ..cells import DEGREE, PAIRS, WIDTH

LANES = 8
_VECTOR = ir.VectorType(ir.DoubleType(), LANES)


def _turned(builder: Any, rows: list[Any]) -> list[Any]:
    """The columns of eight rows of eight numbers."""
    rows = list(rows)
    for distance in (4, 2, 1):
        for i in (i for i in range(LANES) if not i & distance):
            first, second = rows[i], rows[i + distance]
            low = [k if not k & distance else LANES + k - distance for k in range(LANES)]
            high = [k + distance if not k & distance else LANES + k for k in range(LANES)]
            for place, mask in ((i, low), (i + distance, high)):
                chosen = ir.Constant(ir.VectorType(ir.IntType(32), LANES), mask)
                rows[place] = builder.shuffle_vector(first, second, chosen)
    return rows


def _call(builder: Any, name: str, *arguments: Any) -> Any:
    kind, get = ir.FunctionType(_VECTOR, [_VECTOR] * len(arguments)), cgutils.get_or_insert_function
    function: Any = get(builder.module, kind, f"llvm.{name}.v{LANES}f64")  # type: ignore[no-untyped-call]
    return builder.call(function, arguments)


def _fma(builder: Any, a: Any, b: Any, c: Any) -> Any:
    return _call(builder, "fma", a, b, c)


def _two_sum(builder: Any, a: Any, b: Any) -> tuple[Any, Any]:
    s = builder.fadd(a, b)
    t = builder.fsub(s, a)
    return s, builder.fadd(builder.fsub(a, builder.fsub(s, t)), builder.fsub(b, t))


def _evaluated(builder: Any, x: Any, columns: list[Any]) -> tuple[Any, Any]:
    """The values in two parts, see :func:`harness.reference.cells._rounding`."""
    t = builder.fsub(x, columns[0])
    pairs, others = columns[3 : 3 + 2 * PAIRS], columns[3 + 2 * PAIRS : 3 + PAIRS + DEGREE + 1]
    h = others[-1]
    for c in reversed(others[:-1]):
        h = _fma(builder, t, h, c)
    low = None
    for n in reversed(range(PAIRS)):
        p = builder.fmul(t, h)
        lost = _fma(builder, t, h, builder.fneg(p))
        h, other = _two_sum(builder, pairs[2 * n], p)
        rest = builder.fadd(pairs[2 * n + 1], builder.fadd(other, lost))
        low = rest if low is None else _fma(builder, t, low, rest)
    return _two_sum(builder, h, low)


def _polynomials(context: Any, x: Any, places: Any, rows: Any, hi: Any, lo: Any, error: Any, start: Any) -> Any:
    """Write the values at x[start:start + 8] by the rows at places; returns bits of lanes that these do not decide.

    They do where the value is no less than the row's least, and its second part larger than the error; or that is not above 0,
    and the second part's sign need not tell on which side of a power of two the result is: there units change.
    """

    if not all(array.layout == "C" for array in (x, places, rows, hi, lo, error)):  # it is said of memory, not of elements
        raise TypingError("arrays of polynomials have to be contiguous")

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        *arrays, begin = arguments
        data = [
            context.make_array(kind)(context, builder, value).data for kind, value in zip(signature.args, arrays, strict=False)
        ]
        word, pointer = ir.IntType(64), _VECTOR.as_pointer()
        rows = []
        for lane in range(LANES):
            place = builder.load(builder.gep(data[1], [word(lane)]))
            rows.append(builder.gep(data[2], [builder.mul(place, word(WIDTH))]))
        columns: list[Any] = []
        for part in range(0, WIDTH, LANES):
            starts = [builder.bitcast(builder.gep(row, [word(part)]), pointer) for row in rows]
            columns += _turned(builder, [builder.load(at, align=8) for at in starts])
        inputs, *outputs = (builder.bitcast(builder.gep(data[n], [begin]), pointer) for n in (0, 3, 4, 5))
        values = (*_evaluated(builder, builder.load(inputs, align=8), columns), _size(builder, columns[1]))
        for value, output in zip(values, outputs, strict=True):
            builder.store(value, output, align=8)
        zero = ir.Constant(_VECTOR, [0.0] * LANES)
        large = builder.fcmp_ordered(">=", _size(builder, values[0]), columns[2])
        sided = builder.fcmp_ordered(">", _size(builder, values[1]), values[2])
        wide = ir.VectorType(word, LANES)
        fraction = builder.and_(builder.bitcast(values[0], wide), ir.Constant(wide, [2**52 - 1] * LANES))
        inside = builder.icmp_unsigned("!=", fraction, ir.Constant(wide, [0] * LANES))
        exact, rational = (builder.fcmp_ordered(how, columns[1], zero) for how in ("==", "<"))
        decided = builder.and_(large, builder.or_(sided, builder.or_(exact, builder.and_(rational, inside))))
        return builder.zext(builder.bitcast(builder.not_(decided), ir.IntType(LANES)), word)

    return types.int64(x, places, rows, hi, lo, error, types.int64), generate


def _size(builder: Any, value: Any) -> Any:
    return _call(builder, "fabs", value)


polynomials: Any = intrinsic(_polynomials)
