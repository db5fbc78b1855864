"""A budget for a collection: the one price of a bit at which all pictures together take that many.

Error plus price times bits is least for a whole collection where every picture has the same price (equal slope; Shoham
and Gersho 1988, "Efficient bit allocation for an arbitrary set of quantizers"). What bits a price leads to is learned
from quick fits of a sample, then from the pictures themselves, whose rounds end with the price known better; what is
then still missing, or too much, some of them are fitted again for. All of it depends on the pictures alone, not on who
was done first, so that bytes do not depend on the workers.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..errors import UsageError

# Pictures that are fitted quickly at first; how many of them again where the price was not near, and how often in all.
SAMPLE, _AGAIN, _TRIALS = 128, 24, 3

# After which shares of the collection the price is settled again.
_ROUNDS = (1 / 32, 1 / 8, 1 / 2, 3 / 4, 7 / 8, 1.0)

# Bits go as this power of the price, where nothing better is known (Kodak, 0.05 to 2 bits per pixel); what a measured
# one may be.
_POWER, _LEAST_POWER, _MOST_POWER = -0.67, -1.1, -0.4

# A first guess at a price leads to a rate times or divided by this; further off, it is tried again.
_NEAR = 1.35

# The price of 0.3 bits per pixel, about, on Kodak (2.9e-3 for PSNR, less for eyes), and the range of prices.
_PRICE, _RATE = 2.2e-3, 0.3
_LEAST_PRICE, _MOST_PRICE = 1e-7, 0.2

# Prices are these parts of an octave apart: so near that nobody sees a difference, and few enough that a collection
# that has hardly changed keeps them.
_PARTS = 64

# Up to what factor the price of what is left makes up for what is done, beyond what would have been right for all.
_SPREAD = 1.2

# What is kept free of the budget, and what may be; how many rounds come near that; by how much the bytes of a picture
# change in one, unless more must.
_FREE, _MOST_FREE, _CORRECTIONS, _CHANGE = 0.004, 0.01, 8, 0.1


@dataclass(frozen=True)
class Budget:
    """total_bytes: of all outputs together, or mean_bpp: their bits over all of their pixels; at most. One of them."""

    total_bytes: int | None = None
    mean_bpp: float | None = None

    def __post_init__(self) -> None:
        """Raises `UsageError` for two, none, or what is not positive."""
        values = [value for value in (self.total_bytes, self.mean_bpp) if value is not None]
        if len(values) != 1:
            raise UsageError("give one of total_bytes and mean_bpp")
        if not 0 < values[0] < math.inf:
            raise UsageError(f"a budget must be a positive number, not {values[0]}")

    def bytes_for(self, pixels: float) -> float:
        """Of a collection of so many pixels."""
        return float(self.total_bytes) if self.total_bytes is not None else (self.mean_bpp or 0) * pixels / 8

    def usual_price(self) -> float:
        """The price that leads there, as far as can be told without a picture."""
        rate = _RATE if self.mean_bpp is None else self.mean_bpp
        return _step(_PRICE * (rate / _RATE) ** (1 / _POWER))


class Measured(NamedTuple):
    """A picture's file at a price."""

    bytes: int
    pixels: int
    price: float

    def at(self, price: float, power: float) -> float:
        """Bytes at another price, about."""
        return float(self.bytes * (price / self.price) ** power)


class Round(NamedTuple):
    """Pictures, by name, to be fitted at a price; quickly and only to see what they take, if it is a trial."""

    names: Sequence[str]
    price: float
    trial: bool


Answers = Mapping[str, Measured]


class Spending:
    """How a budget is spent on pictures. What failed has no part in it.

    prices: of each picture in the end. total: bytes they take. missed: by what share the budget is, beyond what is
    allowed: above 0 for too much.
    """

    def __init__(self, budget: Budget, names: Sequence[str]) -> None:
        """names: in an order that says nothing of the pictures, since samples are its beginning."""
        self.budget, self._names = budget, names
        self._power, self._tried, self._known = _POWER, dict[str, Measured](), dict[str, Measured]()
        self._lost: set[str] = set()

    @property
    def prices(self) -> dict[str, float]:
        """See the class."""
        return {name: measured.price for name, measured in self._known.items()}

    @property
    def total(self) -> int:
        """See the class."""
        return sum(measured.bytes for measured in self._known.values())

    @property
    def missed(self) -> float:
        """See the class."""
        if not self._known:
            return 0.0
        over = self.total / self._goal() - 1
        return 0.0 if -_MOST_FREE <= over <= 0 else over

    def rounds(self) -> Generator[Round, Answers, None]:
        """What to fit next; is sent what that took."""
        price = yield from self._trials()
        done = 0
        for share in _ROUNDS:
            names = self._names[done : (done := max(math.ceil(share * len(self._names)), done))]
            if names:
                price = self._settled(price)
                yield from self._fit(names, price)
        yield from self._corrections()

    def _trials(self) -> Generator[Round, Answers, float]:
        names = self._names[:SAMPLE]
        price = self.budget.usual_price()
        for _ in range(_TRIALS):
            found = yield Round(names, price, True)
            self._learn_power(found)
            self._tried.update(found)
            wanted = self._settled(price)
            if not found or abs(math.log(wanted / price) * self._power) <= math.log(_NEAR):
                break
            price, names = wanted, names[:_AGAIN]
        return price

    def _fit(self, names: Sequence[str], price: float) -> Generator[Round, Answers, None]:
        found = yield Round(names, price, False)
        self._known.update(found)
        self._lost.update(name for name in names if name not in found)

    def _learn_power(self, found: Answers) -> None:
        """From pictures that had another price before."""
        before = self._tried
        both = [name for name in found if name in before and found[name].price != before[name].price]
        if both:
            bits = sum(found[n].bytes for n in both) / sum(before[n].bytes for n in both)
            price = found[both[0]].price / before[both[0]].price
            self._power = min(max(math.log(bits) / math.log(price), _LEAST_POWER), _MOST_POWER)

    def _goal(self) -> float:
        return self.budget.bytes_for(sum(measured.pixels for measured in self._known.values()))

    def _settled(self, price: float) -> float:
        """The price of what is not fitted yet, for all to come out right. price: the latest one."""
        if not self._known and not self._tried:
            return price
        # Quick fits take more, or less, than those that are kept; by how much those tell that had both.
        both = [name for name in self._known if name in self._tried]
        quick = sum(self._tried[name].at(self._known[name].price, self._power) for name in both)
        ratio = sum(self._known[name].bytes for name in both) / quick if both else 1.0
        seen = {name: (ratio * m.at(price, self._power), m.pixels) for name, m in self._tried.items()}
        seen |= {name: (m.at(price, self._power), m.pixels) for name, m in self._known.items()}
        mean = [sum(values) / len(seen) for values in zip(*seen.values(), strict=True)]
        left = [name for name in self._names if name not in self._known and name not in self._lost]
        expected, pixels = (sum(seen[n][i] if n in seen else mean[i] for n in left) for i in (0, 1))
        pixels += sum(m.pixels for m in self._known.values())
        wanted = (1 - _FREE) * self.budget.bytes_for(pixels)
        done = sum(seen[name][0] for name in self._known)
        one = price * (wanted / (done + expected)) ** (1 / self._power)
        rest = price * (max(wanted - self.total, 0.05 * expected) / expected) ** (1 / self._power)
        return _step(min(max(rest, one / _SPREAD), one * _SPREAD))

    def _corrections(self) -> Generator[Round, Answers, None]:
        """Some of the pictures at another price, until the budget is kept, and nearly used."""
        begin = 0
        for _ in range(_CORRECTIONS):
            if not self._known or not self.missed:
                return
            needed = (1 - _FREE) * self._goal() - self.total
            names = [name for name in self._names if name in self._known]
            change = max(_CHANGE, min(abs(needed) / self.total, 0.9))
            chosen: list[str] = []
            weight = 0.0
            while len(chosen) < len(names) and weight * change < abs(needed):
                name = names[(begin + len(chosen)) % len(names)]
                chosen.append(name)
                weight += self._known[name].bytes
            begin = (begin + len(chosen)) % len(names)
            at_one = sum(self._known[name].at(1.0, self._power) for name in chosen)
            price = _step((max(weight + needed, 0.05 * weight) / at_one) ** (1 / self._power))
            if all(self._known[name].price == price for name in chosen):
                price = _step(price, 1 if needed < 0 else -1)
            if any(self._known[name].price == price for name in chosen) and price in (_LEAST_PRICE, _MOST_PRICE):
                return
            yield from self._fit(chosen, price)


def _step(price: float, more: int = 0) -> float:
    """The nearest price of those that are used, or one so many of them higher; the same on every machine."""
    number = round(_PARTS * math.log2(price)) + more
    return min(max(float(f"{2 ** (number / _PARTS):.6g}"), _LEAST_PRICE), _MOST_PRICE)
