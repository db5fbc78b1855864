// Sine, alone or with the cosine, of an angle given in turns.
#pragma once

#include "simd/vector.h"

namespace coin::COIN_ISA {

// sin(2 pi t) and cos(2 pi t), absolute error below 2e-7, for |t| < 2^22.
//
// With r = t - round(t), both come from the half angle pi r, which lies in [-pi/2, pi/2]:
// sin(2 pi r) = 2 s c and cos(2 pi r) = 1 - 2 s^2 with s = sin(pi r), c = cos(pi r). No quadrant has
// to be told apart. The polynomials in u = r^2 are minimax fits on [0, 1/4]: s to a relative error
// of 5.3e-9, c to an absolute one of 4.7e-8. The factor 2 is folded into those of c.
inline void sincos_turns(Vector t, Vector& sine, Vector& cosine) {
  const Vector r = fractional(t);
  const Vector u = r * r;
  Vector s = fma(u, broadcast(0.07756039f), broadcast(-0.59824213f));
  s = fma(u, s, broadcast(2.55006973f));
  s = fma(u, s, broadcast(-5.16770968f));
  s = fma(u, s, broadcast(3.14159264f));
  s = s * r;
  Vector c2 = fma(u, broadcast(2 * 0.2196968f), broadcast(2 * -1.33188016f));
  c2 = fma(u, c2, broadcast(2 * 4.05841191f));
  c2 = fma(u, c2, broadcast(2 * -4.93479286f));
  c2 = fma(u, c2, broadcast(2 * 0.99999995f));
  sine = s * c2;
  cosine = fma(s + s, -s, broadcast(1.0f));
}

// The sine alone, absolute error below 1e-6, in ten operations instead of fourteen: sin(2 pi r) = r p(r^2), minimax on
// [0, 1/4] to an absolute error of 9.5e-8; terms of up to 5 leave the rest by rounding.
inline Vector sine_turns(Vector t) {
  const Vector r = fractional(t);
  const Vector u = r * r;
  Vector p = fma(u, broadcast(-12.27128905f), broadcast(41.20541237f));
  p = fma(u, p, broadcast(-76.58010462f));
  p = fma(u, p, broadcast(81.59618431f));
  p = fma(u, p, broadcast(-41.34142142f));
  p = fma(u, p, broadcast(6.28318282f));
  return p * r;
}

}  // namespace coin::COIN_ISA
