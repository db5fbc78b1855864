// A `latent` stream to a picture.
#pragma once

#include "decoder/format/limits.h"
#include "decoder/latent/stream.h"
#include "decoder/source.h"

namespace coin {

// The model of a stream, once the header alone shows that a view can be computed within the limits.
Result<LatentShape> accept_latent(const Header& header, const View& view, const Limits& limits);

// A view. Latents are read as they are needed; of a cut stream at once, to say what is missing. shape: from
// accept_latent.
Result<Shown> show_latent(const Header& header, const LatentShape& shape, const Sections& sections, const View& view,
                          int threads, std::int64_t band);

// What the grids of a stream from `finest` on show, at the size of that grid.
class LatentSource final : public Source {
 public:
  // again: whether what lies above a region may be asked for again. band: pixels that are rendered at a time.
  LatentSource(const LatentShape& shape, std::vector<float> parameters, LatentStream& stream, int finest,
               const Header& header, int threads, std::int64_t band, bool again)
      : shape_(shape), parameters_(std::move(parameters)), stream_(stream), finest_(finest),
        pixel_bytes_(header.pixel_bytes()), bit_depth_(header.bit_depth), threads_(threads), band_(band),
        again_(again) {}

  Error render(const Region& region, void* out) override;

 private:
  Error render_band(const Region& region, std::uint8_t* out);

  const LatentShape shape_;
  const std::vector<float> parameters_;
  LatentStream& stream_;
  const int finest_;
  const std::size_t pixel_bytes_;
  const int bit_depth_, threads_;
  const std::int64_t band_;
  const bool again_;
};

}  // namespace coin
