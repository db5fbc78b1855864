#include "looks/ssimulacra2.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "base/kernels.h"
#include "base/threads.h"

namespace coin {

COIN_KERNELS(LooksKernel, looks_kernel)

namespace {

constexpr int kRows = 2 * kBlurReach + 1;
constexpr int kSide = 16;
constexpr int kLeast = 8;  // rows and columns of a scale

// Pixels that one thread handles at a time: a function of the picture's size alone.
constexpr int kBand = 16'384;

int band_of(int columns) { return std::max(2, kBand / columns / 2 * 2); }

}  // namespace

// Row and column 0 of a plane of zeros.
Ssimulacra2::Plane Ssimulacra2::take(const Scale& scale) {
  Plane plane;
  plane.stride = (scale.columns + 15) / 16 * 16 + 2 * kSide;
  const auto rows = static_cast<std::size_t>(scale.rows + 2 * kBlurReach);
  memory_.emplace_back(rows * static_cast<std::size_t>(plane.stride));
  plane.at = memory_.back().get() + kBlurReach * plane.stride + kSide;
  return plane;
}

template <class Task>
void Ssimulacra2::for_rows(const Scale& scale, int threads, const Task& task) {
  const int height = band_of(scale.columns);
  parallel_for(threads, (scale.rows + height - 1) / height, [&](std::int64_t band, int worker) {
    const int first = static_cast<int>(band) * height;
    task(first, std::min(first + height, scale.rows), worker);
  });
}

Ssimulacra2::Ssimulacra2(int height, int width, int channels, const LooksWeights& weights, const Planes& original,
                         int threads)
    : height_(height), width_(width), channels_(channels) {
  std::copy_n(&weights[0][0][0][0], sizeof(weights) / sizeof(double), &weights_[0][0][0][0]);
  int used = 0;
  for (int s = 0, rows = height, columns = width; s < kScales && rows >= kLeast && columns >= kLeast; ++s) {
    Scale scale;
    scale.rows = rows;
    scale.columns = columns;
    for (int c = 0; c < kOpponents; ++c) {
      const double* of = &weights[c][s][0][0];
      scale.colours[c].wanted = std::any_of(of, of + 2 * kMaps, [](double w) { return w != 0; });
      scale.wanted |= scale.colours[c].wanted;
    }
    scales_.push_back(scale);
    if (scale.wanted) used = s + 1;
    rows = (rows + 1) / 2;
    columns = (columns + 1) / 2;
  }
  scales_.resize(static_cast<std::size_t>(used));
  for (Scale& scale : scales_) {
    for (Plane& plane : scale.light) plane = take(scale);
    for (Colour& colour : scale.colours) {
      if (!colour.wanted) continue;
      for (Plane Colour::*plane : {&Colour::original, &Colour::original_mean, &Colour::variance, &Colour::shown,
                                   &Colour::mean, &Colour::square, &Colour::product, &Colour::gradient})
        colour.*plane = take(scale);
    }
  }
  lighten(original, threads);
  see(&Colour::original, threads);
  const LooksKernel& kernel = looks_kernel_in_use();
  Shares scratch;
  scratch.resize(static_cast<std::size_t>(threads), kernel.scratch(width_));
  for (const Scale& scale : scales_)
    for (const Colour& colour : scale.colours)
      if (colour.wanted)
        for_rows(scale, threads, [&](int first, int last, int worker) {
          for (int row = first; row < last; ++row) {
            const float* rows[kRows];
            colour.original.around(row, rows);
            kernel.original(rows, colour.original_mean.row(row), colour.variance.row(row), scratch[worker],
                            scale.columns);
          }
        });
}

// The light of the samples at all scales.
void Ssimulacra2::lighten(const Planes& samples, int threads) {
  const LooksKernel& kernel = looks_kernel_in_use();
  for (std::size_t s = 0; s < scales_.size(); ++s) {
    const Scale& scale = scales_[s];
    for_rows(scale, threads, [&](int first, int last, int) {
      for (int c = 0; c < 3; ++c)
        for (int row = first; row < last; ++row) {
          if (s == 0) {
            const int channel = channels_ == 3 ? c : 0;
            kernel.light(samples.at + channel * samples.plane + row * samples.row, scale.light[c].row(row),
                         scale.columns);
          } else {
            const Scale& finer = scales_[s - 1];
            kernel.halve(finer.light[c].row(2 * row), finer.light[c].row(std::min(2 * row + 1, finer.rows - 1)),
                         finer.columns, scale.light[c].row(row), scale.columns);
          }
        }
    });
  }
}

// The opponent colours of that light.
void Ssimulacra2::see(Plane Colour::*to, int threads) {
  const LooksKernel& kernel = looks_kernel_in_use();
  for (const Scale& scale : scales_)
    if (scale.wanted)
      for_rows(scale, threads, [&](int first, int last, int) {
        for (int row = first; row < last; ++row) {
          const float* light[3];
          float* colours[kOpponents];
          for (int c = 0; c < 3; ++c) {
            light[c] = scale.light[c].row(row);
            colours[c] = scale.colours[c].wanted ? (scale.colours[c].*to).row(row) : nullptr;
          }
          kernel.opponents(light, colours, scale.columns);
        }
      });
}

double Ssimulacra2::distance(const Planes& shown, int threads) {
  const LooksKernel& kernel = looks_kernel_in_use();
  lighten(shown, threads);
  see(&Colour::shown, threads);
  scratch_.resize(static_cast<std::size_t>(threads), kernel.scratch(width_));
  double total = 0;
  for (std::size_t s = 0; s < scales_.size(); ++s) {
    const Scale& scale = scales_[s];
    const double pixels = static_cast<double>(scale.rows) * scale.columns;
    for (int c = 0; c < kOpponents; ++c) {
      const Colour& colour = scale.colours[c];
      if (!colour.wanted) continue;
      const int height = band_of(scale.columns);
      std::vector<MapSums> sums(static_cast<std::size_t>((scale.rows + height - 1) / height));
      for_rows(scale, threads, [&](int first, int last, int worker) {
        MapSums& sum = sums[static_cast<std::size_t>(first / height)];
        for (int row = first; row < last; ++row) {
          const float *rows[kRows], *originals[kRows];
          colour.shown.around(row, rows);
          colour.original.around(row, originals);
          const ShownRow out = {colour.shown.row(row), colour.mean.row(row), colour.square.row(row),
                                colour.product.row(row)};
          kernel.moments(rows, originals, out, scratch_[worker], scale.columns);
          const OriginalRow original = {colour.original.row(row), colour.original_mean.row(row),
                                        colour.variance.row(row)};
          const MapSums of_row = kernel.compare(original, out, scale.columns);
          for (int i = 0; i < kMaps; ++i) {
            sum.plain[i] += of_row.plain[i];
            sum.fourth[i] += of_row.fourth[i];
          }
        }
      });
      const auto& weights = weights_[c][s];
      MapWeights& slopes = slopes_[s][c];
      for (int i = 0; i < kMaps; ++i) {
        double plain = 0, fourth = 0;
        for (const MapSums& sum : sums) {
          plain += sum.plain[i];
          fourth += sum.fourth[i];
        }
        const double root = std::pow(fourth / pixels, 0.25);
        total += weights[0][i] * plain / pixels + weights[1][i] * root;
        slopes.plain[i] = static_cast<float>(weights[0][i] / pixels);
        slopes.fourth[i] = root > 0 ? static_cast<float>(weights[1][i] / (pixels * root * root * root)) : 0.0f;
      }
    }
  }
  return total;
}

double Ssimulacra2::gradient(const Planes& shown, float factor, float* gradient, int threads) {
  const LooksKernel& kernel = looks_kernel_in_use();
  const double total = distance(shown, threads);
  for (const Scale& scale : scales_)
    for (std::size_t c = 0; c < kOpponents; ++c) {
      const Colour& colour = scale.colours[c];
      if (!colour.wanted) continue;
      const MapWeights& slopes = slopes_[&scale - scales_.data()][c];
      for_rows(scale, threads, [&](int first, int last, int) {
        for (int row = first; row < last; ++row) {
          const OriginalRow original = {colour.original.row(row), colour.original_mean.row(row),
                                        colour.variance.row(row)};
          const ShownRow at = {colour.shown.row(row), colour.mean.row(row), colour.square.row(row),
                               colour.product.row(row)};
          kernel.compare_back(original, at, slopes, colour.gradient.row(row), scale.columns);
        }
      });
      for_rows(scale, threads, [&](int first, int last, int worker) {
        for (int row = first; row < last; ++row) {
          const float *mean[kRows], *square[kRows], *product[kRows];
          colour.mean.around(row, mean);
          colour.square.around(row, square);
          colour.product.around(row, product);
          kernel.moments_back(mean, square, product, colour.original.row(row), colour.shown.row(row),
                              colour.gradient.row(row), scratch_[worker], scale.columns);
        }
      });
    }
  // From the coarsest scale on, what each says of its light goes to the finer one's.
  for (std::size_t s = scales_.size(); s-- > 0;) {
    const Scale& scale = scales_[s];
    const Scale* coarser = s + 1 < scales_.size() ? &scales_[s + 1] : nullptr;
    for_rows(scale, threads, [&](int first, int last, int) {
      for (int row = first; row < last; ++row) {
        float* light[3];
        const float* gradients[kOpponents];
        for (int c = 0; c < 3; ++c) {
          light[c] = scale.light[c].row(row);
          gradients[c] = scale.colours[c].wanted ? scale.colours[c].gradient.row(row) : nullptr;
        }
        kernel.opponents_back(light, gradients, scale.columns);
        for (int c = 0; c < 3 && coarser; ++c) {
          const bool alone = row / 2 * 2 + 1 == scale.rows;  // the last of an odd number is its own neighbour
          kernel.halve_back(coarser->light[c].row(row / 2), coarser->columns, alone ? 2.0f : 1.0f, light[c],
                            scale.columns);
        }
        if (s > 0) continue;
        for (int c = 0; c < 3; ++c) {
          const int channel = channels_ == 3 ? c : 0;
          const float* samples = shown.at + channel * shown.plane + row * shown.row;
          kernel.light_back(samples, light[c], light[c], scale.columns);
          float* out = gradient + channel * shown.plane + row * shown.row;
          for (int x = 0; x < scale.columns; ++x) out[x] += factor * light[c][x];
        }
      }
    });
  }
  return total;
}

}  // namespace coin
