#include "decoder/latent/tiles.h"

#include "decoder/format/text.h"

namespace coin {

Result<TileTable> read_tiles(const LatentShape& shape, const Section& section) {
  Cursor cursor(section.payload, "table of tiles");
  const ByteSpan sides = cursor.take(static_cast<std::size_t>(shape.levels));
  if (cursor.error()) return cursor.error();
  const std::vector<int> bits(sides.rbegin(), sides.rend());
  bool possible = Tiling::nested(bits);
  for (const int b : bits) possible = possible && b >= kLeastTileBits && b <= kMostTileBits;
  if (!possible) {
    std::string list;
    for (const int b : bits) list += (list.empty() ? "" : ", ") + std::to_string(b);
    return corrupt("impossible tiles with sides of " + list + " bits");
  }
  Tiling tiling(shape, bits);
  if (tiling.count() > section.length())
    return corrupt(grouped(tiling.count()) + " tiles do not fit into " + grouped(section.length()) + " bytes");
  std::vector<std::int64_t> lengths(tiling.count());
  std::uint64_t sum = 0;
  for (std::int64_t& length : lengths) sum += static_cast<std::uint64_t>(length = cursor.varint());
  if (cursor.error()) return cursor.error();
  if (cursor.at() + sum != section.length()) return corrupt("the tiles are not as long as their section");
  return TileTable{std::move(tiling), std::move(lengths), cursor.at()};
}

}  // namespace coin
