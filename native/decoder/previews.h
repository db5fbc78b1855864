// A picture from coarse to fine.
#pragma once

#include <memory>
#include <vector>

#include "decoder/format/limits.h"
#include "decoder/source.h"

namespace coin {

// partial: the stream may be the beginning of a whole one; previews end with what it says completely. total: bytes of
// the stream. band: pixels that are computed at a time.
struct PreviewRequest {
  bool partial = false;
  int threads = 1;
  Limits limits = {};
  std::uint64_t total = 0;
  std::int64_t band = kBandPixels;
};

// A whole picture before all of it is known.
//
// samples: uint8 or uint16, rows without gaps: one for every `step` pixels, both ways. step: a power of two, at last 1.
// place: of the first sample, in pixels from the left and the top. bytes: of the stream that were needed. work:
// multiply-accumulates done so far, in units of a decode of the picture alone.
struct Preview {
  int width, height, step;
  double place, work;
  std::uint64_t bytes;
  std::vector<std::uint16_t> samples;  // 8-bit ones two by two
};

class Previews {
 public:
  virtual ~Previews() = default;

  // The next one, until one had a step of 1 or, of a cut stream, the next is not all there: null.
  virtual Result<std::unique_ptr<Preview>> next() = 0;

  static Result<std::unique_ptr<Previews>> open(ByteSpan data, PreviewRequest request);
};

// Memory for so many samples.
inline std::vector<std::uint16_t> samples_memory(std::size_t pixels, std::size_t pixel_bytes) {
  return std::vector<std::uint16_t>((pixels * pixel_bytes + 1) / 2);
}

}  // namespace coin
