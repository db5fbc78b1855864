// What one instruction set offers to fits of `latent` models. fit.cpp owns threads, memory and the order of things.
#pragma once

#include "latent/shape.h"

namespace coin {

// How latents become what the model sees.
struct Quantisation {
  bool soft;           // softround(softround(x) + noise); otherwise the nearest integer
  float temperature;   // of the soft rounding, above 0
  float noise;         // standard deviation
  std::uint32_t seed;  // of the noise; a latent's noise depends on this and its place
};

// Adam (Kingma and Ba 2015) on the latents. decay1 and decay2 are 1 - beta^t.
struct LatentUpdate {
  float rate, beta1, beta2, decay1, decay2, epsilon;
};

// A picture as fits see it, and what a band of work leaves behind. Arrays as in shape.h, context.h, synthesis.h.
struct LatentArrays {
  const float* parameters;
  const float* target;
  const float* weights;     // null: all 1
  float* shown;             // null: not wanted
  float* z;
  float* slope;             // of z by the latent
  float* gradient;          // by z
  float* chains;
  float* features;
  float* feature_gradient;
  float* narrow;
  float* packed;
  int first, last;          // rows of the picture that the chains are made for
};

// chains: for all rows.
struct LatentSizes {
  std::size_t packed, scratch, chains, features, narrow;
};

struct LatentFitKernel {
  LatentSizes (*sizes)(const LatentShape&);
  void (*pack)(const LatentShape&, const float* parameters, float* packed);

  // Rows [first, last) of a grid: z and its slope (null: not wanted).
  void (*quantise)(const LatentShape&, int level, int first, int last, const float* latents, const Quantisation&,
                   float* z, float* slope);
  // The same rows: one step down the gradient by z times its slope.
  void (*update)(const LatentShape&, int level, int first, int last, const float* gradient, const float* slope,
                 const LatentUpdate&, float* latents, float* mean, float* square);

  void (*features)(const LatentShape&, const LatentArrays&, int coarsest_row, bool backward, float* scratch);
  void (*features_back)(const LatentShape&, const LatentArrays&, int coarsest_row, float* partial, float* scratch);
  void (*chain)(const LatentShape&, const LatentArrays&, int grid, float* scratch);
  void (*chain_back)(const LatentShape&, const LatentArrays&, int grid, int every, int phase, float* partial,
                     float* scratch);
  // Sum of weighted squared errors of rows [first, last).
  double (*synthesis)(const LatentShape&, const LatentArrays&, int first, int last, bool backward, int every, int phase,
                      float* partial, float* scratch);
  // Bits of rows [first, last) of a grid.
  double (*context)(const LatentShape&, const LatentArrays&, int level, int first, int last, float* above, float lambda,
                    int every, int phase, float* partial, float* scratch);
};

}  // namespace coin
