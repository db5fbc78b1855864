// A `latent` model fitted to one picture. Any number of threads, the same result from every number of them.
#pragma once

#include <cstdint>

#include "base/floats.h"
#include "latent/fit_kernel.h"

namespace coin {

// What a model costs: sum of squared errors over all samples (clamped to [0, 1], not rounded), and bits of the latents.
struct LatentCost {
  double squared_error;
  double bits;
};

class LatentFit {
 public:
  // samples: rows of pixels of channels, in [0, maximum].
  LatentFit(const LatentShape& shape, const std::uint8_t* samples);
  LatentFit(const LatentShape& shape, const std::uint16_t* samples);

  const LatentShape& shape() const { return shape_; }

  // All latents as in LatentShape: margins stay 0.
  float* latents() const { return latents_.get(); }

  // The means and mean squares that updates keep of the latents' gradients, laid out as the latents.
  struct Moments {
    float *mean, *square;
  };
  Moments moments() const { return {mean_.get(), square_.get()}; }

  // Planes of channels, rows of padded(0) floats, from the first call on: what the picture is, what errors are taken
  // from (at first the same), their weights (at first 1), and what the last step or evaluation showed, clamped.
  struct Guide {
    const float* picture;
    float *goal, *weights, *shown;
  };
  Guide guide();

  // The cost at the present latents, and the gradient of squared_error / channels + lambda * bits by the parameters.
  // With `update` the latents then move by Adam. The parameters' gradient is an estimate from one row in `every`, which
  // ones being told by `phase`.
  LatentCost step(const float* parameters, const Quantisation& quantisation, const LatentUpdate* update, float lambda,
                  int every, int phase, float* parameter_gradient, int threads);

  LatentCost evaluate(const float* parameters, const Quantisation& quantisation, int threads);

 private:
  explicit LatentFit(const LatentShape& shape);
  template <class Sample>
  void set_target(const Sample* samples, float maximum);
  void prepare(const float* parameters, const Quantisation& quantisation, bool backward, int threads);
  LatentArrays arrays(const float* parameters) const;

  LatentShape shape_;
  LatentSizes sizes_;
  Shares scratch_, partials_, above_;
  Floats target_, goal_{0}, weights_{0}, shown_{0};
  Floats latents_, mean_, square_, z_, slope_, gradient_;
  Floats chains_, features_, feature_gradient_, narrow_, packed_;
};

}  // namespace coin
