#include "latent/features.h"

#include "latent/interleave.h"
#include "latent/matmul.h"

namespace coin::COIN_ISA {
namespace {

constexpr int kMargin = LatentShape::kMargin;

// Per level: the matrix with a bias of 0, then its transpose with one.
std::ptrdiff_t packed_at(const LatentShape& s, int level) {
  std::ptrdiff_t at = 0;
  for (int l = 0; l < level; ++l) {
    const std::ptrdiff_t inputs = s.levels - 1 - l;
    at += s.features * (inputs + 1) + inputs * (s.features + 1);
  }
  return at;
}

// Rows of floats, as wide as a row of grid 1 and two vectors more.
int row_floats(const LatentShape& s) { return s.stride(1) + 32; }

// Rows of level + 1 in one row of the coarsest grid.
struct Rows {
  int first, last;
  Rows(const LatentShape& s, int level, int coarsest_row) {
    const int shift = s.levels - 2 - level, rows = s.rows(level + 1);
    first = coarsest_row << shift;
    last = (coarsest_row + 1) << shift;
    last = last < rows ? last : rows;
  }
};

// Writes a row of grid `level` as grid `target` sees it, every latent repeated; `spare` is another row.
void expand(const LatentShape& s, const float* row, int level, int target, float* out, float* spare) {
  const float* from = row;
  for (int l = level; l > target; --l) {
    float* to = (l - target) % 2 == 1 ? out : spare;
    repeat_twice(from, s.padded(l - 1), to);
    from = to;
  }
  if (level == target)
    for (int x = 0; x < s.padded(target); x += kLanes) store(out + x, load(row + x));
}

const float* latent_row(const LatentShape& s, const float* latents, int level, int row) {
  return latents + s.plane(level) + std::int64_t{row} * s.stride(level);
}

}  // namespace

std::size_t features_packed_size(const LatentShape& s) { return packed_at(s, s.feature_levels()); }

std::size_t features_scratch_size(const LatentShape& s) {
  const std::size_t sums = std::size_t{kMaxFeatures} * kMaxLevels * kLanes * kFeatureLevels;
  return sums + std::size_t(s.levels + 3) * row_floats(s);
}

void features_pack(const LatentShape& s, const float* parameters, float* packed) {
  for (int level = 0; level < s.feature_levels(); ++level) {
    const int inputs = s.levels - 1 - level;
    const float* w = parameters + s.features_at(level);
    float* forward = packed + packed_at(s, level);
    float* back = forward + s.features * (inputs + 1);
    for (int f = 0; f < s.features; ++f) {
      for (int i = 0; i < inputs; ++i) {
        forward[f * (inputs + 1) + i] = w[f * inputs + i];
        back[i * (s.features + 1) + f] = w[f * inputs + i];
      }
      forward[f * (inputs + 1) + inputs] = 0;
    }
    for (int i = 0; i < inputs; ++i) back[i * (s.features + 1) + s.features] = 0;
  }
}

void features_forward(const LatentShape& s, const float* packed, const float* latents, int coarsest_row,
                      float* features, float* gradient, float* scratch) {
  const int wide = row_floats(s);
  for (int level = 0; level < s.feature_levels(); ++level) {
    const int inputs = s.levels - 1 - level, stride = s.stride(level + 1), width = s.padded(level + 1);
    const std::int64_t plane = feature_plane(s, level), at = features_of(s, level) + kMargin;
    const float* in[kMaxLevels];
    for (int i = 0; i < inputs; ++i) in[i] = scratch + i * wide;
    const Rows rows(s, level, coarsest_row);
    for (int row = rows.first; row < rows.last; ++row) {
      for (int i = 0; i < inputs; ++i)
        expand(s, latent_row(s, latents, level + 1 + i, row >> i), level + 1 + i, level + 1, scratch + i * wide,
               scratch + s.levels * wide);
      float* out = features + at + std::int64_t{row} * stride;
      product(packed + packed_at(s, level), s.features, in, inputs, width,
              [out, plane](int f, int x, Vector v) { store(out + f * plane + x, v); });
      if (gradient)
        for (int f = 0; f < s.features; ++f) {
          float* clear = gradient + at - kMargin + f * plane + std::int64_t{row} * stride;
          for (int x = 0; x < stride; x += kLanes) store(clear + x, Vector{});
        }
    }
  }
}

void features_backward(const LatentShape& s, const float* packed, const float* latents, int coarsest_row,
                       const float* gradient, float* latent_gradient, float* partial, float* scratch) {
  const int wide = row_floats(s);
  float* rows_at = scratch + std::size_t{kMaxFeatures} * kMaxLevels * kLanes * kFeatureLevels;
  for (int level = 0; level < s.feature_levels(); ++level) {
    const int inputs = s.levels - 1 - level, stride = s.stride(level + 1), width = s.padded(level + 1);
    const std::int64_t plane = feature_plane(s, level), at = features_of(s, level) + kMargin;
    const float* back = packed + packed_at(s, level) + s.features * (inputs + 1);
    Vector* sums = reinterpret_cast<Vector*>(scratch) + level * kMaxFeatures * kMaxLevels;
    for (int i = 0; i < s.features * inputs; ++i) sums[i] = Vector{};
    const Rows rows(s, level, coarsest_row);
    for (int row = rows.first; row < rows.last; ++row) {
      const float *from[kMaxFeatures], *in[kMaxLevels];
      for (int f = 0; f < s.features; ++f) from[f] = gradient + at + f * plane + std::int64_t{row} * stride;
      for (int i = 0; i < inputs; ++i) {
        in[i] = rows_at + i * wide;
        expand(s, latent_row(s, latents, level + 1 + i, row >> i), level + 1 + i, level + 1, rows_at + i * wide,
               rows_at + s.levels * wide);
      }
      outer(from, s.features, in, inputs, width, sums, inputs);
      product(back, inputs, from, s.features, width,
              [rows_at, wide](int i, int x, Vector v) { store(rows_at + i * wide + x, v); });
      for (int i = 0; i < inputs; ++i) {
        const int grid = level + 1 + i;
        float* target = latent_gradient + s.plane(grid) + std::int64_t{row >> i} * s.stride(grid);
        float* have = rows_at + i * wide;
        float* next = rows_at + s.levels * wide;
        if (i == 0)
          for (int x = 0; x < width; x += kLanes) store(target + x, load(target + x) + load(have + x));
        for (int l = level + 1; l < grid; ++l) {
          const int n = s.padded(l);
          for (int x = n; x < n + 32; x += kLanes) store(have + x, Vector{});
          float* to = l + 1 == grid ? target : next;
          if (to == next)
            for (int x = 0; x < s.stride(l + 1) + 32; x += kLanes) store(to + x, Vector{});
          add_pairs(have, n, to);
          next = have;
          have = to;
        }
      }
    }
    for (int i = 0; i < s.features * inputs; ++i) partial[s.features_at(level) + i] += sum(sums[i]);
  }
}

}  // namespace coin::COIN_ISA
