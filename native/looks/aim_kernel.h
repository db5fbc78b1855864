// The kernels of an aim, for one row each. Compiled once per instruction set.
#pragma once

namespace coin {

// gradient: SSIMULACRA 2's, of the colours as they are seen; null: the metric does not look at it. alpha: how much of
// the colour is seen; null: all.
struct AimRow {
  const float *shown, *original, *weights, *gradient, *alpha;
};

// Squares summed: of the weighted error and of the metric's gradient, where it is; of the error.
struct AimSums {
  double own, metric, plain;
};

struct AimKernel {
  AimSums (*sums)(const AimRow& row, int columns);
  // The place that the error, weighted, is to be taken from: its gradient is then `share` of the original's plus
  // `factor` times the metric's. Within [0, 1], since what is shown is clamped: beyond, a fit would go on and on. And
  // the metric moves no sample by more than there is room on either side: what it wants changes from step to step, and
  // near white only the half of it that darkens would be left.
  void (*goal)(const AimRow& row, float share, float factor, float* out, int columns);
  // Colours on grey.
  void (*cover)(const float* samples, const float* alpha, float* out, int columns);
};

}  // namespace coin
