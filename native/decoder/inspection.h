// What a stream says of itself.
#pragma once

#include <array>
#include <vector>

#include "decoder/format/colour.h"
#include "decoder/format/container.h"

namespace coin {

// A model. shape: as its family has it: layers and width; or grids, neighbours, features, hidden, block. parts: bytes of
// each in the order of the file: weights; or networks, then grids, the coarsest first. parameters: weights and biases of
// all networks. macs: multiply-accumulates to decode a pixel. halves: whether weights are half floats.
struct Model {
  const char* family;
  std::vector<int> shape;
  std::vector<std::uint64_t> parts;
  std::int64_t parameters, macs;
  bool halves;
};

// A stream, every checksum verified and everything decoded to numbers. colour_bytes, metadata_bytes: of the file that
// they take; of EXIF data, XMP and resolution, 0 for what is not there.
struct Inspection {
  Model model;
  Colour colour;
  std::uint64_t colour_bytes;
  std::array<std::uint64_t, 3> metadata_bytes;
};

Result<Inspection> inspect(ByteSpan data, const Limits& limits, int threads);

}  // namespace coin
