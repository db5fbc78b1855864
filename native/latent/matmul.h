// Products of small matrices with many pixels: pixels in the vector lanes, weights broadcast. Compiled once per
// instruction set. A matrix over pixels is a list of rows, each a row of floats wherever it lies; n, the number of
// pixels, is a multiple of 16.
#pragma once

#include "simd/vector.h"

namespace coin::COIN_ISA {

// Most rows and vectors of a tile of a product, and the tile of an outer product: what the registers hold.
#if defined(__AVX512F__)
inline constexpr int kTileVectors = 4;
inline constexpr int kOuterColumns = 4;
#elif defined(__AVX2__)
inline constexpr int kTileVectors = 3;
inline constexpr int kOuterColumns = 3;
#elif defined(__ARM_NEON)
inline constexpr int kTileVectors = 4;
inline constexpr int kOuterColumns = 4;
#else
inline constexpr int kTileVectors = 2;
inline constexpr int kOuterColumns = 2;
#endif

// Sinks for products: rows of the result `stride` floats apart.
struct Store {
  float* out;
  int stride;
  void operator()(int row, int x, Vector v) const { store(out + row * stride + x, v); }
};

struct StoreRelu {
  float* out;
  int stride;
  void operator()(int row, int x, Vector v) const { store(out + row * stride + x, v > Vector{} ? v : Vector{}); }
};

// Gradients pass where the layer's output was positive.
struct StoreMagnitude {
  float* out;
  float* before;
  int stride;
  void operator()(int row, int x, Vector v) const {
    store(before + row * stride + x, v);
    store(out + row * stride + x, v < Vector{} ? -v : v);
  }
};
struct StoreSigned {
  float* out;
  const float* before;
  int stride;
  void operator()(int row, int x, Vector v) const {
    store(out + row * stride + x, load(before + row * stride + x) < Vector{} ? -v : v);
  }
};
struct StoreGated {
  float* out;
  const float* activation;
  int stride;
  void operator()(int row, int x, Vector v) const {
    store(out + row * stride + x, load(activation + row * stride + x) > Vector{} ? v : Vector{});
  }
};

// The list of rows of a matrix.
inline void row_pointers(float* base, int rows, std::ptrdiff_t stride, const float** out) {
  for (int i = 0; i < rows; ++i) out[i] = base + i * stride;
}

// Calls sink(row, pixel, v) for `Rows` rows from `row` and `Vectors` vectors from `pixel`, v = W x + b. Rows of w are
// [W | b]. The order of the sums is that of the inputs, whatever the instruction set. The sink is a copy, which no store
// can change: its fields stay in registers.
template <int Rows, int Vectors, class Sink>
inline void product_tile(const float* w, int row, const float* const* in, int inputs, int pixel, Sink sink) {
  const float* weights = w + static_cast<std::ptrdiff_t>(row) * (inputs + 1);
  Vector sum[Rows][Vectors];
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r) {
    const Vector bias = broadcast(weights[r * (inputs + 1) + inputs]);
#pragma GCC unroll 8
    for (int v = 0; v < Vectors; ++v) sum[r][v] = bias;
  }
  for (int i = 0; i < inputs; ++i) {
    Vector x[Vectors];
#pragma GCC unroll 8
    for (int v = 0; v < Vectors; ++v) x[v] = load_unaligned(in[i] + pixel + v * kLanes);
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r) {
      const Vector weight = broadcast(weights[r * (inputs + 1) + i]);
#pragma GCC unroll 8
      for (int v = 0; v < Vectors; ++v) sum[r][v] = fma(weight, x[v], sum[r][v]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 8
    for (int v = 0; v < Vectors; ++v) sink(row + r, pixel + v * kLanes, sum[r][v]);
}

// Rows [row, end), `Rows` at once, of as many pixels as fill whole tiles; returns the first pixel that is left.
template <int Rows, int Vectors, class Sink>
inline int product_tiles(const float* w, int row, int end, const float* const* in, int inputs, int pixel, int n,
                         const Sink& sink) {
  for (; pixel + Vectors * kLanes <= n; pixel += Vectors * kLanes)
    for (int r = row; r < end; r += Rows) product_tile<Rows, Vectors>(w, r, in, inputs, pixel, sink);
  return pixel;
}

template <int Rows, int Vectors, class Sink>
inline void product_rows(const float* w, int row, int end, const float* const* in, int inputs, int n,
                         const Sink& sink) {
  int pixel = product_tiles<Rows, Vectors>(w, row, end, in, inputs, 0, n, sink);
  pixel = product_tiles<Rows, 2>(w, row, end, in, inputs, pixel, n, sink);
  product_tiles<Rows, 1>(w, row, end, in, inputs, pixel, n, sink);
}

template <class Sink>
inline void product(const float* w, int outputs, const float* const* in, int inputs, int n, const Sink& sink) {
  const int whole = outputs / 4 * 4;
  product_rows<4, kTileVectors>(w, 0, whole, in, inputs, n, sink);
  switch (outputs - whole) {
    case 3: return product_rows<3, kTileVectors>(w, whole, outputs, in, inputs, n, sink);
    case 2: return product_rows<2, 4>(w, whole, outputs, in, inputs, n, sink);
    case 1: return product_rows<1, 4>(w, whole, outputs, in, inputs, n, sink);
    default: return;
  }
}

template <int Rows, int Columns>
inline void outer_tile(const float* const* a, const float* const* b, int n, Vector* sums, int stride) {
  Vector sum[Rows][Columns];
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 8
    for (int c = 0; c < Columns; ++c) sum[r][c] = sums[r * stride + c];
  for (int x = 0; x < n; x += kLanes) {
    Vector y[Columns];
#pragma GCC unroll 8
    for (int c = 0; c < Columns; ++c) y[c] = load_unaligned(b[c] + x);
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r) {
      const Vector v = load_unaligned(a[r] + x);
#pragma GCC unroll 8
      for (int c = 0; c < Columns; ++c) sum[r][c] = fma(v, y[c], sum[r][c]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 8
    for (int c = 0; c < Columns; ++c) sums[r * stride + c] = sum[r][c];
}

template <int Rows>
inline void outer_rows(const float* const* a, const float* const* b, int columns, int n, Vector* sums, int stride) {
  int c = 0;
  for (; c + kOuterColumns <= columns; c += kOuterColumns)
    outer_tile<Rows, kOuterColumns>(a, b + c, n, sums + c, stride);
  if (c + 2 <= columns) {
    outer_tile<Rows, 2>(a, b + c, n, sums + c, stride);
    c += 2;
  }
  for (; c < columns; ++c) outer_tile<Rows, 1>(a, b + c, n, sums + c, stride);
  if (stride == columns) return;
  Vector total[Rows];
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r) total[r] = sums[r * stride + columns];
  for (int x = 0; x < n; x += kLanes) {
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r) total[r] += load_unaligned(a[r] + x);
  }
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r) sums[r * stride + columns] = total[r];
}

// Adds a bᵀ, lanes apart, to sums[row * stride + column]; with `stride` above `columns` also the sums of a, in the
// column after the last.
inline void outer(const float* const* a, int rows, const float* const* b, int columns, int n, Vector* sums,
                  int stride) {
  int r = 0;
  for (; r + 4 <= rows; r += 4) outer_rows<4>(a + r, b, columns, n, sums + r * stride, stride);
  switch (rows - r) {
    case 3: return outer_rows<3>(a + r, b, columns, n, sums + r * stride, stride);
    case 2: return outer_rows<2>(a + r, b, columns, n, sums + r * stride, stride);
    case 1: return outer_rows<1>(a + r, b, columns, n, sums + r * stride, stride);
    default: return;
  }
}

}  // namespace coin::COIN_ISA
