// A SIREN in a stream: its sizes in the header, its weights in one section (docs/format.md, "Family 1").
#pragma once

#include <vector>

#include "decoder/format/container.h"
#include "siren/kernel.h"

namespace coin {

inline constexpr int kSirenFamily = 1;
inline constexpr int kWeightsHalf = 1, kWeightsCoded = 2;

Result<SirenShape> read_siren_shape(const Header& header);

// The one section of weights.
Result<Section> siren_weights_section(const Sections& sections);

// The parameters of the network, as SirenShape lays them out. A siren needs all of its bytes.
Result<std::vector<float>> read_siren_weights(const SirenShape& shape, const Sections& sections);

// Whether no feature can leave +-2^12 radians: an angle beyond has too few bits left below the point for decoders to
// agree on its sine.
bool siren_bounded(const SirenShape& shape, const float* parameters);

// Multiply-accumulates of one sample.
inline std::int64_t siren_macs(const SirenShape& s) {
  std::int64_t macs = 0;
  for (int layer = 0; layer <= s.layers; ++layer) macs += std::int64_t{s.fan_out(layer)} * s.fan_in(layer);
  return macs;
}

}  // namespace coin
