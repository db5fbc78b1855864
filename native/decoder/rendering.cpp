#include "decoder/rendering.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "decoder/family.h"

namespace coin {
namespace {

// Of a box that is shown as it is.
Region whole_numbers(const Box& box) {
  return {static_cast<int>(box.left), static_cast<int>(box.top), static_cast<int>(box.right),
          static_cast<int>(box.bottom)};
}

bool as_it_is(const Box& box, const View& view) {
  return box.left == std::floor(box.left) && box.top == std::floor(box.top) && box.right - box.left == view.width &&
         box.bottom - box.top == view.height;
}

}  // namespace

View whole_view(const Header& header) {
  return {{0, 0, header.width, header.height}, header.width, header.height, false};
}

Result<std::unique_ptr<Rendering>> Rendering::open(ByteSpan data, const Request& request) {
  const Result<Layout> layout = read_layout(data);
  if (!layout) return layout.error();
  const Header& header = layout->header;
  if (Error error = check_view(header, request.view)) return error;
  Result<std::unique_ptr<Family>> family = family_of(header);
  if (!family) return family.error();
  if (Error error = (*family)->accept(request.view, request.limits)) return error;
  const Result<Sections> sections = read_sections(data, *layout, request.partial);
  if (!sections) return sections.error();
  const Result<Sections> model = of_model(*sections);
  if (!model) return model.error();
  Result<Shown> shown = (*family)->show(*model, request);
  if (!shown) return shown.error();
  if (!shown->missing.empty())
    shown->missing = grouped(data.size()) + " of " + grouped(layout->total_bytes) + " bytes, without " + shown->missing;
  Result<Colour> colour = read_colour(*sections, request.limits);
  if (!colour) return colour.error();
  return std::unique_ptr<Rendering>(new Rendering(std::move(*shown), request, header, std::move(*colour)));
}

Rendering::Rendering(Shown shown, const Request& request, const Header& header, Colour colour)
    : source_(std::move(shown.source)), plain_(whole_numbers(shown.box)), width_(request.view.width),
      height_(request.view.height), format_{header.channels, header.bit_depth / 8}, colour_(std::move(colour)),
      missing_(std::move(shown.missing)), band_rows_(coin::band_rows(request.band, width_)) {
  if (as_it_is(shown.box, request.view)) return;
  resampler_.emplace(*source_, format_, shown.width, shown.height, shown.box, width_, height_, request.threads);
  band_rows_ = resampler_->band_rows();
}

Error Rendering::compute(int first, int last, void* out) {
  if (resampler_) return resampler_->rows(first, last, out);
  return source_->render({plain_.left, plain_.top + first, plain_.right, plain_.top + last}, out);
}

Result<int> Rendering::read(int rows, void* out, std::ptrdiff_t stride) {
  rows = std::min(rows, height_ - next_);
  const std::size_t row_bytes = static_cast<std::size_t>(width_) * format_.pixel_bytes();
  const bool gapless = stride == static_cast<std::ptrdiff_t>(row_bytes);
  const bool aligned = reinterpret_cast<std::uintptr_t>(out) % static_cast<std::size_t>(format_.sample_bytes) == 0;
  auto* to = static_cast<std::uint8_t*>(out);
  for (const int end = next_ + rows; next_ < end;) {
    if (next_ >= kept_last_ && gapless && aligned && (end - next_ >= band_rows_ || end == height_)) {
      const int last = std::min(next_ + band_rows_, end);
      if (Error error = compute(next_, last, to)) return error;
      to += static_cast<std::ptrdiff_t>(last - next_) * stride;
      next_ = last;
      continue;
    }
    if (next_ >= kept_last_) {
      const int last = std::min(next_ + band_rows_, height_);
      kept_.resize((row_bytes * static_cast<std::size_t>(last - next_) + 1) / 2);
      if (Error error = compute(next_, last, kept_.data())) return error;
      kept_first_ = next_;
      kept_last_ = last;
    }
    const auto* from = reinterpret_cast<const std::uint8_t*>(kept_.data());
    for (; next_ < std::min(end, kept_last_); ++next_, to += stride)
      std::memcpy(to, from + static_cast<std::size_t>(next_ - kept_first_) * row_bytes, row_bytes);
  }
  return rows;
}

}  // namespace coin
