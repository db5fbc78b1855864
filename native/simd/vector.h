// One vector type and the dozen operations the kernels need, for the instruction set this file is
// compiled for. Included only by the sources that CMake compiles once per instruction set, with
// COIN_ISA naming the set. Everything lives in a namespace of that name and nothing here touches the
// standard library: an inline function shared between two instruction sets would be merged by the
// linker, and the baseline machine would then run AVX-512 code.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__AVX2__) || defined(__AVX512F__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

// Before a loop whose turns do not depend on each other through memory, which not every compiler can be told.
#if defined(__clang__)
#define COIN_INDEPENDENT
#else
#define COIN_INDEPENDENT _Pragma("GCC ivdep")
#endif

namespace coin::COIN_ISA {

#if defined(__AVX512F__)
inline constexpr int kLanes = 16;
#elif defined(__AVX2__)
inline constexpr int kLanes = 8;
#else
inline constexpr int kLanes = 4;
#endif

typedef float Vector __attribute__((vector_size(4 * kLanes), may_alias));

inline Vector load(const float* p) { return *reinterpret_cast<const Vector*>(p); }
inline Vector load_unaligned(const float* p) {
  typedef float Unaligned __attribute__((vector_size(4 * kLanes), may_alias, aligned(4)));
  return *reinterpret_cast<const Unaligned*>(p);
}
inline void store_unaligned(float* p, Vector v) {
  typedef float Unaligned __attribute__((vector_size(4 * kLanes), may_alias, aligned(4)));
  *reinterpret_cast<Unaligned*>(p) = v;
}
// The first n floats, then zeros; the first n to memory.
inline Vector load_first(const float* p, int n) {
  if (n >= kLanes) return load_unaligned(p);
  Vector v{};
  for (int i = 0; i < n; ++i) v[i] = p[i];
  return v;
}
inline void store_first(float* p, Vector v, int n) {
  if (n >= kLanes) return store_unaligned(p, v);
  for (int i = 0; i < n; ++i) p[i] = v[i];
}
inline void store(float* p, Vector v) { *reinterpret_cast<Vector*>(p) = v; }
inline Vector broadcast(float x) { return x - Vector{}; }

// a * b + c, fused where the machine can. The build forbids the compiler to contract anything else,
// so that every instruction set with fused multiply-add computes the same bits.
inline Vector fma(Vector a, Vector b, Vector c) {
#if defined(__AVX512F__)
  return _mm512_fmadd_ps(a, b, c);
#elif defined(__AVX2__)
  return _mm256_fmadd_ps(a, b, c);
#elif defined(__ARM_NEON)
  return vfmaq_f32(c, a, b);
#else
  return a * b + c;
#endif
}

// z minus the nearest integer: in [-1/2, 1/2], exact, for |z| < 2^22. Adding 1.5 * 2^23 leaves no bits
// below the point, so that sum is rounded to an integer. Three additions beat the rounding
// instructions: some machines add beside their multipliers, and on Zen 4 vreduceps takes four times
// as long.
inline Vector fractional(Vector z) {
  const Vector shift = broadcast(12582912.0f);
  return z - ((z + shift) - shift);
}

inline float sum(Vector v) {
  float total = 0;
  for (int i = 0; i < kLanes; ++i) total += v[i];
  return total;
}

// Sums of four vectors, lane groups of four kept apart: in every group of four lanes the result holds
// [a b c d], each summed over that group.
inline Vector sum_in_groups(Vector a, Vector b, Vector c, Vector d) {
#if defined(__AVX512F__)
  const Vector ab = __builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29) +
                    __builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
  const Vector cd = __builtin_shufflevector(c, d, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29) +
                    __builtin_shufflevector(c, d, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
  return __builtin_shufflevector(ab, cd, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29) +
         __builtin_shufflevector(ab, cd, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
#elif defined(__AVX2__)
  const Vector ab = __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13) +
                    __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15);
  const Vector cd = __builtin_shufflevector(c, d, 0, 8, 1, 9, 4, 12, 5, 13) +
                    __builtin_shufflevector(c, d, 2, 10, 3, 11, 6, 14, 7, 15);
  return __builtin_shufflevector(ab, cd, 0, 1, 8, 9, 4, 5, 12, 13) +
         __builtin_shufflevector(ab, cd, 2, 3, 10, 11, 6, 7, 14, 15);
#else
  const Vector ab = __builtin_shufflevector(a, b, 0, 4, 1, 5) + __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const Vector cd = __builtin_shufflevector(c, d, 0, 4, 1, 5) + __builtin_shufflevector(c, d, 2, 6, 3, 7);
  return __builtin_shufflevector(ab, cd, 0, 1, 4, 5) + __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
#endif
}

// Completes sum_in_groups: takes kLanes / 4 of its results and returns their groups summed, in order.
inline Vector sum_groups(const Vector* g) {
#if defined(__AVX512F__)
  const Vector p = __builtin_shufflevector(g[0], g[1], 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +
                   __builtin_shufflevector(g[0], g[1], 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
  const Vector q = __builtin_shufflevector(g[2], g[3], 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +
                   __builtin_shufflevector(g[2], g[3], 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
  return __builtin_shufflevector(p, q, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27) +
         __builtin_shufflevector(p, q, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
#elif defined(__AVX2__)
  return __builtin_shufflevector(g[0], g[1], 0, 1, 2, 3, 8, 9, 10, 11) +
         __builtin_shufflevector(g[0], g[1], 4, 5, 6, 7, 12, 13, 14, 15);
#else
  return g[0];
#endif
}

}  // namespace coin::COIN_ISA
