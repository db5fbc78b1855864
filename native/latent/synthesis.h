// Grids to samples: upsampling, two 1x1 layers with a linear bypass, a 3x3 block added to them. Compiled once per
// instruction set.
//
//   y = second [relu(first u) | u],   v = y + mix relu(block * y),   u being the grids at the picture's size.
//
// Beyond the border y is what it is on it.
#pragma once

#include "latent/upsample.h"

namespace coin::COIN_ISA {

struct SynthesisInput {
  const float* parameters;  // for the filters
  const float* packed;      // by synthesis_pack
  const float* latents;
  const float* chains;
  ChainRows rows;           // of the chains
};

// What a fit wants of rows [first, last).
struct SynthesisBand {
  int first, last;
  const float* target;      // planes of channels, `padded` columns of grid 0 in a row
  const float* weights;     // of the squared errors, likewise; null: all 1
  float* shown;             // v is left here, likewise; null: not wanted
  float* latent_gradient;   // grid 0 is set
  float* narrow;            // narrow_plane floats for each grid from 1 on: its gradient at the picture's height, set
  int every, phase;         // the parameters' gradient is taken from one row in `every`
};

inline std::int64_t narrow_plane(const LatentShape& s) { return std::int64_t{s.rows(0)} * s.stride(1); }
inline std::int64_t target_plane(const LatentShape& s) { return std::int64_t{s.rows(0)} * s.padded(0); }

std::size_t synthesis_packed_size(const LatentShape& s);
void synthesis_pack(const LatentShape& s, const float* parameters, float* packed);
std::size_t synthesis_scratch_size(const LatentShape& s);

// Returns the sum over samples of weight (clamp(v, 0, 1) - target)^2. Where there is a gradient it is that of the sum divided
// by the channels, the clamp's taken for 1; `partial` is laid out like the parameters and added to (null: the
// parameters' is not wanted).
double synthesis_band(const LatentShape& s, const SynthesisInput& in, const SynthesisBand& band, float* partial,
                      float* scratch);

// Writes v, not clamped, of rows [first, last): planes of channels, `padded` columns in a row, row `first` at `out`,
// planes `plane` floats apart.
void synthesis_rows(const LatentShape& s, const SynthesisInput& in, int first, int last, float* out, std::int64_t plane,
                    float* scratch);

}  // namespace coin::COIN_ISA
