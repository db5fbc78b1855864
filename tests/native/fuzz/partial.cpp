// Beginnings of files: what they show of the whole picture, of a part of it, smaller, and from coarse to fine.
#include "asking.h"

// How much there is of the file; then flags: what is asked for.
const std::size_t kRequestBytes = 3;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < kRequestBytes) return 0;
  const std::uint8_t* const asked = data + size - kRequestBytes;
  const std::size_t there = static_cast<std::size_t>(asked[0] << 8 | asked[1]) % (size - kRequestBytes + 1);
  const Bytes file(data, data + there);
  const Picture picture(file.data(), file.size());
  if (!picture) return 0;
  coin_options options = usual();
  options.partial = 1;
  const coin_info info = picture.info();
  if (asked[2] & 1) {
    options.left = info.width / 2;
    options.top = info.height / 3;
    options.right = info.width;
    options.bottom = (info.height + 1) / 2 + info.height / 3;
    if (options.bottom > info.height) options.bottom = info.height;
  }
  if (asked[2] & 2) options.width = options.height = 1 + (asked[2] >> 4);
  options.draft = (asked[2] & 4) != 0;
  const Read found = read(picture, options);
  HOLDS(found.error.code != COIN_OK || found.whole || there < info.bytes);
  return 0;
}
