// Where the codes of tiles lie in a section (docs/format.md, "Section 4, latents in tiles").
#pragma once

#include "decoder/format/container.h"
#include "latent/coder.h"

namespace coin {

// Sides of tiles are powers of two. No grid has more rows or columns than the largest.
inline constexpr int kLeastTileBits = 5, kMostTileBits = 20;

// lengths: bytes of each code, coarse grids first, tiles row by row. start: of the first code in the section.
struct TileTable {
  Tiling tiling;
  std::vector<std::int64_t> lengths;
  std::size_t start;
};

// `truncated` where a cut stream ends before it tells.
Result<TileTable> read_tiles(const LatentShape& shape, const Section& section);

}  // namespace coin
