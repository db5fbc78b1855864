// Parts of a picture, at any size, drafts, a few rows at a time; and that a part is what the whole picture has there.
#include "asking.h"

// Left, top, width and height of the region, width and height to show it in, rows at a time; then flags: numbers as they
// are, or taken into what the picture has; its own size; a draft; a gap between rows.
const std::size_t kRequestBytes = 15;

namespace {

int number(const std::uint8_t* at) { return at[0] << 8 | at[1]; }

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < kRequestBytes) return 0;
  const std::uint8_t* const asked = data + size - kRequestBytes;
  const Bytes file(data, asked);
  const Picture picture(file.data(), file.size());
  if (!picture) return 0;
  const coin_info info = picture.info();
  const unsigned flags = asked[14];
  coin_options options = usual();
  if (flags & 1) {
    // Anything, the largest and smallest numbers among it.
    const int scale = flags & 2 ? 1 << 16 : 1;
    options.left = (number(asked) - (1 << 15)) * scale;
    options.top = (number(asked + 2) - (1 << 15)) * scale;
    options.right = (number(asked + 4) - (1 << 15)) * scale;
    options.bottom = (number(asked + 6) - (1 << 15)) * scale;
  } else {
    options.left = number(asked) % info.width;
    options.top = number(asked + 2) % info.height;
    options.right = options.left + 1 + number(asked + 4) % (info.width - options.left);
    options.bottom = options.top + 1 + number(asked + 6) % (info.height - options.top);
  }
  const bool scaled = (flags & 4) == 0;
  if (scaled) {
    options.width = number(asked + 8) % 100;
    options.height = number(asked + 10) % 100;
  }
  options.draft = (flags & 8) != 0;
  const std::size_t gap = flags & 16 ? 3 : 0;
  const int rows = 1 + number(asked + 12) % 20;
  const Read part = read(picture, options, rows, gap);
  if (part.samples.empty() || scaled || options.draft) return 0;

  const Read whole = read(picture, usual());
  if (whole.samples.empty() || options.right == 0) return 0;
  const std::size_t pixel = picture.pixel_bytes(), row = static_cast<std::size_t>(part.width) * pixel;
  for (int r = 0; r < part.height; ++r) {
    const auto at = static_cast<std::size_t>(options.top + r) * static_cast<std::size_t>(info.width) +
                    static_cast<std::size_t>(options.left);
    const std::uint8_t* const here = part.samples.data() + static_cast<std::size_t>(r) * row;
    HOLDS(std::memcmp(here, whole.samples.data() + at * pixel, row) == 0);
  }
  return 0;
}
