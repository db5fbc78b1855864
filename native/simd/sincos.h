// Sine and cosine together, of an angle given in turns.
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

}  // namespace coin::COIN_ISA
