// What fuzz targets share: limits that keep an execution short, and how a view is read. Whatever must hold of any input
// and does not ends the program, as a sanitizer does.
#pragma once

#include <coin.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#define HOLDS(condition)                                                    \
  do {                                                                      \
    if (!(condition)) {                                                     \
      std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);  \
      std::abort();                                                         \
    }                                                                       \
  } while (0)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

// Bytes at the end of a target's input that are no part of the file, but say what is asked of it.
extern const std::size_t kRequestBytes;

using Bytes = std::vector<std::uint8_t>;

inline coin_options usual() {
  coin_options options;
  coin_options_init(&options);
  options.threads = 1;
  options.limits = {1 << 12, 1 << 20, 1 << 12};
  return options;
}

// A picture, closed when this goes.
class Picture {
 public:
  Picture(const std::uint8_t* data, std::size_t size) : picture_(coin_open(data, size, &error)) {
    HOLDS((picture_ == nullptr) == (error.code != COIN_OK) && (picture_ != nullptr) == (error.text[0] == 0));
  }
  ~Picture() { coin_close(picture_); }
  Picture(const Picture&) = delete;
  Picture& operator=(const Picture&) = delete;

  explicit operator bool() const { return picture_ != nullptr; }
  coin_picture* get() const { return picture_; }
  coin_info info() const { return coin_picture_info(picture_); }
  std::size_t pixel_bytes() const { return static_cast<std::size_t>(info().channels * info().bit_depth / 8); }

  coin_error error;

 private:
  coin_picture* picture_;
};

// Samples, without gaps; none, and an error, for what is refused. rows: to read at once, with `gap` bytes between them.
struct Read {
  Bytes samples;
  int width = 0, height = 0;
  bool whole = true;
  coin_error error = {};
};

inline Read read(const Picture& picture, const coin_options& options, int rows = 1 << 20, std::size_t gap = 0) {
  Read found;
  coin_view* const view = coin_view_open(picture.get(), &options, &found.error);
  HOLDS((view == nullptr) == (found.error.code != COIN_OK) && found.error.code != COIN_MEMORY);
  if (!view) {
    HOLDS(found.error.text[0] != 0);
    return found;
  }
  found.width = coin_view_width(view);
  found.height = coin_view_height(view);
  found.whole = coin_view_missing(view)[0] == 0;
  const coin_colour colour = coin_view_colour(view);
  HOLDS(colour.primaries > 0 && (colour.icc != nullptr) == (colour.icc_size > 0));
  const std::size_t row = static_cast<std::size_t>(found.width) * picture.pixel_bytes();
  const std::size_t most = static_cast<std::size_t>(rows < found.height ? rows : found.height);
  Bytes some(most * (row + gap) - gap);
  int done = 0, there;
  while ((there = coin_view_read(view, some.data(), rows, static_cast<std::ptrdiff_t>(row + gap), &found.error)) > 0) {
    HOLDS(there <= rows && (done += there) <= found.height);
    for (int r = 0; r < there; ++r) {
      const std::uint8_t* const from = some.data() + static_cast<std::size_t>(r) * (row + gap);
      found.samples.insert(found.samples.end(), from, from + row);
    }
  }
  HOLDS(there < 0 ? found.error.code != COIN_OK : done == found.height);
  HOLDS(found.error.code != COIN_MEMORY && found.error.code != COIN_USAGE);
  if (there < 0) found.samples.clear();
  coin_view_close(view);
  return found;
}
