// The integer context model of a stream: its parameters, checked, and laid out as the kernels read them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "entropy/laplace.h"
#include "latent/integer.h"

namespace coin {

// The context model's parameters as integers, in the order of LatentShape up to the filters, and how many of their bits
// are after the point: for each of the two context layers and the output, weights and biases; then the features'
// matrices.
struct IntegerParameters {
  const std::int32_t* values;
  int bits[7];
};

// Checks that no sum can leave 32 bits, and that biases can be added exactly. The message says what is wrong, null if
// nothing.
const char* integer_parameters_error(const LatentShape& shape, const IntegerParameters& parameters);

// A sum of shifted values, rounded half up.
inline std::int64_t shifted(std::int64_t value, int shift) {
  return shift > 0 ? (value + (std::int64_t{1} << (shift - 1))) >> shift : value << -shift;
}

// Predicts latents. Any number of threads may ask it.
class ContextModel {
 public:
  // The parameters, which are free of errors, need not outlive it.
  ContextModel(const LatentShape& shape, const IntegerParameters& parameters);

  const LatentShape& shape() const { return shape_; }

  // A Laplace distribution: its scale code, its mean in units of 2^-kMeanBits.
  struct Prediction {
    int scale, mean;
  };

  // context: pairs of 16-bit values, neighbours before features.
  Prediction predict(const std::int32_t* context) const {
    // Sums of value * weight are in units of 2^-(kValueBits + weight bits).
    constexpr int kMeanShift = kValueBits - kMeanBits, kScaleShift = kValueBits - 4, kMost = kMeanLimit << kMeanBits;
    constexpr int kScaleMiddle = 32;  // code of 2^-kScaleOffset
    std::int32_t out[2];
    kernel_(model_, context, out);
    const auto mean = static_cast<int>(shifted(out[0], output_bits_ + kMeanShift));
    const auto scale = static_cast<int>(shifted(out[1], output_bits_ + kScaleShift));
    return {std::clamp(scale + kScaleMiddle, 0, kLaplaceScales - 1), std::clamp(mean, -kMost, kMost)};
  }

  int pairs() const { return model_.pairs; }

  // Feature `f` of a grid: for each of the next coarser ones what it counts, and by how much their sum is shifted.
  const std::int32_t* feature(int level, int f) const {
    return features_.data() + (shape_.features_at(level) - shape_.features_at(0)) + f * (shape_.levels - 1 - level);
  }
  int feature_bits() const { return feature_bits_; }

 private:
  const LatentShape shape_;
  const IntegerContext model_;
  const IntegerKernel kernel_;
  const std::vector<std::int32_t> features_;
  const int output_bits_, feature_bits_;
};

}  // namespace coin
