// Matrix products over a strip of samples, and how their weights are packed. Compiled once per instruction set.
//
// Memory layout: samples are handled in strips of 32; a strip's values of one feature are 32
// consecutive floats, so that samples sit in the vector lanes and weights are broadcast.
//
// Angles are in turns: 1 / (2 pi) is folded into the packed weights of the sine layers.
#pragma once

#include "simd/vector.h"
#include "siren/strip.h"

namespace coin::COIN_ISA {

// Most outputs of a matrix-product tile, times two vectors of samples: as many accumulators as the registers hold.
#if defined(__AVX512F__)
inline constexpr int kTileRows = 14;
#elif defined(__ARM_NEON)
inline constexpr int kTileRows = 12;
#else
inline constexpr int kTileRows = 6;
#endif
inline constexpr int kTileVectors = 2;

// n things in the fewest groups of at most `most`, as even as can be.
struct Split {
  int groups, base, larger;
  Split(int n, int most) : groups((n + most - 1) / most), base(n / groups), larger(n % groups) {}
  int size(int g) const { return base + (g < larger ? 1 : 0); }
};

// Where things lie in the packed weights: for every layer its tiles for the forward pass (biases,
// then weights input by input), and for every layer but the first those for the way back.
inline std::size_t forward_floats(const SirenShape& s, int layer) {
  return static_cast<std::size_t>(s.fan_out(layer)) * (s.fan_in(layer) + 1);
}
inline std::size_t backward_floats(const SirenShape& s, int layer) {
  return layer == 0 ? 0 : static_cast<std::size_t>(s.fan_out(layer)) * s.fan_in(layer);
}

// One tile of a matrix product over a strip: z[r] = bias[r] + sum_k w[k][r] x[k] on the way forward,
// z[r] *= sum_k w[k][r] x[k] on the way back.
template <int R, bool kBackward>
void product_tile(const float* w, const float* x, int depth, float* z) {
  for (int column = 0; column < kStrip; column += kTileVectors * kLanes) {
    Vector sum[R][kTileVectors];
    const float* weight = w;
    for (int r = 0; r < R; ++r)
      for (int v = 0; v < kTileVectors; ++v) sum[r][v] = kBackward ? Vector{} : broadcast(weight[r]);
    if (!kBackward) weight += R;
    for (int k = 0; k < depth; ++k, weight += R) {
      Vector input[kTileVectors];
      for (int v = 0; v < kTileVectors; ++v) input[v] = load(x + k * kStrip + column + v * kLanes);
      for (int r = 0; r < R; ++r) {
        const Vector b = broadcast(weight[r]);
        for (int v = 0; v < kTileVectors; ++v) sum[r][v] = fma(b, input[v], sum[r][v]);
      }
    }
    for (int r = 0; r < R; ++r)
      for (int v = 0; v < kTileVectors; ++v) {
        float* p = z + r * kStrip + column + v * kLanes;
        store(p, kBackward ? sum[r][v] * load(p) : sum[r][v]);
      }
  }
}

using ProductTile = void (*)(const float*, const float*, int, float*);

template <bool kBackward>
ProductTile product_tile_for(int rows) {
  static constexpr ProductTile table[] = {
      product_tile<1, kBackward>, product_tile<2, kBackward>, product_tile<3, kBackward>,
      product_tile<4, kBackward>, product_tile<5, kBackward>, product_tile<6, kBackward>,
#if defined(__AVX512F__) || defined(__ARM_NEON)
      product_tile<7, kBackward>, product_tile<8, kBackward>, product_tile<9, kBackward>,
      product_tile<10, kBackward>, product_tile<11, kBackward>, product_tile<12, kBackward>,
      product_tile<13, kBackward>, product_tile<14, kBackward>,
#endif
  };
  static_assert(sizeof(table) / sizeof(table[0]) >= kTileRows);
  return table[rows - 1];
}

template <bool kBackward>
void product(const float* w, const float* x, int depth, float* z, int rows) {
  const Split split(rows, kTileRows);
  for (int g = 0; g < split.groups; ++g) {
    const int r = split.size(g);
    product_tile_for<kBackward>(r)(w, x, depth, z);
    w += r * (depth + (kBackward ? 0 : 1));
    z += r * kStrip;
  }
}

}  // namespace coin::COIN_ISA
