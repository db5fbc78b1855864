#include "entropy/laplace.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "entropy/exp2.h"

namespace coin {
namespace {

constexpr int kEscapeBits = 17;  // of a distance beyond the window, plus 1

// 2^24 log2(e) 2^(-j/16).
constexpr std::array<std::uint32_t, 16> kRates = {24204406, 23178219, 22195538, 21254520, 20353399, 19490481,
                                                  18664149, 17872850, 17115100, 16389476, 15694616, 15029216,
                                                  14392026, 13781851, 13197546, 12638013};

// exp2_negative of the high and of the low byte of the fraction.
struct Powers {
  std::array<std::uint64_t, 256> high, low;
  constexpr Powers() : high(), low() {
    for (std::uint64_t i = 0; i < 256; ++i) {
      high[i] = exp2_negative(i << 8);
      low[i] = exp2_negative(i);
    }
  }
};
constexpr Powers kPowers;

// The distribution around one mean: symbols for the integers within `reach` of the mean's nearest, and for what lies
// below and above them.
class Window {
 public:
  Window(int scale, std::int32_t mean) {
    const int octave = scale / 16 - 7;
    rate_ = kRates[scale % 16];
    shift_ = 16 + octave;
    reach_ = octave < -3 ? 2 : 24 << (octave + 3) >> 3;
    middle_ = (mean + (1 << (kMeanBits - 1))) >> kMeanBits;
    // From the mean to the lower end of the middle's interval.
    offset_ = (middle_ << kMeanBits) - (1 << (kMeanBits - 1)) - mean;
  }

  int reach() const { return reach_; }
  std::int32_t middle() const { return middle_; }

  // Where the interval of middle + j begins, -reach <= j <= reach + 1.
  std::uint32_t start(int j) const {
    const std::int64_t off = offset_ + (std::int64_t{j} << kMeanBits);
    const auto distance = static_cast<std::uint64_t>(off < 0 ? -off : off);
    const std::uint64_t y = distance * rate_ >> shift_;
    const std::uint64_t fraction = kPowers.high[y >> 8 & 255] * kPowers.low[y & 255] >> 32;
    const std::uint64_t tail = y >> 16 >= 32 ? 0 : fraction >> (y >> 16);
    const std::uint64_t below = off < 0 ? tail : (std::uint64_t{1} << 31) - tail;
    const auto symbols = static_cast<std::uint64_t>(2 * reach_ + 3);
    return static_cast<std::uint32_t>((below * (kProbabilityOne - symbols) >> 31) +
                                      static_cast<std::uint64_t>(j + reach_) + 1);
  }

 private:
  std::uint64_t rate_;
  std::int32_t offset_, middle_;
  int shift_, reach_;
};

}  // namespace

void encode_laplace(RangeEncoder& coder, int scale, std::int32_t mean, std::int32_t value) {
  const Window window(scale, mean);
  const std::int32_t j = value - window.middle();
  const int reach = window.reach();
  if (j >= -reach && j <= reach) {
    const std::uint32_t start = window.start(j);
    coder.encode(start, window.start(j + 1) - start, kProbabilityBits);
    return;
  }
  if (j < 0) {
    coder.encode(0, window.start(-reach), kProbabilityBits);
  } else {
    const std::uint32_t start = window.start(reach + 1);
    coder.encode(start, kProbabilityOne - start, kProbabilityBits);
  }
  const auto excess = static_cast<std::uint32_t>((j < 0 ? -j : j) - reach);
  const int bits = std::bit_width(excess);
  for (int i = 1; i < bits; ++i) coder.encode_raw(1, 1);
  coder.encode_raw(0, 1);
  coder.encode_raw(excess & ((1u << (bits - 1)) - 1), bits - 1);
}

bool decode_laplace(RangeDecoder& coder, int scale, std::int32_t mean, std::int32_t& value) {
  const Window window(scale, mean);
  const std::uint32_t place = coder.peek(kProbabilityBits);
  const int reach = window.reach();
  // The interval of `low` begins at or before the place, that of `high` after it; both gallop away from the middle.
  int low = 0, high = 1;
  std::uint32_t start = window.start(0), end = window.start(1);
  if (place < start) {
    high = 0;
    end = start;
    for (int step = 1;; step *= 2) {
      low = std::max(high - step, -reach);
      start = window.start(low);
      if (place >= start) break;
      high = low;
      end = start;
      if (low == -reach) {
        low = -reach - 1;
        start = 0;
        break;
      }
    }
  } else if (place >= end) {
    low = 1;
    start = end;
    for (int step = 1;; step *= 2) {
      if (low == reach + 1) {
        high = reach + 2;
        end = kProbabilityOne;
        break;
      }
      high = std::min(low + step, reach + 1);
      end = window.start(high);
      if (place < end) break;
      low = high;
      start = end;
    }
  }
  while (high - low > 1) {
    const int middle = low + (high - low) / 2;
    const std::uint32_t at = window.start(middle);
    if (place < at) {
      high = middle;
      end = at;
    } else {
      low = middle;
      start = at;
    }
  }
  coder.take(start, end - start);
  value = 0;
  std::int32_t j = low;
  if (low < -reach || low > reach) {
    int bits = 1;
    while (coder.decode_raw(1) != 0) {
      if (++bits > kEscapeBits) return false;
    }
    const auto excess = static_cast<std::int32_t>(1u << (bits - 1) | coder.decode_raw(bits - 1));
    j = low < 0 ? -reach - excess : reach + excess;
  }
  const std::int32_t decoded = window.middle() + j;
  if (decoded < -kLaplaceLimit || decoded > kLaplaceLimit) return false;
  value = decoded;
  return true;
}

double laplace_bits(int scale, std::int32_t mean, std::int32_t value) {
  const Window window(scale, mean);
  const std::int32_t j = value - window.middle();
  const int reach = window.reach();
  const std::uint32_t start = j < -reach ? 0 : window.start(std::min(j, reach + 1));
  const std::uint32_t end = j > reach ? kProbabilityOne : window.start(std::max(j, -reach - 1) + 1);
  double bits = kProbabilityBits - std::log2(end - start);
  if (j < -reach || j > reach)
    bits += 2 * std::bit_width(static_cast<std::uint32_t>((j < 0 ? -j : j) - reach)) - 1;
  return bits;
}

}  // namespace coin
