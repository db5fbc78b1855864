// Pictures at another size: Lanczos's filter of three lobes, widened when shrinking so that nothing aliases.
#pragma once

#include <vector>

#include "decoder/source.h"

namespace coin {

// Samples: how many channels, with alpha last if there are 2 or 4, and bytes of each, 1 or 2.
struct Format {
  int channels, sample_bytes;

  std::size_t pixel_bytes() const { return static_cast<std::size_t>(channels * sample_bytes); }
};

// For every place of a side which samples it is made of, and their weights.
class Taps {
 public:
  // size: samples there are. first, last: what is shown of them. count: places.
  Taps(int size, double first, double last, int count);

  int first(int place) const { return first_[place]; }
  int last(int place) const { return first_[place] + count_[place]; }
  const double* weights(int place) const { return weights_.data() + static_cast<std::size_t>(place) * stride_; }

 private:
  std::size_t stride_;
  std::vector<int> first_, count_;
  std::vector<double> weights_;
};

// A box of a source in other pixels, rows from top to bottom. Colours are weighted by alpha.
class Resampler {
 public:
  Resampler(Source& source, const Format& format, int source_width, int source_height, const Box& box, int width,
            int height, int threads);

  // Rows that are best computed together: neighbours share rows of the source.
  int band_rows() const { return band_rows_; }

  // Rows [first, last), without gaps.
  Error rows(int first, int last, void* out);

 private:
  template <class Sample>
  Error compute(int first, int last, Sample* out);

  Source& source_;
  const Format format_;
  const int width_, threads_;
  const Taps across_, down_;
  int left_, right_, band_rows_;
};

// A picture that is in memory.
class Samples2D final : public Source {
 public:
  // samples: rows without gaps; they must outlive it.
  Samples2D(const void* samples, int width, std::size_t pixel_bytes)
      : samples_(static_cast<const std::uint8_t*>(samples)), width_(width), pixel_bytes_(pixel_bytes) {}

  Error render(const Region& region, void* out) override;

 private:
  const std::uint8_t* samples_;
  int width_;
  std::size_t pixel_bytes_;
};

}  // namespace coin
