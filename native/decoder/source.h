// A picture that is computed as far as it is asked for.
#pragma once

#include <algorithm>
#include <memory>
#include <string>

#include "decoder/view.h"

namespace coin {

// Pixels that are computed at a time: enough to keep every core busy, few enough to be stopped promptly.
inline constexpr std::int64_t kBandPixels = std::int64_t{1} << 20;

// Rows of about so many pixels.
inline int band_rows(std::int64_t pixels, int width) {
  return static_cast<int>(std::max<std::int64_t>(1, pixels / width));
}

class Source {
 public:
  virtual ~Source() = default;

  // Samples of a region, row after row without gaps: uint8 or uint16 as the stream has them. Regions are asked for from
  // top to bottom; what lies above the last one may have been forgotten.
  virtual Error render(const Region& region, void* out) = 0;
};

// A part of a source, left to right and top to bottom, and its whole size. It is a view as it is if it has its size.
struct Box {
  double left, top, right, bottom;
};

// What a family shows for a view. missing: what a cut stream does not say of it, in a few words.
struct Shown {
  std::unique_ptr<Source> source;
  int width, height;
  Box box;
  std::string missing;
};

}  // namespace coin
