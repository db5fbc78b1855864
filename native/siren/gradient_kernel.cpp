// A SIREN's gradient, compiled once per instruction set (see simd/vector.h).
//
// A block of strips goes through the whole network forward, then backward, then its weight gradients are
// summed; the block is sized to stay in the second-level cache.
#include "simd/sincos.h"
#include "siren/product.h"

namespace coin::COIN_ISA {
namespace {

// Most inputs of a weight-gradient tile, times four outputs: as many accumulators as the registers hold.
#if defined(__AVX512F__) || defined(__ARM_NEON)
constexpr int kOuterColumns = 6;
#elif defined(__AVX2__)
constexpr int kOuterColumns = 3;
#else
constexpr int kOuterColumns = 2;
#endif
constexpr int kOuterRows = 4;

// A weight-gradient tile in memory: four sums per column, padded to whole vectors.
constexpr int kGroupsPerVector = kLanes / 4;
constexpr int kOuterVectors = (kOuterColumns + kGroupsPerVector - 1) / kGroupsPerVector;
constexpr int kOuterFloats = kOuterVectors * kLanes;

int outer_tiles(const SirenShape& s, int layer) {
  return Split(s.fan_out(layer), kOuterRows).groups * Split(s.fan_in(layer) + 1, kOuterColumns).groups;
}

// Floats of one strip in the buffers of a block: inputs of every layer with their row of ones, and
// the cosines of every sine layer, which the way back replaces by dL/dz.
std::size_t strip_floats(const SirenShape& s) {
  const std::size_t features = (s.inputs + 1) + static_cast<std::size_t>(s.layers) * (2 * s.width + 1) + s.outputs;
  return features * kStrip;
}

// Blocks fit the second-level cache of 1 MB, but never hold so few strips that the sums across the
// lanes at the end of a weight-gradient tile outweigh the tile.
int strips_per_block(const SirenShape& s) {
  constexpr std::size_t kCacheFloats = 192 * 1024, kLeast = 8, kMost = 16;
  const std::size_t fit = kCacheFloats / strip_floats(s);
  return static_cast<int>(fit < kLeast ? kLeast : fit > kMost ? kMost : fit);
}

std::size_t partial_size(const SirenShape& s) {
  std::size_t n = 0;
  for (int l = 0; l <= s.layers; ++l) n += static_cast<std::size_t>(outer_tiles(s, l)) * kOuterFloats;
  return n;
}

std::size_t scratch_size(const SirenShape& s) {
  return strip_floats(s) * strips_per_block(s) + static_cast<std::size_t>(s.outputs) * kStrip;
}

// sums[o][i] += sum over samples of dz[o] x[i], for a tile of R outputs by C inputs over a block.
template <int R, int C>
void outer_tile(const float* dz, std::ptrdiff_t dz_step, const float* x, std::ptrdiff_t x_step, int strips,
                float* sums) {
  Vector total[C][kOuterRows] = {};
  for (int strip = 0; strip < strips; ++strip, dz += dz_step, x += x_step)
    for (int column = 0; column < kStrip; column += kLanes) {
      Vector d[R];
      for (int r = 0; r < R; ++r) d[r] = load(dz + r * kStrip + column);
      for (int c = 0; c < C; ++c) {
        const Vector input = load(x + c * kStrip + column);
        for (int r = 0; r < R; ++r) total[c][r] = fma(d[r], input, total[c][r]);
      }
    }
  Vector groups[kOuterVectors * kGroupsPerVector] = {};
  for (int c = 0; c < C; ++c) groups[c] = sum_in_groups(total[c][0], total[c][1], total[c][2], total[c][3]);
  for (int v = 0; v < kOuterVectors; ++v)
    store(sums + v * kLanes, load(sums + v * kLanes) + sum_groups(groups + v * kGroupsPerVector));
}

using OuterTile = void (*)(const float*, std::ptrdiff_t, const float*, std::ptrdiff_t, int, float*);

OuterTile outer_tile_for(int rows, int columns) {
#define COIN_OUTER_ROWS(C) {outer_tile<1, C>, outer_tile<2, C>, outer_tile<3, C>, outer_tile<4, C>}
  static constexpr OuterTile table[][kOuterRows] = {
      COIN_OUTER_ROWS(1), COIN_OUTER_ROWS(2),
#if defined(__AVX2__) || defined(__ARM_NEON)
      COIN_OUTER_ROWS(3),
#endif
#if defined(__AVX512F__) || defined(__ARM_NEON)
      COIN_OUTER_ROWS(4), COIN_OUTER_ROWS(5), COIN_OUTER_ROWS(6),
#endif
  };
#undef COIN_OUTER_ROWS
  static_assert(sizeof(table) / sizeof(table[0]) == kOuterColumns);
  return table[columns - 1][rows - 1];
}

void outer(const float* dz, int rows, std::ptrdiff_t dz_step, const float* x, int columns, std::ptrdiff_t x_step,
           int strips, float* sums) {
  const Split by_row(rows, kOuterRows), by_column(columns, kOuterColumns);
  for (int g = 0; g < by_row.groups; ++g) {
    const float* input = x;
    for (int h = 0; h < by_column.groups; ++h, sums += kOuterFloats) {
      outer_tile_for(by_row.size(g), by_column.size(h))(dz, dz_step, input, x_step, strips, sums);
      input += by_column.size(h) * kStrip;
    }
    dz += by_row.size(g) * kStrip;
  }
}

void unpack(const SirenShape& s, const float* partial, float* gradient) {
  for (int l = 0; l <= s.layers; ++l) {
    const int row = s.fan_in(l) + 1;
    const Split by_row(s.fan_out(l), kOuterRows), by_column(row, kOuterColumns);
    for (int g = 0; g < by_row.groups; ++g) {
      float* out = gradient;
      for (int h = 0; h < by_column.groups; ++h, partial += kOuterFloats) {
        for (int c = 0; c < by_column.size(h); ++c)
          for (int r = 0; r < by_row.size(g); ++r) out[r * row + c] = partial[c * kOuterRows + r];
        out += by_column.size(h);
      }
      gradient += by_row.size(g) * row;
    }
  }
}

double gradient(const SirenShape& s, const float* packed, const Samples& samples, std::int64_t first,
                std::int64_t last, Values targets, float scale, float* partial, float* scratch) {
  const int block_strips = strips_per_block(s);

  // Buffers of a block: the inputs of each layer, [strip][feature][lane] with a last feature of ones,
  // and dL/dz of each layer, [strip][feature][lane].
  float* x[kMaxLayers + 1];
  float* dz[kMaxLayers + 1];
  std::ptrdiff_t x_step[kMaxLayers + 1], dz_step[kMaxLayers + 1];
  const float* weights[kMaxLayers + 1];
  float* next = scratch;
  for (int l = 0; l <= s.layers; ++l) {
    weights[l] = packed;
    packed += forward_floats(s, l) + backward_floats(s, l);
    x[l] = next;
    x_step[l] = (s.fan_in(l) + 1) * kStrip;
    for (int strip = 0; strip < block_strips; ++strip) {
      float* ones = x[l] + (strip + 1) * x_step[l] - kStrip;
      for (int i = 0; i < kStrip; ++i) ones[i] = 1.0f;
    }
    dz[l] = x[l] + block_strips * x_step[l];
    dz_step[l] = s.fan_out(l) * kStrip;
    next = dz[l] + block_strips * dz_step[l];
  }
  float* target = next;

  const std::size_t partial_floats = partial_size(s);
  for (std::size_t i = 0; i < partial_floats; ++i) partial[i] = 0;

  double squared_error = 0;
  const std::int64_t block = std::int64_t{block_strips} * kStrip;
  for (std::int64_t start = first; start < last; start += block) {
    const std::int64_t end = last - start < block ? last : start + block;
    const int strips = static_cast<int>((end - start + kStrip - 1) / kStrip);
    for (int strip = 0; strip < strips; ++strip) {
      const std::int64_t k = start + std::int64_t{strip} * kStrip;
      load_coordinates(samples, k, last, x[0] + strip * x_step[0]);
      for (int l = 0; l < s.layers; ++l) {
        float* cosine = dz[l] + strip * dz_step[l];
        float* h = x[l + 1] + strip * x_step[l + 1];
        product<false>(weights[l], x[l] + strip * x_step[l], s.fan_in(l), cosine, s.width);
        for (int i = 0; i < s.width * kStrip; i += kLanes) {
          Vector sine, cos;
          sincos_turns(load(cosine + i), sine, cos);
          store(h + i, sine);
          store(cosine + i, cos);
        }
      }

      float* error = dz[s.layers] + strip * dz_step[s.layers];
      product<false>(weights[s.layers], x[s.layers] + strip * x_step[s.layers], s.width, error, s.outputs);
      load_targets(targets, samples, k, last, s.outputs, target);
      for (int c = 0; c < s.outputs; ++c)
        for (int lane = lanes_left(k, last); lane < kStrip; ++lane)
          target[c * kStrip + lane] = error[c * kStrip + lane];
      Vector squares = {};
      for (int i = 0; i < s.outputs * kStrip; i += kLanes) {
        const Vector e = load(error + i) - load(target + i);
        squares = fma(e, e, squares);
        store(error + i, e * broadcast(scale));
      }
      squared_error += sum(squares);

      for (int l = s.layers; l > 0; --l)
        product<true>(weights[l] + forward_floats(s, l), dz[l] + strip * dz_step[l], s.fan_out(l),
                      dz[l - 1] + strip * dz_step[l - 1], s.width);
    }

    float* sums = partial;
    for (int l = 0; l <= s.layers; ++l) {
      outer(dz[l], s.fan_out(l), dz_step[l], x[l], s.fan_in(l) + 1, x_step[l], strips, sums);
      sums += static_cast<std::size_t>(outer_tiles(s, l)) * kOuterFloats;
    }
  }
  return squared_error;
}

float peak(std::int64_t rounds, std::int64_t* fmas_per_round) {
  constexpr int kChains = 12;
  *fmas_per_round = kChains * kLanes;
  Vector chain[kChains];
  for (int i = 0; i < kChains; ++i) chain[i] = broadcast(static_cast<float>(i));
  const Vector a = broadcast(0.999f), b = broadcast(0.001f);
  for (std::int64_t round = 0; round < rounds; ++round)
    for (int i = 0; i < kChains; ++i) chain[i] = fma(chain[i], a, b);
  float total = 0;
  for (int i = 0; i < kChains; ++i) total += sum(chain[i]);
  return total;
}

}  // namespace

extern const SirenGradientKernel siren_gradient_kernel;  // declared again in gradient.cpp
const SirenGradientKernel siren_gradient_kernel = {partial_size, scratch_size, gradient, unpack, peak};

}  // namespace coin::COIN_ISA
