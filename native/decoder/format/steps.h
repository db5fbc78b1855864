// Powers of two in eighths of an octave, as the format computes them: integers, the same on every machine.
#pragma once

#include <cstdint>

namespace coin {

struct Falling {
  std::int64_t mantissa;  // of 24 bits
  int exponent;
};

// 2^(-eighths / 8) is mantissa times 2^exponent.
inline Falling falling(int eighths) {
  // 2^23 times 2^(-j / 8), j = 0..7, rounded.
  constexpr std::int64_t kMantissas[] = {0x800000, 0x756063, 0x6BA27E, 0x62B395, 0x5A827A, 0x52FF6B, 0x4C1BF8, 0x45CAE1};
  return {kMantissas[eighths & 7], -23 - (eighths >> 3)};
}

}  // namespace coin
