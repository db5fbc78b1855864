// libcoin for WebAssembly: its functions with numbers alone, for JavaScript, and what a module without imports needs.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <__verbose_abort>

#include "coin.h"

// The standard library's last word, which would bring in formatted output.
[[noreturn]] void std::__libcpp_verbose_abort(const char*, ...) noexcept { __builtin_trap(); }

namespace {

coin_error error;
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
EXPORTED(view_primaries) int wasm_view_primaries(const coin_view* view) { return coin_view_colour(view).primaries; }
EXPORTED(view_transfer) int wasm_view_transfer(const coin_view* view) { return coin_view_colour(view).transfer; }
EXPORTED(view_icc) const std::uint8_t* wasm_view_icc(const coin_view* view) { return coin_view_colour(view).icc; }
EXPORTED(view_icc_size) std::size_t wasm_view_icc_size(const coin_view* view) {
  return coin_view_colour(view).icc_size;
}
EXPORTED(view_read) int wasm_view_read(coin_view* view, void* memory, int rows, int stride) {
  return coin_view_read(view, memory, rows, stride, &error);
}

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
