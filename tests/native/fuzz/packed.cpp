// What files have packed, by itself: any bytes as the EXIF data, XMP packet or colour profile of a sound picture.
#include "asking.h"
#include "file.h"

// Which of them, and whether they may become large.
const std::size_t kRequestBytes = 1;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < kRequestBytes) return 0;
  const int kind = data[size - 1] % 3;
  constexpr std::uint8_t kTypes[] = {0x71, 0xF0, 0xF1};
  File file = {1, 1, 2, 3, 2, {1, 0}, {}};
  file.sections.push_back({kTypes[kind], Bytes(data, data + size - kRequestBytes), {}});
  // A network of one layer, 3 + 3 * 2 half floats.
  file.sections.push_back({1, Bytes(18, 0x20), {}});
  const Bytes bytes = file.put_together();
  const Picture picture(bytes.data(), bytes.size());
  HOLDS(picture);
  coin_options options = usual();
  if (data[size - 1] >= 128) options.limits.metadata = 1 << 18;
  if (kind == 0) {
    const Read found = read(picture, options);
    HOLDS(found.error.code == COIN_OK || found.error.code == COIN_CORRUPT || found.error.code == COIN_LIMIT);
    return 0;
  }
  coin_metadata metadata;
  coin_error error;
  const coin_code code = coin_picture_metadata(picture.get(), &options.limits, &metadata, &error);
  HOLDS(code == COIN_OK || code == COIN_CORRUPT || code == COIN_LIMIT);
  HOLDS((kind == 1 ? metadata.exif_size : metadata.xmp_size) <= options.limits.metadata);
  return 0;
}
