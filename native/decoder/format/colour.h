// What a picture's samples mean (docs/format.md, "Colour").
#pragma once

#include "decoder/format/container.h"
#include "decoder/format/limits.h"

namespace coin {

// Code points of ITU-T H.273, by default sRGB's; 2 and 2, "unspecified", with an ICC profile.
struct Colour {
  int primaries = 1, transfer = 13;
  std::vector<std::uint8_t> icc;
};

inline constexpr int kColourSpace = 0x70, kColourProfile = 0x71;

// Whether a section is the colour's, and no family's affair.
inline bool is_colour(const Section& section) {
  return section.type == kColourSpace || section.type == kColourProfile;
}

// limits: of a profile's bytes.
Result<Colour> read_colour(const Sections& sections, const Limits& limits);

}  // namespace coin
