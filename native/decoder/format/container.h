// Bytes to header and sections: version 1 of the container (docs/format.md). Knows no model.
#pragma once

#include <vector>

#include "decoder/format/bytes.h"

namespace coin {

inline constexpr int kVersion = 1;
inline constexpr int kMaxSide = 1 << 20;

// Sections of the model's family whose type has this bit may be skipped by a decoder that does not know them.
inline constexpr int kAncillary = 0x80;

// The fixed facts of a stream. parameters: what the family needs to know, in the stream's bytes.
struct Header {
  int family, width, height, channels, bit_depth;
  ByteSpan parameters;

  std::size_t pixel_bytes() const { return static_cast<std::size_t>(channels * bit_depth / 8); }
};

// A header, and where the sections' payloads lie.
struct Layout {
  struct Place {
    int type;
    std::uint64_t offset, length;
  };

  Header header;
  std::vector<Place> sections;
  std::uint64_t header_bytes, total_bytes;
};

// A checksummed run of bytes. missing: those that a cut stream does not have.
struct Section {
  int type;
  ByteSpan payload;
  std::uint64_t missing;

  std::uint64_t length() const { return payload.size() + missing; }
};

using Sections = std::vector<Section>;

// Of the beginning of a stream, at least its header.
Result<Layout> read_layout(ByteSpan data);

// All sections, every checksum verified. cut: the stream may end before its time; checksums are verified as far as they
// are there.
Result<Sections> read_sections(ByteSpan data, const Layout& layout, bool cut);

}  // namespace coin
