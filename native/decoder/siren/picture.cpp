#include "decoder/siren/picture.h"

#include <algorithm>

#include "siren/siren.h"

namespace coin {
namespace {

// Samples for each pixel of a smaller picture, along either side; more than the picture has are never taken. On
// photographs four leave 43 dB or more to all of them, two 31.
constexpr int kOversampling = 4, kDraft = 2;

struct Sampled {
  int columns, rows;
};

// Where the function is evaluated for a view.
Sampled sampled(const View& view) {
  const int most = view.draft ? kDraft : kOversampling;
  const auto samples = [most](int shown, int there) { return shown < there ? std::min(most * shown, there) : shown; };
  return {samples(view.width, view.region.width()), samples(view.height, view.region.height())};
}

}  // namespace

Result<SirenShape> accept_siren(const Header& header, const View& view, const Limits& limits) {
  const Result<SirenShape> shape = read_siren_shape(header);
  if (!shape) return shape;
  if (Error error = limits.check_pixels(view.width, view.height)) return error;
  const Sampled s = sampled(view);
  const std::int64_t macs = std::int64_t{s.columns} * s.rows * siren_macs(*shape);
  if (Error error = limits.check_macs(static_cast<std::uint64_t>(macs))) return error;
  return shape;
}

Result<Shown> show_siren(const Header& header, const SirenShape& shape, const Sections& sections, const View& view,
                         int threads, std::int64_t band) {
  Result<std::vector<float>> parameters = read_siren_weights(shape, sections);
  if (!parameters) return parameters.error();
  const int longer = std::max(header.height, header.width);
  const Region& part = view.region;
  const Sampled s = sampled(view);
  auto source = std::make_unique<SirenSource>(
      shape, std::move(*parameters), header.bit_depth, pixel_axis(header.height, longer, part.top, part.bottom, s.rows),
      pixel_axis(header.width, longer, part.left, part.right, s.columns), threads, band);
  const Box box = {0, 0, static_cast<double>(s.columns), static_cast<double>(s.rows)};
  return Shown{std::move(source), s.columns, s.rows, box, ""};
}

std::vector<float> pixel_axis(int n, int longer, int first, int last, int count) {
  std::vector<float> axis(static_cast<std::size_t>(count));
  const double step = static_cast<double>(last - first) / count;
  for (int i = 0; i < count; ++i) axis[i] = static_cast<float>((2 * (first + (i + 0.5) * step) - n) / longer);
  return axis;
}

Error SirenSource::render(const Region& region, void* out) {
  forward(down_.data() + region.top, region.height(), across_.data() + region.left, region.width(), out);
  return {};
}

void SirenSource::at(const std::vector<float>& down, const std::vector<float>& across, void* out) const {
  forward(down.data(), static_cast<int>(down.size()), across.data(), static_cast<int>(across.size()), out);
}

void SirenSource::forward(const float* down, int rows, const float* across, int columns, void* out) const {
  const int most = band_rows(band_, columns);
  const std::size_t row_bytes = static_cast<std::size_t>(columns) * shape_.outputs * (bit_depth_ / 8);
  for (int first = 0; first < rows; first += most) {
    Samples samples = {};
    samples.dims = 2;
    samples.axis[0] = down + first;
    samples.axis[1] = across;
    samples.extent[0] = std::min(most, rows - first);
    samples.extent[1] = columns;
    samples.count = samples.extent[0] * columns;
    void* const rows_out = static_cast<std::uint8_t*>(out) + static_cast<std::size_t>(first) * row_bytes;
    siren_forward(shape_, parameters_.data(), samples,
                  {rows_out, bit_depth_ == 8 ? SampleType::u8 : SampleType::u16}, threads_);
  }
}

}  // namespace coin
