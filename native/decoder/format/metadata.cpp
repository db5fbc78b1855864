#include "decoder/format/metadata.h"

#include "decoder/format/inflate.h"

namespace coin {

Result<Metadata> read_metadata(const Sections& sections, const Limits& limits) {
  Metadata found;
  const Section* resolution = nullptr;
  for (const Section& section : sections) {
    if (!is_metadata(section)) continue;
    const bool again = section.type == kExif  ? found.exif.has_value()
                       : section.type == kXmp ? found.xmp.has_value()
                                              : resolution != nullptr;
    if (again) return corrupt("two sections of metadata of the same kind");
    if (section.type == kResolution) {
      resolution = &section;
      continue;
    }
    Result<std::vector<std::uint8_t>> block = inflate(section.payload, limits.metadata, "metadata");
    if (!block) return block.error();
    (section.type == kExif ? found.exif : found.xmp) = std::move(*block);
  }
  if (resolution) {
    const ByteSpan numbers = resolution->payload;
    if (numbers.size() != 8 || little_endian(numbers) == 0 || little_endian(numbers, 4) == 0)
      return corrupt("the resolution is damaged");
    found.resolution = {little_endian(numbers), little_endian(numbers, 4)};
  }
  return found;
}

}  // namespace coin
