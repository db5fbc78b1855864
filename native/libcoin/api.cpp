// The C API (coin.h): handles, and errors instead of exceptions.
#include "coin.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>

#include "base/memory.h"
#include "base/threads.h"
#include "decoder/format/metadata.h"
#include "decoder/previews.h"
#include "decoder/rendering.h"

struct coin_picture {
  coin::ByteSpan data;
  coin::Layout layout;
  coin::Metadata metadata;
};

struct coin_view {
  std::unique_ptr<coin::Rendering> rendering;
  int (*cancelled)(void*);
  void* context;
};

struct coin_previews {
  std::unique_ptr<coin::Previews> previews;
  coin::Colour colour;
  std::unique_ptr<coin::Preview> last;
  int (*cancelled)(void*);
  void* context;
};

namespace {

using coin::Code;
using coin::Error;

coin_code put(const Error& found, coin_error* error) {
  if (error) {
    error->code = static_cast<coin_code>(found.code);
    const std::size_t length = std::min(found.text.size(), sizeof error->text - 1);
    std::memcpy(error->text, found.text.data(), length);
    error->text[length] = 0;
  }
  return static_cast<coin_code>(found.code);
}

// What `work` returns, or `failed` with the error: its own, or that memory ran out.
template <class T, class Work>
T guarded(coin_error* error, T failed, const Work& work) {
  T found = failed;
  const bool enough = coin::within_memory([&] {
    coin::Result<T> result = work();
    if (result) found = *result;
    put(result ? Error{} : result.error(), error);
  });
  if (!enough) {
    found = failed;
    if (error) *error = {COIN_MEMORY, "there is not enough memory"};
  }
  return found;
}

coin::Limits limits_of(const coin_limits& limits) { return {limits.pixels, limits.macs, limits.metadata}; }

coin_options complete(const coin_options* options) {
  coin_options all;
  coin_options_init(&all);
  // One that was compiled against an older header has fewer fields.
  if (options) std::memcpy(&all, options, std::min(options->size, sizeof all));
  all.threads = all.threads > 0 ? std::min(all.threads, coin::kMaxThreads) : coin::processors();
  return all;
}

coin_colour colour_of(const coin::Colour& c) {
  return {c.primaries, c.transfer, c.icc.empty() ? nullptr : c.icc.data(), c.icc.size()};
}

Error stopped() { return {Code::cancelled, "cancelled"}; }

// Of any numbers: where it is none, neither is the region one.
int difference(int last, int first) {
  return static_cast<int>(static_cast<unsigned>(last) - static_cast<unsigned>(first));
}

coin::Request request_of(const coin_options& o, const coin::Header& header) {
  coin::View view = coin::whole_view(header);
  if (o.left != 0 || o.top != 0 || o.right != 0 || o.bottom != 0) view.region = {o.left, o.top, o.right, o.bottom};
  const bool sized = o.width != 0 || o.height != 0;
  view.width = sized ? o.width : difference(view.region.right, view.region.left);
  view.height = sized ? o.height : difference(view.region.bottom, view.region.top);
  view.draft = o.draft != 0;
  return {view, o.partial != 0, o.threads, limits_of(o.limits)};
}

}  // namespace

int coin_version(void) { return COIN_VERSION; }

void coin_options_init(coin_options* options) {
  const coin::Limits limits;
  *options = {};
  options->size = sizeof *options;
  options->limits = {limits.pixels, limits.macs, limits.metadata};
}

coin_picture* coin_open(const void* data, size_t size, coin_error* error) {
  return guarded<coin_picture*>(error, nullptr, [&]() -> coin::Result<coin_picture*> {
    const coin::ByteSpan bytes(static_cast<const std::uint8_t*>(data), size);
    coin::Result<coin::Layout> layout = coin::read_layout(bytes);
    if (!layout) return layout.error();
    return new coin_picture{bytes, std::move(*layout), {}};
  });
}

void coin_close(coin_picture* picture) { delete picture; }

coin_info coin_picture_info(const coin_picture* picture) {
  const coin::Header& h = picture->layout.header;
  return {h.family, h.width, h.height, h.channels, h.bit_depth, picture->layout.total_bytes,
          picture->layout.header_bytes};
}

coin_code coin_picture_metadata(coin_picture* picture, const coin_limits* limits, coin_metadata* metadata,
                                coin_error* error) {
  coin_error own;
  coin_error* const to = error ? error : &own;
  *metadata = {};
  guarded<int>(to, 0, [&]() -> coin::Result<int> {
    const coin::Result<coin::Sections> sections = coin::read_sections(picture->data, picture->layout, false);
    if (!sections) return sections.error();
    coin::Result<coin::Metadata> found =
        coin::read_metadata(*sections, limits ? limits_of(*limits) : coin::Limits{});
    if (!found) return found.error();
    picture->metadata = std::move(*found);
    const coin::Metadata& m = picture->metadata;
    if (m.exif) metadata->exif = m.exif->data(), metadata->exif_size = m.exif->size();
    if (m.xmp) metadata->xmp = m.xmp->data(), metadata->xmp_size = m.xmp->size();
    if (m.resolution) metadata->x_resolution = m.resolution->x, metadata->y_resolution = m.resolution->y;
    return 0;
  });
  return to->code;
}

coin_view* coin_view_open(coin_picture* picture, const coin_options* options, coin_error* error) {
  return guarded<coin_view*>(error, nullptr, [&]() -> coin::Result<coin_view*> {
    const coin_options all = complete(options);
    if (all.cancelled && all.cancelled(all.context)) return stopped();
    coin::Result<std::unique_ptr<coin::Rendering>> rendering =
        coin::Rendering::open(picture->data, request_of(all, picture->layout.header));
    if (!rendering) return rendering.error();
    return new coin_view{std::move(*rendering), all.cancelled, all.context};
  });
}

void coin_view_close(coin_view* view) { delete view; }
int coin_view_width(const coin_view* view) { return view->rendering->width(); }
int coin_view_height(const coin_view* view) { return view->rendering->height(); }
const char* coin_view_missing(const coin_view* view) { return view->rendering->missing().c_str(); }

coin_colour coin_view_colour(const coin_view* view) { return colour_of(view->rendering->colour()); }

int coin_view_read(coin_view* view, void* memory, int rows, ptrdiff_t stride, coin_error* error) {
  return guarded<int>(error, -1, [&]() -> coin::Result<int> {
    coin::Rendering& rendering = *view->rendering;
    if (rows < 0) return coin::bad_use("fewer than no rows");
    // Band by band, so that it can be stopped between two.
    int read = 0;
    for (auto* to = static_cast<std::uint8_t*>(memory); read < rows && rendering.next_row() < rendering.height();) {
      if (view->cancelled && view->cancelled(view->context)) return stopped();
      const int wanted = std::min(rows - read, rendering.band_rows());
      const coin::Result<int> found = rendering.read(wanted, to, stride);
      if (!found) return found.error();
      read += *found;
      to += stride * *found;
    }
    return read;
  });
}

coin_previews* coin_previews_open(coin_picture* picture, const coin_options* options, coin_error* error) {
  return guarded<coin_previews*>(error, nullptr, [&]() -> coin::Result<coin_previews*> {
    const coin_options all = complete(options);
    coin::PreviewRequest request;
    request.partial = all.partial != 0;
    request.threads = all.threads;
    request.limits = limits_of(all.limits);
    coin::Result<std::unique_ptr<coin::Previews>> previews = coin::Previews::open(picture->data, request);
    if (!previews) return previews.error();
    const coin::Result<coin::Sections> sections =
        coin::read_sections(picture->data, picture->layout, request.partial);
    if (!sections) return sections.error();
    coin::Result<coin::Colour> colour = coin::read_colour(*sections, request.limits);
    if (!colour) return colour.error();
    return new coin_previews{std::move(*previews), std::move(*colour), nullptr, all.cancelled, all.context};
  });
}

void coin_previews_close(coin_previews* previews) { delete previews; }

coin_colour coin_previews_colour(const coin_previews* previews) { return colour_of(previews->colour); }

int coin_previews_next(coin_previews* previews, coin_preview* preview, coin_error* error) {
  return guarded<int>(error, -1, [&]() -> coin::Result<int> {
    if (previews->cancelled && previews->cancelled(previews->context)) return stopped();
    coin::Result<std::unique_ptr<coin::Preview>> next = previews->previews->next();
    if (!next) return next.error();
    previews->last = std::move(*next);
    if (!previews->last) return 0;
    const coin::Preview& p = *previews->last;
    *preview = {p.width, p.height, p.step, p.place, p.bytes, p.samples.data()};
    return 1;
  });
}
