// What a context is told of coarser grids: linear features of the latents at the same place. Compiled once per
// instruction set.
#pragma once

#include "latent/context.h"

namespace coin::COIN_ISA {

// Places in the array of all features: feature_plane floats for each feature of each level that has them.
inline std::int64_t features_of(const LatentShape& s, int level) {
  std::int64_t at = 0;
  for (int l = 0; l < level; ++l) at += s.features * feature_plane(s, l);
  return at;
}
inline std::int64_t features_size(const LatentShape& s) { return features_of(s, s.feature_levels()); }

std::size_t features_packed_size(const LatentShape& s);
void features_pack(const LatentShape& s, const float* parameters, float* packed);
std::size_t features_scratch_size(const LatentShape& s);

// The features that lie in one row of the coarsest grid, of all levels; clears their gradient if there is one.
void features_forward(const LatentShape& s, const float* packed, const float* latents, int coarsest_row,
                      float* features, float* gradient, float* scratch);

// Adds to the latents' gradient, and to `partial`, laid out like the parameters.
void features_backward(const LatentShape& s, const float* packed, const float* latents, int coarsest_row,
                       const float* gradient, float* latent_gradient, float* partial, float* scratch);

}  // namespace coin::COIN_ISA
