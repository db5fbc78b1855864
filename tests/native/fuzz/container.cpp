// Header and sections of anything: what it is, EXIF data and XMP, and that limits of nothing refuse every picture.
#include "asking.h"

const std::size_t kRequestBytes = 0;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Picture picture(data, size);
  if (!picture) return 0;
  const coin_info info = picture.info();
  HOLDS(info.width > 0 && info.height > 0 && info.channels >= 1 && info.channels <= 4);
  HOLDS(info.header_bytes <= size && info.header_bytes <= info.bytes);

  // The header alone says as much.
  const Bytes header(data, data + info.header_bytes);
  const Picture same(header.data(), header.size());
  HOLDS(same);
  const coin_info again = same.info();
  HOLDS(again.family == info.family && again.width == info.width && again.height == info.height);
  HOLDS(again.bytes == info.bytes && again.header_bytes == info.header_bytes);

  coin_options options = usual();
  coin_metadata metadata;
  coin_error error;
  const coin_code code = coin_picture_metadata(picture.get(), &options.limits, &metadata, &error);
  HOLDS(code == error.code && (code == COIN_OK) == (error.text[0] == 0));
  HOLDS(metadata.exif_size <= options.limits.metadata && metadata.xmp_size <= options.limits.metadata);

  options.limits.pixels = 0;
  HOLDS(!coin_view_open(picture.get(), &options, &error) && error.code != COIN_OK);
  return 0;
}
