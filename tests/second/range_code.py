"""Chapter "Range code"."""

from __future__ import annotations

from collections.abc import Callable

from second.refusal import require


class RangeCode:
    """The symbols of a payload, one after the other."""

    def __init__(self, payload: bytes) -> None:
        self.payload = payload
        self.read = 0
        self.range = 2**40
        self.code = 0
        for _ in range(5):
            self.code = self.code * 256 + self._next_byte()

    def symbol(self, bits: int, symbols: int, begin: Callable[[int], int]) -> int:
        """Which interval [begin(i), begin(i + 1)) of [0, 2^bits) holds the place. begin(symbols): 2^bits."""
        unit = self.range // 2**bits
        place = min(self.code // unit, 2**bits - 1)
        low, high = 0, symbols
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if begin(middle) <= place else (low, middle)
        start, end = begin(low), begin(high)
        self.code -= unit * start
        self.range = unit * (end - start)
        while self.range < 2**32:
            self.code = self.code * 256 + self._next_byte()
            self.range *= 256
        return low

    def raw(self, count: int) -> int:
        """That many raw bits."""
        value = 0
        while count > 0:
            bits = min(count, 16)
            value = value * 2**bits + self.symbol(bits, 2**bits, lambda i: i)
            count -= bits
        return value

    def rest_of_escape(self) -> int:
        """e of at most 17 significant bits: their number in ones and a zero, then those but the highest."""
        significant = 1
        while self.raw(1):
            significant += 1
            require(significant <= 17, "an integer of more bits than any has")
        return 2 ** (significant - 1) + self.raw(significant - 1)

    def end(self) -> None:
        """Refuses a payload with bytes that were not read, or that ends in a byte 0."""
        require(self.read >= len(self.payload), "bytes after the last symbol")
        require(not self.payload.endswith(b"\0"), "a range code that ends in a byte 0")

    def _next_byte(self) -> int:
        self.read += 1
        return self.payload[self.read - 1] if self.read <= len(self.payload) else 0
