// Integers under a logistic distribution around 0, through the range coder (docs/format.md, "Logistic integers").
//
// All of it is integer arithmetic, so every machine gets the same intervals.
#pragma once

#include <cstdint>

#include "entropy/range_coder.h"

namespace coin {

// Scale code c stands for the logistic scale 2^((c - 24) / 8): 1/8 to 2^16.9, eight to the octave.
inline constexpr int kLogisticScales = 160;

// The largest magnitude that is coded under the smallest scale; more under larger ones.
inline constexpr std::int32_t kLogisticLimit = 1 << 16;

void encode_logistic(RangeEncoder& coder, int scale, std::int32_t value);

// Returns false, with `value` 0, for a code that no encoder writes.
bool decode_logistic(RangeDecoder& coder, int scale, std::int32_t& value);

// Length of the code of `value` in bits.
double logistic_bits(int scale, std::int32_t value);

}  // namespace coin
