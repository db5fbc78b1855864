// Latents to bytes and back: the integer context model and the range coder, coarse grids first.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "latent/integer.h"

namespace coin {

// The context model's parameters as integers, in the order of LatentShape up to the filters, and how many of their bits
// are after the point: for each of the two context layers and the output, weights and biases; then the features'
// matrices.
struct IntegerParameters {
  const std::int32_t* values;
  int bits[7];
};

// Checks that no sum can leave 32 bits, and that biases can be added exactly. The message says what is wrong, null if
// nothing.
const char* integer_parameters_error(const LatentShape& shape, const IntegerParameters& parameters);

// latents: as in LatentShape, whole numbers within +-kLaplaceLimit. ends: bytes written by the end of each grid,
// coarsest first.
std::vector<std::uint8_t> encode_latents(const LatentShape& shape, const IntegerParameters& parameters,
                                         const float* latents, std::vector<std::int64_t>& ends);

// Bits of all latents, grid by grid, finest first.
std::vector<double> latent_bits(const LatentShape& shape, const IntegerParameters& parameters, const float* latents);

// Sets the latents. False for bytes that no encoder writes.
bool decode_latents(const LatentShape& shape, const IntegerParameters& parameters, const std::uint8_t* bytes,
                    std::size_t count, float* latents, std::vector<std::int64_t>& ends);

}  // namespace coin
