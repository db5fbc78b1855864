// libcoin for WebAssembly: its functions with numbers alone, for JavaScript, and what a module without imports needs.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <__verbose_abort>

#include "coin.h"
#include "decoder/latent/model.h"
#include "decoder/latent/origin.h"
#include "decoder/latent/stream.h"

// The standard library's last word, which would bring in formatted output.
[[noreturn]] void std::__libcpp_verbose_abort(const char*, ...) noexcept { __builtin_trap(); }

namespace coin {
void place_directions(const std::int16_t* values);  // in what tools/embed_starts.py generates
}

namespace {

coin_error error;
coin_colour colour;
coin_preview preview;

coin_options options_of(int left, int top, int right, int bottom, int width, int height, int flags, double pixels,
                        double macs) {
  coin_options o;
  coin_options_init(&o);
  o.left = left;
  o.top = top;
  o.right = right;
  o.bottom = bottom;
  o.width = width;
  o.height = height;
  o.draft = flags & 1;
  o.partial = flags & 2;
  o.threads = 1;
  if (pixels >= 0) o.limits.pixels = static_cast<std::uint64_t>(pixels);
  if (macs >= 0) o.limits.macs = static_cast<std::uint64_t>(macs);
  return o;
}

}  // namespace

#define EXPORTED(name) extern "C" __attribute__((export_name(#name), used))

EXPORTED(allocate) void* wasm_allocate(std::size_t size) { return std::malloc(size); }
EXPORTED(release) void wasm_release(void* memory) { std::free(memory); }

// Whether a stream's networks are codes, for which place_directions must have been called: not 0 if so.
EXPORTED(needs_directions) int wasm_needs_directions(const void* data, std::size_t size) {
  const coin::Result<coin::Layout> layout = coin::read_layout({static_cast<const std::uint8_t*>(data), size});
  return layout && layout->header.family == coin::kLatentFamily &&
         std::any_of(layout->sections.begin(), layout->sections.end(), [](const coin::Layout::Place& section) {
           return section.type == coin::kCodes && section.length > coin::kOriginBytes;
         });
}
EXPORTED(place_directions) void wasm_place_directions(const std::int16_t* values) { coin::place_directions(values); }

EXPORTED(error_code) int wasm_error_code() { return error.code; }
EXPORTED(error_text) const char* wasm_error_text() { return error.text; }

EXPORTED(open) coin_picture* wasm_open(const void* data, std::size_t size) { return coin_open(data, size, &error); }
EXPORTED(close) void wasm_close(coin_picture* picture) { coin_close(picture); }

// family, width, height, channels, bit_depth, bytes, header_bytes
EXPORTED(info) double wasm_info(const coin_picture* picture, int field) {
  const coin_info i = coin_picture_info(picture);
  const double fields[] = {static_cast<double>(i.family),    static_cast<double>(i.width),
                           static_cast<double>(i.height),    static_cast<double>(i.channels),
                           static_cast<double>(i.bit_depth), static_cast<double>(i.bytes),
                           static_cast<double>(i.header_bytes)};
  return fields[field];
}

EXPORTED(view_open)
coin_view* wasm_view_open(coin_picture* picture, int left, int top, int right, int bottom, int width, int height,
                          int flags, double pixels, double macs) {
  const coin_options o = options_of(left, top, right, bottom, width, height, flags, pixels, macs);
  return coin_view_open(picture, &o, &error);
}
EXPORTED(view_close) void wasm_view_close(coin_view* view) { coin_view_close(view); }
EXPORTED(view_width) int wasm_view_width(const coin_view* view) { return coin_view_width(view); }
EXPORTED(view_height) int wasm_view_height(const coin_view* view) { return coin_view_height(view); }
EXPORTED(view_missing) const char* wasm_view_missing(const coin_view* view) { return coin_view_missing(view); }
EXPORTED(view_read) int wasm_view_read(coin_view* view, void* memory, int rows, int stride) {
  return coin_view_read(view, memory, rows, stride, &error);
}

// The last one that was asked for, until the next.
EXPORTED(view_colour) void wasm_view_colour(const coin_view* view) { colour = coin_view_colour(view); }
EXPORTED(previews_colour) void wasm_previews_colour(const coin_previews* previews) {
  colour = coin_previews_colour(previews);
}
EXPORTED(colour_primaries) int wasm_colour_primaries() { return colour.primaries; }
EXPORTED(colour_transfer) int wasm_colour_transfer() { return colour.transfer; }
EXPORTED(colour_icc) const std::uint8_t* wasm_colour_icc() { return colour.icc; }
EXPORTED(colour_icc_size) std::size_t wasm_colour_icc_size() { return colour.icc_size; }

EXPORTED(previews_open) coin_previews* wasm_previews_open(coin_picture* picture, int flags, double pixels, double macs) {
  const coin_options o = options_of(0, 0, 0, 0, 0, 0, flags, pixels, macs);
  return coin_previews_open(picture, &o, &error);
}
EXPORTED(previews_close) void wasm_previews_close(coin_previews* previews) { coin_previews_close(previews); }
EXPORTED(previews_next) int wasm_previews_next(coin_previews* previews) {
  return coin_previews_next(previews, &preview, &error);
}
// width, height, step, place, bytes
EXPORTED(preview_field) double wasm_preview_field(int field) {
  const double fields[] = {static_cast<double>(preview.width), static_cast<double>(preview.height),
                           static_cast<double>(preview.step), preview.place, static_cast<double>(preview.bytes)};
  return fields[field];
}
EXPORTED(preview_samples) const void* wasm_preview_samples() { return preview.samples; }
