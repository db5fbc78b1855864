#include "decoder/resample.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numbers>

#include "base/threads.h"

namespace coin {
namespace {

constexpr double kLobes = 3;

// Rows of a band at the least.
constexpr int kLeastRows = 16;

double sinc(double x) {
  if (x == 0) return 1;
  x *= std::numbers::pi;
  return std::sin(x) / x;
}

double lanczos(double x) { return -kLobes <= x && x < kLobes ? sinc(x) * sinc(x / kLobes) : 0; }

bool has_alpha(int channels) { return channels % 2 == 0; }

}  // namespace

Taps::Taps(int size, double first, double last, int count) : first_(count), count_(count) {
  const double scale = (last - first) / count, widened = std::max(scale, 1.0), support = kLobes * widened;
  stride_ = static_cast<std::size_t>(std::ceil(support)) * 2 + 1;
  weights_.resize(stride_ * static_cast<std::size_t>(count));
  for (int place = 0; place < count; ++place) {
    const double middle = first + (place + 0.5) * scale;
    const int from = std::max(static_cast<int>(middle - support + 0.5), 0);
    const int taps = std::min(static_cast<int>(middle + support + 0.5), size) - from;
    double* weights = weights_.data() + static_cast<std::size_t>(place) * stride_;
    double sum = 0;
    for (int i = 0; i < taps; ++i) sum += weights[i] = lanczos((i + from - middle + 0.5) / widened);
    for (int i = 0; i < taps && sum != 0; ++i) weights[i] /= sum;
    first_[place] = from;
    count_[place] = taps;
  }
}

Resampler::Resampler(Source& source, const Format& format, int source_width, int source_height, const Box& box,
                     int width, int height, int threads)
    : source_(source), format_(format), width_(width), threads_(threads),
      across_(source_width, box.left, box.right, width), down_(source_height, box.top, box.bottom, height),
      left_(across_.first(0)), right_(across_.last(0)) {
  for (int x = 1; x < width; ++x) {
    left_ = std::min(left_, across_.first(x));
    right_ = std::max(right_, across_.last(x));
  }
  const double pixels = std::max((right_ - left_) * (box.bottom - box.top) / height, static_cast<double>(width));
  band_rows_ = std::max(kLeastRows, static_cast<int>(static_cast<double>(kBandPixels) / pixels));
}

Error Resampler::rows(int first, int last, void* out) {
  if (format_.sample_bytes == 1) return compute(first, last, static_cast<std::uint8_t*>(out));
  return compute(first, last, static_cast<std::uint16_t*>(out));
}

template <class Sample>
Error Resampler::compute(int first, int last, Sample* out) {
  int top = down_.first(first), bottom = down_.last(first);
  for (int row = first + 1; row < last; ++row) {
    top = std::min(top, down_.first(row));
    bottom = std::max(bottom, down_.last(row));
  }
  const int channels = format_.channels, columns = right_ - left_;
  const std::size_t source_row = static_cast<std::size_t>(columns) * channels;
  const std::size_t row_size = static_cast<std::size_t>(width_) * channels;
  std::vector<Sample> samples(source_row * static_cast<std::size_t>(bottom - top));
  if (Error error = source_.render({left_, top, right_, bottom}, samples.data())) return error;

  // Columns, then rows: in single precision between the two, in double precision within each.
  const int threads = std::max(1, threads_);
  std::vector<float> narrow(row_size * static_cast<std::size_t>(bottom - top));
  std::vector<float> lines(source_row * static_cast<std::size_t>(threads));
  parallel_for(threads, bottom - top, [&](std::int64_t row, int worker) {
    const Sample* from = samples.data() + static_cast<std::size_t>(row) * source_row;
    float* line = lines.data() + static_cast<std::size_t>(worker) * source_row;
    for (std::size_t i = 0; i < source_row; i += channels) {
      const float alpha = has_alpha(channels) ? static_cast<float>(from[i + channels - 1]) : 1.0f;
      for (int c = 0; c < channels; ++c) {
        const float v = static_cast<float>(from[i + c]);
        line[i + c] = has_alpha(channels) && c + 1 < channels ? v * alpha : v;
      }
    }
    float* to = narrow.data() + static_cast<std::size_t>(row) * row_size;
    for (int x = 0; x < width_; ++x) {
      const double* weights = across_.weights(x);
      const int taps = across_.last(x) - across_.first(x);
      const float* at = line + static_cast<std::size_t>(across_.first(x) - left_) * channels;
      for (int c = 0; c < channels; ++c) {
        double sum = 0;
        for (int i = 0; i < taps; ++i) sum += static_cast<double>(at[i * channels + c]) * weights[i];
        *to++ = static_cast<float>(sum);
      }
    }
  });

  constexpr float kMost = std::numeric_limits<Sample>::max();
  std::vector<double> sums(row_size * static_cast<std::size_t>(threads));
  parallel_for(threads, last - first, [&](std::int64_t number, int worker) {
    const int row = first + static_cast<int>(number);
    double* sum = sums.data() + static_cast<std::size_t>(worker) * row_size;
    std::fill_n(sum, row_size, 0.0);
    for (int y = down_.first(row); y < down_.last(row); ++y) {
      const double weight = down_.weights(row)[y - down_.first(row)];
      const float* from = narrow.data() + static_cast<std::size_t>(y - top) * row_size;
      for (std::size_t i = 0; i < row_size; ++i) sum[i] += static_cast<double>(from[i]) * weight;
    }
    Sample* to = out + static_cast<std::size_t>(number) * row_size;
    for (std::size_t i = 0; i < row_size; i += channels) {
      const float alpha = static_cast<float>(sum[i + channels - 1]);
      for (int c = 0; c < channels; ++c) {
        float v = static_cast<float>(sum[i + c]);
        if (has_alpha(channels) && c + 1 < channels) v = alpha >= 0.5f ? v / alpha : 0.0f;
        to[i + c] = static_cast<Sample>(std::clamp(std::nearbyint(v), 0.0f, kMost));
      }
    }
  });
  return {};
}

Error Samples2D::render(const Region& region, void* out) {
  const std::size_t bytes = static_cast<std::size_t>(region.width()) * pixel_bytes_;
  for (int row = region.top; row < region.bottom; ++row) {
    const std::size_t at = static_cast<std::size_t>(row) * width_ + region.left;
    std::memcpy(static_cast<std::uint8_t*>(out) + (row - region.top) * bytes, samples_ + at * pixel_bytes_, bytes);
  }
  return {};
}

}  // namespace coin
