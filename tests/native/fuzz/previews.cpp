// Pictures from coarse to fine, whole or cut; and that the last preview of a whole one is the picture.
#include "asking.h"

// How much there is of the file; then whether it may be cut.
const std::size_t kRequestBytes = 3;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < kRequestBytes) return 0;
  const std::uint8_t* const asked = data + size - kRequestBytes;
  const bool cut = (asked[2] & 1) != 0;
  std::size_t there = size - kRequestBytes;
  if (cut) there = static_cast<std::size_t>(asked[0] << 8 | asked[1]) % (there + 1);
  const Bytes file(data, data + there);
  const Picture picture(file.data(), file.size());
  if (!picture) return 0;
  const coin_info info = picture.info();
  coin_options options = usual();
  options.partial = cut;
  coin_error error;
  coin_previews* const previews = coin_previews_open(picture.get(), &options, &error);
  HOLDS((previews == nullptr) == (error.code != COIN_OK) && error.code != COIN_MEMORY);
  if (!previews) return 0;
  coin_preview preview = {};
  Bytes last;
  int found, step = 1 << 21;
  while ((found = coin_previews_next(previews, &preview, &error)) == 1) {
    HOLDS(preview.step < step && preview.bytes <= info.bytes);
    HOLDS(preview.width == (info.width + preview.step - 1) / preview.step);
    HOLDS(preview.height == (info.height + preview.step - 1) / preview.step);
    step = preview.step;
    const auto* const samples = static_cast<const std::uint8_t*>(preview.samples);
    last.assign(samples, samples + static_cast<std::size_t>(preview.width) * static_cast<std::size_t>(preview.height) *
                                       picture.pixel_bytes());
  }
  HOLDS(found < 0 ? error.code != COIN_OK && error.code != COIN_MEMORY : cut || step == 1);
  coin_previews_close(previews);
  if (cut || found < 0) return 0;
  // Previews need no colour, of which alone something may be wrong.
  const Read whole = read(picture, usual());
  HOLDS(whole.error.code != COIN_OK || whole.samples == last);
  return 0;
}
