// Integers under a Laplace distribution with any mean, through the range coder (docs/format.md, "Laplace integers").
//
// All of it is integer arithmetic, so every machine gets the same intervals.
#pragma once

#include <cstdint>

#include "entropy/range_coder.h"

namespace coin {

// Scale code c stands for the scale 2^((c - 112) / 16): 2^-7 to 2^6.94, sixteen to the octave.
inline constexpr int kLaplaceScales = 224;
inline constexpr int kMeanBits = 8;  // of a mean, after the point

// The largest magnitude that is coded, whatever the distribution; means lie within +-kMeanLimit.
inline constexpr std::int32_t kLaplaceLimit = 1 << 15;
inline constexpr std::int32_t kMeanLimit = 255;

void encode_laplace(RangeEncoder& coder, int scale, std::int32_t mean, std::int32_t value);

// Returns false, with `value` 0, for a code that no encoder writes.
bool decode_laplace(RangeDecoder& coder, int scale, std::int32_t mean, std::int32_t& value);

// Length of the code of `value` in bits.
double laplace_bits(int scale, std::int32_t mean, std::int32_t value);

}  // namespace coin
