// What a `latent` model shows. Any number of threads, the same result from every number of them.
#pragma once

#include <cstdint>

#include "base/floats.h"
#include "latent/picture_kernel.h"

namespace coin {

// What integer latents show, rows at a time: work and memory are in proportion to those.
class LatentPicture {
 public:
  // latents: laid out as LatentShape has them. They must outlive the picture; the parameters need not.
  LatentPicture(const LatentShape& shape, const float* parameters, const float* latents);

  const LatentShape& shape() const { return shape_; }

  // Rows [first, last) of samples, rounded half up; the same whatever rows are asked for together.
  void rows(int first, int last, std::uint8_t* samples, int threads) const;
  void rows(int first, int last, std::uint16_t* samples, int threads) const;

 private:
  template <class Sample>
  void render(int first, int last, Sample* samples, int threads) const;
  template <class Sample>
  void render_strip(int first, int last, Sample* samples, int threads) const;

  const LatentPictureKernel& kernel_;
  LatentShape shape_;
  const float* latents_;
  Floats parameters_, packed_;
};

}  // namespace coin
