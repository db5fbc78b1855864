// 2^-y in integers, as docs/format.md defines it. For sources that are compiled once, not per instruction set.
#pragma once

#include <array>
#include <cstdint>

namespace coin {

// 2^31 times 2^(-1/2), 2^(-1/4), ... 2^(-1/65536).
inline constexpr std::array<std::uint32_t, 16> kRoots = {
    0x5A82799A, 0x6BA27E65, 0x75606374, 0x7A92BE8B, 0x7D41D96E, 0x7E9F0606, 0x7F4F08AE, 0x7FA765AD,
    0x7FD3AB29, 0x7FE9D3A9, 0x7FF4E959, 0x7FFA748E, 0x7FFD3A3F, 0x7FFE9D1E, 0x7FFF4E8E, 0x7FFFA747};

// 2^31 times 2^(-y / 65536), y >= 0.
constexpr std::uint64_t exp2_negative(std::uint64_t y) {
  if (y >> 16 >= 32) return 0;
  std::uint64_t result = std::uint64_t{1} << 31;
  for (int bit = 0; bit < 16; ++bit) {
    if (y >> (15 - bit) & 1) result = result * kRoots[bit] >> 31;
  }
  return result >> (y >> 16);
}

}  // namespace coin
