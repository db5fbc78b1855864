#include "decoder/latent/picture.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "latent/picture.h"

namespace coin {
namespace {

// A source with the stream that it reads from.
class OwnedSource final : public Source {
 public:
  OwnedSource(std::unique_ptr<LatentStream> stream, std::unique_ptr<LatentSource> source)
      : stream_(std::move(stream)), source_(std::move(source)) {}

  Error render(const Region& region, void* out) override { return source_->render(region, out); }

 private:
  std::unique_ptr<LatentStream> stream_;
  std::unique_ptr<LatentSource> source_;
};

}  // namespace

Result<LatentShape> accept_latent(const Header& header, const View& view, const Limits& limits) {
  const Result<LatentShape> shape = read_latent_shape(header);
  if (!shape) return shape;
  const LatentShape seen = coarser_shape(*shape, finest_grid(*shape, view));
  if (Error error = limits.check_pixels(view.width, view.height)) return error;
  if (Error error = limits.check_pixels(seen.width, seen.height)) return error;
  if (Error error = limits.check_macs(static_cast<std::uint64_t>(contexts_macs(seen) + rendering_macs(seen)))) return error;
  return shape;
}

Result<Shown> show_latent(const Header& header, const LatentShape& shape, const Sections& sections, const View& view,
                          int threads, std::int64_t band) {
  const Result<Networks> networks = read_networks(shape, sections);
  if (!networks) return networks.error();
  const int finest = finest_grid(shape, view);
  Result<std::unique_ptr<LatentStream>> stream = LatentStream::open(*networks, sections, threads);
  if (!stream) return stream.error();
  const LatentShape small = coarser_shape(shape, finest);
  const Region& part = view.region;
  const bool plain = finest == 0 && !view.scaled();
  if (std::any_of(sections.begin(), sections.end(), [](const Section& s) { return s.missing > 0; })) {
    const Region whole = {0, 0, small.width, small.height};
    if (Error error = (*stream)->read(Window::of(small, plain ? part : whole).needed, finest)) return error;
  }
  const std::string missing = (*stream)->missing();
  auto source = std::make_unique<LatentSource>(small, coarser_parameters(shape, networks->parameters(), finest), **stream,
                                               finest, header, threads, band, false);
  const double step = 1 << finest;
  const Box box = {part.left / step, part.top / step, part.right / step, part.bottom / step};
  return Shown{std::make_unique<OwnedSource>(std::move(*stream), std::move(source)), small.width, small.height, box,
               missing};
}

Error LatentSource::render(const Region& region, void* out) {
  const int rows = band_rows(band_, region.width());
  auto* at = static_cast<std::uint8_t*>(out);
  for (int top = region.top; top < region.bottom; top += rows) {
    const Region part = {region.left, top, region.right, std::min(top + rows, region.bottom)};
    if (Error error = render_band(part, at)) return error;
    at += static_cast<std::size_t>(part.width()) * part.height() * pixel_bytes_;
  }
  return {};
}

Error LatentSource::render_band(const Region& region, std::uint8_t* out) {
  const Window window = Window::of(shape_, region);
  if (!again_) stream_.forget_above(window, finest_);
  if (Error error = stream_.read(window.needed, finest_)) return error;
  const Floats latents = stream_.window(window, finest_);
  const LatentPicture picture(window.shape, parameters_.data(), latents.get());
  const Region& in = window.region;
  const bool whole = in.width() == window.shape.width;
  const std::size_t wide = static_cast<std::size_t>(window.shape.width) * pixel_bytes_;
  const std::size_t row_bytes = static_cast<std::size_t>(in.width()) * pixel_bytes_;
  // 16 bits want their own alignment, which a caller's bytes need not have.
  std::vector<std::uint16_t> memory(whole ? 0 : (wide * in.height() + 1) / 2);
  void* rows = whole ? static_cast<void*>(out) : memory.data();
  if (bit_depth_ == 8) {
    picture.rows(in.top, in.bottom, static_cast<std::uint8_t*>(rows), threads_);
  } else {
    picture.rows(in.top, in.bottom, static_cast<std::uint16_t*>(rows), threads_);
  }
  if (whole) return {};
  const auto* from = static_cast<const std::uint8_t*>(rows) + static_cast<std::size_t>(in.left) * pixel_bytes_;
  for (int row = 0; row < in.height(); ++row) std::memcpy(out + row * row_bytes, from + row * wide, row_bytes);
  return {};
}

}  // namespace coin
