// The context model: what the latents cost, and how that changes with them. Its layers take magnitudes. Compiled once
// per instruction set.
#pragma once

#include "latent/shape.h"

namespace coin::COIN_ISA {

// The scale of a latent's Laplace distribution is 2^(t - kScaleOffset), t being the model's second output, within
// 2^-kScaleRange and 2^kScaleRange. No integer is given less than kLeastProbability, or the coder's would be lower.
inline constexpr float kScaleOffset = 5, kScaleRange = 7, kLeastProbability = 1.0f / 65536;

// Rows [first, last) of one grid, `first` being even.
struct ContextBand {
  int level, first, last;
  const float* z;          // the plane's row 0, column 0
  const float* features;   // of this level, null if it has none: feature_plane floats for each
  // What follows is null where no gradient is wanted.
  float* gradient;         // plane, added to
  float* above;            // kRowsAbove rows of `stride`, set: what belongs to the rows before `first`
  float* feature_gradient; // like `features`, added to
  float lambda;            // price of a bit
  int every, phase;        // the parameters' gradient is taken from one chunk of pixels in `every`
};

// Floats of one feature of a level: rows and strides of the next grid.
inline std::int64_t feature_plane(const LatentShape& s, int level) {
  return std::int64_t{s.rows(level + 1)} * s.stride(level + 1);
}

std::size_t context_packed_size(const LatentShape& s);
void context_pack(const LatentShape& s, const float* parameters, float* packed);
std::size_t context_scratch_size(const LatentShape& s);

// Returns the bits of the band's latents. Adds to `partial`, laid out like the parameters (only those of the context
// layers are touched), the gradient of lambda times the bits.
double context_band(const LatentShape& s, const float* packed, const ContextBand& band, float* partial,
                    float* scratch);

}  // namespace coin::COIN_ISA
