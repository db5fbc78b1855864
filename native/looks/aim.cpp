#include "looks/aim.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "base/kernels.h"
#include "base/threads.h"
#include "looks/aim_kernel.h"

namespace coin {

COIN_KERNELS(AimKernel, aim_kernel)

namespace {

// What a call adds to the mean of the scales: the metric's gradient varies more from step to step than it leads.
constexpr double kNewest = 0.2;

// Pixels that one thread handles at a time.
constexpr int kBand = 32'768;

template <class Task>
void for_bands(int height, int width, int threads, const Task& task) {
  const int rows = std::max(1, kBand / width);
  parallel_for(threads, (height + rows - 1) / rows, [&](std::int64_t band, int) {
    const int first = static_cast<int>(band) * rows;
    task(static_cast<std::size_t>(band), first, std::min(first + rows, height));
  });
}

std::size_t floats_of(const Planes& planes, int channels) {
  return static_cast<std::size_t>(channels) * static_cast<std::size_t>(planes.plane);
}

}  // namespace

Aim::Aim(int height, int width, int channels, const LooksWeights& table, const Planes& original, const float* weights,
         float mix, int threads)
    : height_(height), width_(width), channels_(channels), original_(original), weights_(weights), mix_(mix),
      seen_(channels == colours() ? 0 : floats_of(original, colours())),
      gradient_(floats_of(original, colours())),
      looks_(height, width, colours(), table, covered(original, seen_, threads), threads) {}

// The colours as they are seen: on grey, where the original's alpha lets that through.
Planes Aim::covered(const Planes& samples, Floats& to, int threads) const {
  if (channels_ == colours()) return samples;
  const AimKernel& kernel = aim_kernel_in_use();
  const float* alpha = original_.at + colours() * original_.plane;
  for_bands(height_, width_, threads, [&](std::size_t, int first, int last) {
    for (int c = 0; c < colours(); ++c)
      for (int row = first; row < last; ++row) {
        const std::ptrdiff_t place = c * samples.plane + row * samples.row;
        kernel.cover(samples.at + place, alpha + row * original_.row, to.get() + place, width_);
      }
  });
  return {to.get(), samples.plane, samples.row};
}

double Aim::distance(const Planes& shown, int threads) {
  return looks_.distance(covered(shown, seen_, threads), threads);
}

Aim::Found Aim::take(const Planes& shown, float* goal, int threads) {
  const AimKernel& kernel = aim_kernel_in_use();
  std::fill_n(gradient_.get(), gradient_.size(), 0.0f);
  Found found = {looks_.gradient(covered(shown, seen_, threads), 1.0f, gradient_.get(), threads), 0};

  const auto row_of = [&](int c, int row) {
    const std::ptrdiff_t place = c * shown.plane + row * shown.row;
    const bool colour = c < colours();
    const float* alpha = colour && channels_ != colours() ? original_.at + colours() * original_.plane + row * shown.row
                                                          : nullptr;
    return AimRow{shown.at + place, original_.at + place, weights_ + place, colour ? gradient_.get() + place : nullptr,
                  alpha};
  };
  std::vector<AimSums> sums(static_cast<std::size_t>(height_));  // of bands, of which there are no more
  for_bands(height_, width_, threads, [&](std::size_t band, int first, int last) {
    for (int c = 0; c < channels_; ++c)
      for (int row = first; row < last; ++row) {
        const AimSums of_row = kernel.sums(row_of(c, row), width_);
        sums[band].own += of_row.own;
        sums[band].metric += of_row.metric;
        sums[band].plain += of_row.plain;
      }
  });
  double own = 0, metric = 0;
  for (const AimSums& sum : sums) {
    own += sum.own;
    metric += sum.metric;
    found.squared_error += sum.plain;
  }
  if (metric > 0) {
    const double scale = std::sqrt(own / metric);
    scale_ += (scale_ > 0 ? kNewest : 1) * (scale - scale_);
  }
  const auto factor = static_cast<float>(mix_ * scale_);
  for_bands(height_, width_, threads, [&](std::size_t, int first, int last) {
    for (int c = 0; c < channels_; ++c)
      for (int row = first; row < last; ++row)
        kernel.goal(row_of(c, row), 1 - mix_, factor, goal + c * shown.plane + row * shown.row, width_);
  });
  return found;
}

}  // namespace coin
