#include "decoder/format/colour.h"

#include <algorithm>

#include "decoder/format/inflate.h"

namespace coin {
namespace {

// Whether a block begins as an ICC profile does, and is as long as it says (ICC.1:2022, section 7.2).
bool is_profile(ByteSpan block) {
  constexpr std::size_t kHeaderBytes = 128;
  constexpr char kMark[] = {'a', 'c', 's', 'p'};
  if (block.size() <= kHeaderBytes + 4 || !std::equal(kMark, kMark + 4, block.begin() + 36)) return false;
  const std::uint64_t length = std::uint64_t{block[0]} << 24 | block[1] << 16 | block[2] << 8 | block[3];
  return block.size() >= length;
}

// H.273's "unspecified", and what it leaves to later editions.
bool says_nothing(std::uint8_t point) { return point == 0 || point == 2 || point == 3; }

}  // namespace

Result<Colour> read_colour(const Sections& sections, const Limits& limits) {
  const Section* found = nullptr;
  for (const Section& section : sections) {
    if (!is_colour(section)) continue;
    if (found) return corrupt("two sections of colour");
    found = &section;
  }
  if (!found) return Colour{};
  if (found->type == kColourProfile) {
    Result<std::vector<std::uint8_t>> profile = inflate(found->payload, limits.metadata, "ICC profile");
    if (!profile) return profile.error();
    if (!is_profile(*profile)) return corrupt("the ICC profile is damaged");
    return Colour{2, 2, std::move(*profile)};
  }
  const ByteSpan points = found->payload;
  if (points.size() != 2 || says_nothing(points[0]) || says_nothing(points[1]))
    return corrupt("the colour space is damaged");
  return Colour{points[0], points[1], {}};
}

}  // namespace coin
