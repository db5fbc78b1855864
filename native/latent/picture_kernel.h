// What one instruction set offers to show `latent` models. picture.cpp owns threads and memory.
#pragma once

#include "latent/shape.h"

namespace coin {

// A model and its latents, as in shape.h. packed: by LatentPictureKernel. chains: its coarse grids at the size of grid 1,
// for rows [first, last) of the picture.
struct PictureArrays {
  const float *parameters, *packed, *latents;
  float* chains;
  int first, last;
};

struct LatentPictureKernel {
  // Floats of the packed parameters, of one thread's scratch memory, and of chains for rows [first, last).
  std::size_t (*packed_size)(const LatentShape&);
  std::size_t (*scratch_size)(const LatentShape&);
  std::size_t (*chains_size)(const LatentShape&, int first, int last);

  void (*pack)(const LatentShape&, const float* parameters, float* packed);

  // Grid `grid`, from 2 on, at the size of grid 1.
  void (*chain)(const LatentShape&, const PictureArrays&, int grid, float* scratch);

  // v, not clamped, of rows [first, last): planes of channels, `plane` floats apart.
  void (*rows)(const LatentShape&, const PictureArrays&, int first, int last, float* out, std::int64_t plane,
               float* scratch);
};

}  // namespace coin
