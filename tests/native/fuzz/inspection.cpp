// What a stream says of itself, which Python alone asks for: everything is decoded to numbers.
#include "decoder/inspection.h"

#include "asking.h"

const std::size_t kRequestBytes = 0;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const coin_limits limits = usual().limits;
  const coin::Result<coin::Inspection> found =
      coin::inspect({data, size}, {limits.pixels, limits.macs, limits.metadata}, 1);
  if (!found) {
    HOLDS(found.error().code != coin::Code::ok && !found.error().text.empty());
    return 0;
  }
  std::uint64_t parts = found->colour_bytes;
  for (const std::uint64_t bytes : found->model.parts) parts += bytes;
  for (const std::uint64_t bytes : found->metadata_bytes) parts += bytes;
  HOLDS(found->model.parameters > 0 && parts <= size);
  return 0;
}
