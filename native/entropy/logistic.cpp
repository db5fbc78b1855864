#include "entropy/logistic.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "entropy/exp2.h"

namespace coin {
namespace {

constexpr int kLowest = -24;             // log2 of the smallest scale, in eighths
constexpr int kTables = 56;              // scales below 16 have a table, larger ones raw low bits besides
constexpr int kMaxSymbols = 2 * 128 + 2;
constexpr int kEscapeBits = 17;          // of a magnitude beyond the table, plus 1

// 2^28 times log2(e) / 2 times 2^(-j/8).
constexpr std::array<std::uint32_t, 8> kSteps = {193635251, 177564308, 162827188, 149313190,
                                                 136920799, 125556926, 115136209, 105580369};

// One table: symbol 0 escapes, symbol i is the value i - 1 - reach. above[i] ends its interval.
struct Table {
  int reach;
  int symbols;
  std::array<std::uint32_t, kMaxSymbols> above;

  explicit Table(int index) {
    const int eighths = index + kLowest;
    const int octave = (index / 8) + kLowest / 8;
    reach = octave < -2 ? 4 : 16 << (octave + 2) >> 2;
    symbols = 2 * reach + 2;
    // 2^30 times the distribution function at v + 1/2.
    const auto below = [&](int v) {
      const auto odd = static_cast<std::uint64_t>(2 * (v < 0 ? -v - 1 : v) + 1);
      const std::uint64_t y = odd * kSteps[(eighths - kLowest) % 8] >> (12 + octave);
      const std::uint64_t upper = (std::uint64_t{1} << 61) / ((std::uint64_t{1} << 31) + exp2_negative(y));
      return v < 0 ? (std::uint64_t{1} << 30) - upper : upper;
    };
    const std::uint64_t tail = below(-reach - 1);
    const std::uint64_t shared = kProbabilityOne - static_cast<std::uint64_t>(symbols);
    for (int i = 0; i < symbols; ++i) {
      const std::uint64_t share = below(i - 1 - reach) + tail;
      above[i] = static_cast<std::uint32_t>((share * shared >> 30) + static_cast<std::uint64_t>(i) + 1);
    }
  }

  std::uint32_t start(int symbol) const { return symbol == 0 ? 0 : above[symbol - 1]; }
  std::uint32_t size(int symbol) const { return above[symbol] - start(symbol); }
};

const Table& table(int index) {
  static const std::vector<Table> tables = [] {
    std::vector<Table> made;
    for (int i = 0; i < kTables; ++i) made.emplace_back(i);
    return made;
  }();
  return tables[index];
}

// A scale of 16 and more: how many low bits are coded raw, and the table for the rest.
struct Split {
  int raw;
  const Table& high;

  explicit Split(int scale)
      : raw(scale < kTables ? 0 : (scale - kTables) / 8 + 1), high(table(scale - 8 * raw)) {}

  // Half of what the raw bits hold is added, so that the high part stays symmetric around 0.
  std::int32_t half() const { return raw == 0 ? 0 : 1 << (raw - 1); }
};

}  // namespace

void encode_logistic(RangeEncoder& coder, int scale, std::int32_t value) {
  const Split split(scale);
  const std::int32_t moved = value + split.half();
  const std::int32_t high = moved >> split.raw;
  const std::int32_t magnitude = std::abs(high);
  const int reach = split.high.reach;
  const int symbol = magnitude <= reach ? high + reach + 1 : 0;
  coder.encode(split.high.start(symbol), split.high.size(symbol), kProbabilityBits);
  if (symbol == 0) {
    coder.encode_raw(high < 0, 1);
    const auto excess = static_cast<std::uint32_t>(magnitude - reach);
    const int bits = std::bit_width(excess);
    for (int i = 1; i < bits; ++i) coder.encode_raw(1, 1);
    coder.encode_raw(0, 1);
    coder.encode_raw(excess & ((1u << (bits - 1)) - 1), bits - 1);
  }
  coder.encode_raw(static_cast<std::uint32_t>(moved) & ((1u << split.raw) - 1), split.raw);
}

bool decode_logistic(RangeDecoder& coder, int scale, std::int32_t& value) {
  const Split split(scale);
  const auto* begin = split.high.above.data();
  const auto* end = begin + split.high.symbols;
  const int symbol = static_cast<int>(std::upper_bound(begin, end, coder.peek(kProbabilityBits)) - begin);
  coder.take(split.high.start(symbol), split.high.size(symbol));
  const int reach = split.high.reach;
  std::int32_t high = symbol - 1 - reach;
  value = 0;
  if (symbol == 0) {
    const bool negative = coder.decode_raw(1) != 0;
    int bits = 1;
    while (coder.decode_raw(1) != 0) {
      if (++bits > kEscapeBits) return false;
    }
    const std::uint32_t excess = 1u << (bits - 1) | coder.decode_raw(bits - 1);
    high = static_cast<std::int32_t>(excess) + reach;
    if (negative) high = -high;
  }
  value = (high << split.raw) + static_cast<std::int32_t>(coder.decode_raw(split.raw)) - split.half();
  return true;
}

double logistic_bits(int scale, std::int32_t value) {
  const Split split(scale);
  const std::int32_t high = (value + split.half()) >> split.raw;
  const std::int32_t magnitude = std::abs(high);
  const int reach = split.high.reach;
  const int symbol = magnitude <= reach ? high + reach + 1 : 0;
  double bits = split.raw + kProbabilityBits - std::log2(split.high.size(symbol));
  if (symbol == 0) bits += 2 * std::bit_width(static_cast<std::uint32_t>(magnitude - reach));
  return bits;
}

}  // namespace coin
