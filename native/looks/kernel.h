// The kernels of the looks, for one row each: light, opponent colours, blurred moments, what they tell of two pictures,
// and the gradients of all that. Compiled once per instruction set.
//
// Rows that kernels write hold `columns` floats and end in zeros, up to a whole number of vectors; rows to be blurred
// have kBlurReach zeros on both sides.
#pragma once

#include <cstddef>

namespace coin {

// A Gaussian with a deviation of 1.5, as the recursion of Charalampidis 2016 has it for a radius of 5: the response of
// that in libjxl's SSIMULACRA 2.
inline constexpr int kBlurReach = 4;
inline constexpr float kBlur[kBlurReach + 1] = {0.26462111f, 0.21292859f, 0.10933537f, 0.03601111f, 0.00941437f};

inline constexpr int kOpponents = 3;  // X, Y, B

// The three maps of SSIMULACRA 2, each summed plainly and by its fourth power.
inline constexpr int kMaps = 3;  // structure, artefacts, lost detail
struct MapSums {
  double plain[kMaps], fourth[kMaps];
};

// What a map's value adds to the gradient: plain + fourth * value^3.
struct MapWeights {
  float plain[kMaps], fourth[kMaps];
};

// What is known of the original in a row: an opponent colour, its blurred mean and variance.
struct OriginalRow {
  const float *colour, *mean, *variance;
};

// The same of the picture that is compared; square and product are blurred squares and products with the original.
struct ShownRow {
  const float* colour;
  float *mean, *square, *product;
};

struct LooksKernel {
  // Samples, clamped to [0, 1], to light: the curve of sRGB. The gradient is that at the clamped samples.
  void (*light)(const float* samples, float* light, int columns);
  void (*light_back)(const float* samples, const float* gradient, float* out, int columns);

  // Means of two by two, of as many columns; `wide`: columns of the rows above and below, which may be the same.
  void (*halve)(const float* above, const float* below, int wide, float* out, int columns);
  // Adds a quarter of a coarse row's gradient to each of the places of `out` that it was made of: in one of both rows,
  // or in the only one, twice.
  void (*halve_back)(const float* gradient, int columns, float times, float* out, int wide);

  // Light to opponent colours, those that are wanted (not null).
  void (*opponents)(const float* const* light, float* const* colours, int columns);
  // Their gradient to that of light, in place; `gradients` null: zero.
  void (*opponents_back)(float* const* light, const float* const* gradients, int columns);

  // Blurred mean and variance of the original; rows: 2 kBlurReach + 1, the middle one being that of the place.
  void (*original)(const float* const* rows, float* mean, float* variance, float* scratch, int columns);
  // Blurred mean, square, and product with the original.
  void (*moments)(const float* const* rows, const float* const* original, const ShownRow& out, float* scratch,
                  int columns);
  MapSums (*compare)(const OriginalRow& original, const ShownRow& shown, int columns);
  // The gradient of the weighted maps by the moments, in place of those, and by the colour itself.
  void (*compare_back)(const OriginalRow& original, const ShownRow& shown, const MapWeights& weights, float* gradient,
                       int columns);
  // Adds to `gradient` what the moments' gradients say of the colour; rows of them as for `moments`.
  void (*moments_back)(const float* const* mean, const float* const* square, const float* const* product,
                       const float* original, const float* colour, float* gradient, float* scratch, int columns);
  // Floats of scratch for rows of so many columns.
  std::size_t (*scratch)(int columns);
};

}  // namespace coin
