// The networks of a `latent` stream as integers (docs/format.md, "Section 1, networks").
#pragma once

#include <array>
#include <vector>

#include "decoder/format/container.h"
#include "decoder/latent/model.h"
#include "latent/context_model.h"

namespace coin {

// In the order of the stream: weights and biases of context 1, context 2 and the output, features, filters, weights and
// biases of first, second and block, mix. The first seven are those of the integer context model.
inline constexpr int kTensors = 15;

// For each tensor the places of its parameters, as LatentShape lays them out; empty for what a shape lacks.
using Tensors = std::array<std::vector<std::int32_t>, kTensors>;
Tensors tensors_of(const LatentShape& shape);

// Bits after the point that a tensor may have.
inline constexpr int kLeastTensorBits = 1, kMostTensorBits = 14;

// levels: as LatentShape lays parameters out. bits: of each tensor; a parameter is its level times 2^-bits, filters
// being differences from kBicubic.
struct Networks {
  LatentShape shape;
  std::vector<std::int32_t> levels;
  std::array<int, kTensors> bits;

  std::vector<float> parameters() const;
  IntegerParameters integers() const;
};

// The networks of section 5: codes of a start with directions.
Result<Networks> read_coded_networks(const LatentShape& shape, ByteSpan payload);

// The networks of section 1 or 3. relative: they are differences from a start (origin.h).
Result<Networks> read_networks(const LatentShape& shape, ByteSpan payload, bool relative);

}  // namespace coin
