// Powers and logarithms of vectors.
#pragma once

#include "simd/vector.h"

namespace coin::COIN_ISA {

typedef std::int32_t IntVector __attribute__((vector_size(4 * kLanes), may_alias));

inline IntVector broadcast_int(std::int32_t x) { return x - IntVector{}; }
inline Vector minimum(Vector a, Vector b) { return a < b ? a : b; }
inline Vector maximum(Vector a, Vector b) { return a > b ? a : b; }
inline Vector magnitude(Vector v) { return (Vector)((IntVector)v & broadcast_int(0x7FFFFFFF)); }

// 2^x to a relative error of 2e-7; x is taken into [-126, 126].
inline Vector exp2(Vector x) {
  x = maximum(minimum(x, broadcast(126.0f)), broadcast(-126.0f));
  const Vector shift = broadcast(12582912.0f);
  const Vector whole = (x + shift) - shift;
  const Vector f = x - whole;
  Vector p = fma(f, broadcast(1.5403530e-4f), broadcast(1.3333558e-3f));
  p = fma(f, p, broadcast(9.6181291e-3f));
  p = fma(f, p, broadcast(5.5504109e-2f));
  p = fma(f, p, broadcast(0.24022651f));
  p = fma(f, p, broadcast(0.69314718f));
  p = fma(f, p, broadcast(1.0f));
  return (Vector)((IntVector)p + (__builtin_convertvector(whole, IntVector) << 23));
}

// log2(x) to 3e-7 or a relative 2e-7, x positive and normal.
inline Vector log2(Vector x) {
  // The exponent is that of x / sqrt(1/2), so the fraction m lies in [sqrt(1/2), sqrt(2)).
  const IntVector bits = (IntVector)x;
  const IntVector exponent = (bits - broadcast_int(0x3F3504F3)) >> 23;
  const Vector m = (Vector)(bits - (exponent << 23));
  const Vector z = (m - broadcast(1.0f)) / (m + broadcast(1.0f));
  const Vector u = z * z;
  // 2 / ln 2 times the series of atanh.
  Vector p = fma(u, broadcast(2.8853901f / 9), broadcast(2.8853901f / 7));
  p = fma(u, p, broadcast(2.8853901f / 5));
  p = fma(u, p, broadcast(2.8853901f / 3));
  p = fma(u, p, broadcast(2.8853901f));
  return fma(p, z, __builtin_convertvector(exponent, Vector));
}

// tanh(x), to 2e-7.
inline Vector tanh(Vector x) {
  const Vector e = exp2(x * broadcast(2.8853901f));
  return (e - broadcast(1.0f)) / (e + broadcast(1.0f));
}

}  // namespace coin::COIN_ISA
