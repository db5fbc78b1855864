#include "latent/picture.h"

#include <algorithm>
#include <limits>

#include "base/kernels.h"
#include "base/threads.h"

namespace coin {

COIN_KERNELS(LatentPictureKernel, latent_picture_kernel)

namespace {

std::size_t lines(std::size_t floats) { return (floats + 15) / 16 * 16; }

// Pixels of a strip that is rendered at once, and its rows at the least: what coarse grids owe to their neighbours is
// upsampled again for every strip.
constexpr int kStrip = 1 << 20, kLeastStrip = 128;

// Pixels that one thread handles at a time.
constexpr std::int64_t kBand = 24'576;

}  // namespace

LatentPicture::LatentPicture(const LatentShape& shape, const float* parameters, const float* latents)
    : kernel_(latent_picture_kernel_in_use()), shape_(shape), latents_(latents),
      parameters_(static_cast<std::size_t>(shape.parameters())), packed_(kernel_.packed_size(shape)) {
  std::copy_n(parameters, shape.parameters(), parameters_.get());
  kernel_.pack(shape, parameters, packed_.get());
}

template <class Sample>
void LatentPicture::render(int first, int last, Sample* samples, int threads) const {
  const int height = std::max(kLeastStrip, kStrip / shape_.width);
  for (int begin = first; begin < last; begin += height) {
    const std::int64_t at = std::int64_t{begin - first} * shape_.width * shape_.channels;
    render_strip(begin, std::min(begin + height, last), samples + at, threads);
  }
}

// With the coarse grids upsampled for these rows.
template <class Sample>
void LatentPicture::render_strip(int first, int last, Sample* samples, int threads) const {
  const LatentShape& s = shape_;
  // The block sees a row more to both sides.
  const int above = std::max(first - 1, 0), below = std::min(last + 1, s.height);
  const Floats chains(kernel_.chains_size(s, above, below));
  const PictureArrays arrays = {parameters_.get(), packed_.get(), latents_, chains.get(), above, below};
  const std::size_t scratch_size = kernel_.scratch_size(s);
  Shares coarse;
  coarse.resize(threads, scratch_size);
  parallel_for(threads, std::max(s.levels - 2, 0), [&](std::int64_t task, int worker) {
    kernel_.chain(s, arrays, static_cast<int>(task) + 2, coarse[worker]);
  });

  const int height = std::min(last - first, std::max(2, static_cast<int>(kBand / s.width) / 2 * 2));
  const std::int64_t plane = std::int64_t{height} * s.padded(0), tasks = (last - first + height - 1) / height;
  Shares scratch;
  scratch.resize(threads, lines(scratch_size) + s.channels * plane);
  constexpr float kMaximum = std::numeric_limits<Sample>::max();
  parallel_for(threads, tasks, [&](std::int64_t task, int worker) {
    const int begin = first + static_cast<int>(task) * height, end = std::min(begin + height, last);
    float* values = scratch[worker] + lines(scratch_size);
    kernel_.rows(s, arrays, begin, end, values, plane, scratch[worker]);
    for (int row = begin; row < end; ++row) {
      const float* from = values + std::int64_t{row - begin} * s.padded(0);
      Sample* out = samples + std::int64_t{row - first} * s.width * s.channels;
      for (int x = 0; x < s.width; ++x)
        for (int c = 0; c < s.channels; ++c) {
          const float v = from[c * plane + x] * kMaximum;
          *out++ = static_cast<Sample>((v > 0 ? v < kMaximum ? v : kMaximum : 0) + 0.5f);
        }
    }
  });
}

void LatentPicture::rows(int first, int last, std::uint8_t* samples, int threads) const {
  render(first, last, samples, threads);
}

void LatentPicture::rows(int first, int last, std::uint16_t* samples, int threads) const {
  render(first, last, samples, threads);
}

}  // namespace coin
