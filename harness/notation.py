"""How people write an input: a number, or the bits of one."""

from __future__ import annotations

import re
from fractions import Fraction

from .formats import Format

_HEX_FLOAT = re.compile(r"([+-]?)0x([0-9a-f]*)\.?([0-9a-f]*)(?:p([+-]?[0-9]{1,5}))?")
_DECIMAL = re.compile(r"([+-]?)([0-9]*)\.?([0-9]*)(?:e([+-]?[0-9]{1,5}))?")


def parse_input(text: str, format: Format) -> int:
    """The encoding that a person means by ``text``.

    A number (``"0.1"``, ``"-1e-3"``, ``"0x1.8p3"``, ``"inf"``, ``"nan"``) is rounded to the format, once, to nearest; a
    hexadecimal integer (``"0x3f800000"``: no point, no ``p``) is the encoding itself.

    Raises:
        ValueError: where the text is neither, an encoding is wider than the format, or a finite number rounds to ∞.
    """
    word = text.strip().lower()
    if word.lstrip("+-") in ("inf", "infinity", "nan") and len(word) - len(word.lstrip("+-")) <= 1:
        return (format.sign_bit if word[0] == "-" else 0) | (format.nan_bits if "nan" in word else format.inf_bits)
    if re.fullmatch("0x[0-9a-f]+", word):
        if int(word, 16) >> format.bits:
            widest = "0x" + "f" * (format.bits // 4)
            raise ValueError(f"{text!r} has more than {format.bits} bits: {format.name} inputs are 0x0 to {widest}")
        return int(word, 16)
    base, radix, match = (16, 2, _HEX_FLOAT.fullmatch(word)) if "0x" in word else (10, 10, _DECIMAL.fullmatch(word))
    if match is None or not match[2] + match[3]:
        raise ValueError(f"{text!r} is not an input: give a number (0.1, 0x1.8p3, inf, nan) or bits (0x3c00)")
    number = int(match[2] + match[3], base) * Fraction(radix) ** int(match[4] or 0)
    number /= base ** len(match[3])
    negative = match[1] == "-"
    bits = format.round_fraction(-number if negative else number, negative)
    if bits & ~format.sign_bit == format.inf_bits:
        raise ValueError(f"{text!r} is beyond {format.name}'s largest number, {format.max_finite!r}: or is inf meant?")
    return bits
