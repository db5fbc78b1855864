// SSIMULACRA 2 (Sneyers 2023, libjxl's version 2.1) of one original, and its gradient by the picture that is shown. Any
// number of threads, the same result from every number of them.
#pragma once

#include <cstddef>
#include <vector>

#include "base/floats.h"
#include "looks/kernel.h"

namespace coin {

inline constexpr int kScales = 6;

// Planes of samples in 0..1, sRGB: `plane` floats from one channel to the next, `row` from one row to the next.
struct Planes {
  const float* at;
  std::ptrdiff_t plane, row;
};

// Weights of [opponent colour][scale][plain mean, root of the mean fourth power][structure, artefacts, lost detail].
using LooksWeights = double[kOpponents][kScales][2][kMaps];

class Ssimulacra2 {
 public:
  // channels: 1, grey, or 3. Scales of fewer than 8 rows or columns are left out.
  Ssimulacra2(int height, int width, int channels, const LooksWeights& weights, const Planes& original, int threads);

  int height() const { return height_; }
  int width() const { return width_; }
  int channels() const { return channels_; }

  // The weighted sum of all maps' means: 0 for the original itself. Leaves what a gradient needs.
  double distance(const Planes& shown, int threads);
  // The same, and its gradient by the samples, times `factor`, added to `gradient`, which lies as `shown` does.
  double gradient(const Planes& shown, float factor, float* gradient, int threads);

 private:
  // A plane with zeros around it.
  struct Plane {
    float* at = nullptr;  // row 0, column 0
    std::ptrdiff_t stride = 0;
    float* row(int r) const { return at + r * stride; }
    // The rows that a blur at r reaches.
    void around(int r, const float** rows) const {
      for (int k = -kBlurReach; k <= kBlurReach; ++k) rows[k + kBlurReach] = row(r + k);
    }
  };
  // What is kept of an opponent colour at a scale.
  struct Colour {
    bool wanted = false;
    Plane original, original_mean, variance, shown, mean, square, product, gradient;
  };
  struct Scale {
    int rows = 0, columns = 0;
    Plane light[3];
    Colour colours[kOpponents];
    bool wanted = false;  // any of them
  };

  Plane take(const Scale& scale);
  void lighten(const Planes& samples, int threads);
  void see(Plane Colour::*to, int threads);
  template <class Task>
  void for_rows(const Scale& scale, int threads, const Task& task);

  int height_, width_, channels_;
  LooksWeights weights_;
  std::vector<Scale> scales_;
  std::vector<Floats> memory_;
  Shares scratch_;
  MapWeights slopes_[kScales][kOpponents] = {};
};

}  // namespace coin
