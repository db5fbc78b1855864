// Numbers as error texts have them, without the weight of stdio.
#pragma once

#include <cstdint>
#include <string>

namespace coin {

// 1234567 as "1,234,567".
std::string grouped(std::uint64_t value);

// A number from 0 on in so many significant digits, as C's %g writes it.
std::string general(double value, int digits);

// "768x512".
inline std::string size_text(int width, int height) { return std::to_string(width) + "x" + std::to_string(height); }

}  // namespace coin
