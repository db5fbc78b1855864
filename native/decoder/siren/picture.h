// A `siren` stream to a picture.
#pragma once

#include "decoder/format/limits.h"
#include "decoder/siren/stream.h"
#include "decoder/source.h"

namespace coin {

// The network of a stream, once the header alone shows that a view can be computed within the limits.
Result<SirenShape> accept_siren(const Header& header, const View& view, const Limits& limits);

// A view: the function at the middles of its pixels, or made smaller from more samples. shape: from accept_siren.
Result<Shown> show_siren(const Header& header, const SirenShape& shape, const Sections& sections, const View& view,
                         int threads, std::int64_t band);

// Coordinates of the middles of `count` equal parts of pixels first to last - 1, of n along this side (docs/format.md).
std::vector<float> pixel_axis(int n, int longer, int first, int last, int count);

// The function at rows and columns, which may be anywhere.
class SirenSource final : public Source {
 public:
  SirenSource(const SirenShape& shape, std::vector<float> parameters, int bit_depth, std::vector<float> down,
              std::vector<float> across, int threads, std::int64_t band)
      : shape_(shape), parameters_(std::move(parameters)), bit_depth_(bit_depth), down_(std::move(down)),
        across_(std::move(across)), threads_(threads), band_(band) {}

  Error render(const Region& region, void* out) override;

  // At other places.
  void at(const std::vector<float>& down, const std::vector<float>& across, void* out) const;

 private:
  void forward(const float* down, int rows, const float* across, int columns, void* out) const;

  const SirenShape shape_;
  const std::vector<float> parameters_;
  const int bit_depth_;
  const std::vector<float> down_, across_;
  const int threads_;
  const std::int64_t band_;  // pixels per call of the kernel
};

}  // namespace coin
