#include "decoder/format/text.h"

#include <cmath>

namespace coin {

std::string grouped(std::uint64_t value) {
  std::string text = std::to_string(value);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, 1, ',');
  return text;
}

std::string general(double value, int digits) {
  if (value == 0) return "0";
  int exponent = static_cast<int>(std::floor(std::log10(value)));
  double scaled = std::nearbyint(value / std::pow(10, exponent - digits + 1));
  if (scaled >= std::pow(10, digits)) {
    ++exponent;
    scaled = std::nearbyint(value / std::pow(10, exponent - digits + 1));
  }
  std::string text = std::to_string(static_cast<std::uint64_t>(scaled));
  const bool plain = exponent >= -4 && exponent < digits;
  if (plain && exponent < 0) text.insert(0, static_cast<std::size_t>(-exponent), '0');
  const std::size_t point = plain && exponent > 0 ? static_cast<std::size_t>(exponent) + 1 : 1;
  if (point < text.size()) {
    text.insert(point, 1, '.');
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
  }
  if (plain) return text;
  const std::string power = std::to_string(std::abs(exponent));
  return text + (exponent < 0 ? "e-" : "e+") + (power.size() < 2 ? "0" : "") + power;
}

}  // namespace coin
