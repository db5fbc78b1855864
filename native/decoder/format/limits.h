// What a decoder agrees to do for a stream that it does not trust; checked before memory is taken.
#pragma once

#include <cstdint>

#include "decoder/format/error.h"
#include "decoder/format/text.h"

namespace coin {

struct Limits {
  std::uint64_t pixels = std::uint64_t{1} << 28;  // width times height
  std::uint64_t macs = 4'000'000'000'000;         // multiply-accumulates of the whole decode
  std::uint64_t metadata = std::uint64_t{1} << 26;  // bytes of a profile, of EXIF data or XMP, unpacked

  Error check_pixels(int width, int height) const {
    if (static_cast<std::uint64_t>(width) <= pixels / static_cast<std::uint64_t>(height)) return {};
    return over_limit(size_text(width, height) + " is over the limit of " + grouped(pixels) + " pixels");
  }

  Error check_macs(std::uint64_t needed) const {
    if (needed <= macs) return {};
    return over_limit("decoding needs " + general(static_cast<double>(needed), 2) + " multiply-accumulates, the limit is " +
                      general(static_cast<double>(macs), 2));
  }
};

}  // namespace coin
