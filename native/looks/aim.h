// What a fit should come near to so that its picture looks like the original: where the squared error to it, weighted,
// has the gradient of a mix of the weighted squared error to the original and SSIMULACRA 2.
#pragma once

#include "looks/ssimulacra2.h"

namespace coin {

class Aim {
 public:
  // original: one or three channels of colour, which are looked at, then at most one of alpha, which is not. weights:
  // of the squared errors, laid out as the original; both must outlive the aim. mix: the metric's share, 0 to 1.
  Aim(int height, int width, int channels, const LooksWeights& table, const Planes& original, const float* weights,
      float mix, int threads);

  int height() const { return height_; }
  int width() const { return width_; }
  int channels() const { return channels_; }

  // SSIMULACRA 2's weighted sum.
  double distance(const Planes& shown, int threads);

  // distance: the same. squared_error: summed over all samples, without weights.
  struct Found {
    double distance, squared_error;
  };
  // Sets `goal`, which lies as `shown` does.
  Found take(const Planes& shown, float* goal, int threads);

  // By what the metric's gradient is multiplied to count as much as the squared error's: a mean over calls, 0 before any.
  double scale() const { return scale_; }
  void set_scale(double scale) { scale_ = scale; }

 private:
  int colours() const { return channels_ - (channels_ % 2 == 0 ? 1 : 0); }
  Planes covered(const Planes& samples, Floats& to, int threads) const;

  int height_, width_, channels_;
  Planes original_;
  const float* weights_;
  float mix_;
  double scale_ = 0;
  Floats seen_, gradient_;
  Ssimulacra2 looks_;
};

}  // namespace coin
