// Grids to the picture's size: a separable filter of eight taps doubles the sides of a plane, level after level.
// Compiled once per instruction set.
//
// Sample 2 i of a doubled row is the sum over k of f[k] in[i - 2 + k], sample 2 i + 1 that of f[3 - k] in[i - 1 + k];
// places beyond the border are those on it.
#pragma once

#include "latent/shape.h"
#include "simd/vector.h"

namespace coin::COIN_ISA {

// One step, from a plane of rows x columns. Rows have a stride; what lies beyond `columns` up to the next multiple of
// 16 may hold anything finite.
struct Upsampling {
  int rows, columns, stride;  // of the smaller plane
  int target_rows, target_columns, target_stride;
  const float* filter;        // kTaps
  int origin = 0;             // the row of the smaller plane that is the first in memory

  Upsampling(const LatentShape& s, int target_level, const float* parameters)
      : rows(s.rows(target_level + 1)), columns(s.columns(target_level + 1)), stride(s.stride(target_level + 1)),
        target_rows(s.rows(target_level)), target_columns(s.columns(target_level)),
        target_stride(s.stride(target_level)), filter(parameters + s.filter_at(target_level)) {}

  int padded() const { return (columns + 15) / 16 * 16; }
};

// Row `row` of the doubled height, of the smaller width, from the plane at `in` (row `origin`, column 0), with the border
// repeated twice to both sides.
void upsample_vertically(const Upsampling& u, const float* in, int row, float* out);

// Doubles such a row.
void upsample_horizontally(const Upsampling& u, const float* in, float* out);

// Adjoint of upsample_horizontally and of the repeated border: `gradient` is of the doubled row, 0 beyond its end up to
// the stride; `out` is set, with 0 beyond its end. With `sums` (kTaps), adds the filter's gradient, `in` being the
// input. `scratch`: 2 (padded + 64) floats.
void downsample_horizontally(const Upsampling& u, const float* gradient, float* out, const float* in, Vector* sums,
                             float* scratch);

// Adjoint of upsample_vertically for one row of the smaller plane: `gradient` holds target_rows rows of `stride`, and
// `out` is set. With `sums`, adds the filter's gradient from the rows that (row / 2 + phase) % every == 0 chooses, `in`
// being the row of the smaller plane.
void downsample_vertically(const Upsampling& u, const float* gradient, int row, float* out, const float* in,
                           Vector* sums, int every, int phase);

// The rows of every level that rows [first, last) of the picture are made of.
struct ChainRows {
  int first[kMaxLevels], count[kMaxLevels];

  ChainRows(const LatentShape& s, int picture_first, int picture_last);
};

// Grids 2 and up are doubled until they have the size of grid 1, each on its own. Places of what grid `grid` is at
// `level`: a plane of that level's stride without rows above, row rows.first[level], column 0.
std::int64_t chain_at(const LatentShape& s, const ChainRows& rows, int grid, int level);
std::int64_t chain_size(const LatentShape& s, const ChainRows& rows);
std::size_t chain_forward_scratch_size(const LatentShape& s);
std::size_t chain_scratch_size(const LatentShape& s);

// Grid `grid` at the size of grid 1; grid 1 itself for grid 1. Sets the origin of what doubles it.
inline const float* at_level_1(const LatentShape& s, const ChainRows& rows, const float* latents, const float* chains,
                               int grid, Upsampling& u) {
  u.origin = grid == 1 ? 0 : rows.first[1];
  return grid == 1 ? latents + s.plane(1) : chains + chain_at(s, rows, grid, 1);
}

void chain_forward(const LatentShape& s, const ChainRows& rows, const float* parameters, const float* latents, int grid,
                   float* chains, float* scratch);

// From the gradient after upsample_vertically to the picture's height (rows(0) rows of stride(1)) to that of the grid,
// which is set. Adds the filters' gradient to `partial`, laid out like the parameters. The chains are of all rows.
void chain_backward(const LatentShape& s, const float* parameters, const float* latents, const float* chains, int grid,
                    const float* gradient, int every, int phase, float* latent_gradient, float* partial,
                    float* scratch);

}  // namespace coin::COIN_ISA
