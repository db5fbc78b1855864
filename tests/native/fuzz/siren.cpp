// Whole pictures of the `siren` family.
#include "asking.h"

const std::size_t kRequestBytes = 0;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Picture picture(data, size);
  if (picture && picture.info().family != 1) return 0;
  if (picture) read(picture, usual());
  return 0;
}
