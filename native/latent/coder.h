// Latents to bytes and back: the integer context model and the range coder, coarse grids first.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "entropy/range_coder.h"
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

class LatentWalk;

// Reads grids, coarsest first.
class LatentDecoder {
 public:
  // `bytes` must outlive the decoder. cut: they are the beginning of a longer code.
  LatentDecoder(const LatentShape& shape, const IntegerParameters& parameters, const std::uint8_t* bytes,
                std::size_t count, bool cut);
  ~LatentDecoder();

  // Whole rows that were read, fewer than the grid has where the code is cut; sound is false for a code that no encoder
  // writes. Nothing may be read after either.
  struct Grid {
    int rows;
    bool sound;
  };

  // The grid that next_grid reads, -1 after the finest.
  int level() const { return level_; }

  // Sets latents of a plane, given its row 0, column 0.
  Grid next_grid(float* plane);

  // Bytes read so far; a decoder is a few ahead of what it needed.
  std::int64_t position() const { return static_cast<std::int64_t>(coder_.position()); }

  // Whether the bytes are what an encoder writes, all grids having been read.
  bool complete() const { return coder_.complete(); }

 private:
  const LatentShape shape_;
  const bool cut_;
  std::unique_ptr<LatentWalk> walk_;
  RangeDecoder coder_;
  int level_;
};

}  // namespace coin
