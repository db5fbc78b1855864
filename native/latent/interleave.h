// Doubling and halving the number of pixels of a row. Compiled once per instruction set.
#pragma once

#include "simd/vector.h"

namespace coin::COIN_ISA {

// [a0 b0 a1 b1 ...] in two vectors.
inline void interleave(Vector a, Vector b, Vector& low, Vector& high) {
#if defined(__AVX512F__)
  low = __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  high = __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
#elif defined(__AVX2__)
  low = __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
  high = __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
#else
  low = __builtin_shufflevector(a, b, 0, 4, 1, 5);
  high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
#endif
}

// The way back.
inline void deinterleave(Vector low, Vector high, Vector& even, Vector& odd) {
#if defined(__AVX512F__)
  even = __builtin_shufflevector(low, high, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  odd = __builtin_shufflevector(low, high, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
#elif defined(__AVX2__)
  even = __builtin_shufflevector(low, high, 0, 2, 4, 6, 8, 10, 12, 14);
  odd = __builtin_shufflevector(low, high, 1, 3, 5, 7, 9, 11, 13, 15);
#else
  even = __builtin_shufflevector(low, high, 0, 2, 4, 6);
  odd = __builtin_shufflevector(low, high, 1, 3, 5, 7);
#endif
}

// out[x] = in[x / 2] for x in [0, n); n is a multiple of 16, and `in` may be read up to a vector past its end.
inline void repeat_twice(const float* in, int n, float* out) {
  for (int x = 0; x < n; x += 2 * kLanes) {
    Vector low, high;
    const Vector v = *reinterpret_cast<const Vector*>(in + x / 2);
    interleave(v, v, low, high);
    store(out + x, low);
    if (x + kLanes < n) store(out + x + kLanes, high);
  }
}

// out[i] += in[2 i] + in[2 i + 1] for i in [0, (n + 1) / 2); `in` is 0 from n on, up to a multiple of two vectors, and
// `out` may be changed by 0 beyond.
inline void add_pairs(const float* in, int n, float* out) {
  for (int x = 0; x < n; x += 2 * kLanes) {
    Vector even, odd;
    deinterleave(load(in + x), load(in + x + kLanes), even, odd);
    store(out + x / 2, load(out + x / 2) + (even + odd));
  }
}

}  // namespace coin::COIN_ISA
