// What a stream says besides the picture (docs/format.md, "Metadata").
#pragma once

#include <optional>

#include "decoder/format/container.h"
#include "decoder/format/limits.h"

namespace coin {

inline constexpr int kExif = 0xF0, kXmp = 0xF1, kResolution = 0xF2;

// What is there of these. exif: a TIFF structure. xmp: a packet of XML. resolution: in hundredths of a pixel per inch,
// horizontal and vertical.
struct Metadata {
  struct Resolution {
    std::uint32_t x, y;
  };

  std::optional<std::vector<std::uint8_t>> exif, xmp;
  std::optional<Resolution> resolution;
};

inline bool is_metadata(const Section& section) { return section.type >= kExif && section.type <= kResolution; }

// limits: of the bytes of each.
Result<Metadata> read_metadata(const Sections& sections, const Limits& limits);

}  // namespace coin
