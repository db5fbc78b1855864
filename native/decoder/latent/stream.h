// A latent model in a stream: its networks in one section, its latents in another, read as they are asked for.
#pragma once

#include <memory>
#include <string>

#include "base/floats.h"
#include "decoder/latent/networks.h"
#include "decoder/latent/tiles.h"
#include "decoder/latent/window.h"

namespace coin {

// Types of sections.
inline constexpr int kNetworks = 1, kLatents = 2, kDifferences = 3, kTiles = 4, kCodes = 5;

// The section with the networks, which come before the latents.
Result<Section> networks_section(const Sections& sections);

// The networks of a stream.
Result<Networks> read_networks(const LatentShape& shape, const Sections& sections);

// Reads latents of a stream, those that are asked for and those that they depend on.
class LatentStream {
 public:
  // The sections' bytes must outlive it.
  static Result<std::unique_ptr<LatentStream>> open(const Networks& networks, const Sections& sections, int threads);

  const LatentShape& shape() const { return shape_; }

  // Bytes of the latents' section, whether they are there or not.
  std::uint64_t total() const { return total_; }

  // What a cut stream lacks of what was asked for, in a few words; empty for nothing.
  const std::string& missing() const { return missing_; }

  // Reads rectangles of grids, the first of them being of grid `finest`.
  Error read(const std::vector<Rectangle>& wanted, int finest);

  // Reads all of a grid; all of all grids.
  Error read_grid(int level);
  Error read_all();

  // Latents of a window that was read, with margins, those that do not matter being 0. finest: the grid that is the
  // window's finest.
  Floats window(const Window& window, int finest) const;

  // Gives back the memory of latents that neither a window nor one further down needs.
  void forget_above(const Window& window, int finest);

  // About how many bytes of the section there are up to the end of each grid, coarsest first. In one code, of the grids
  // that were read: a few more than they needed.
  std::vector<std::uint64_t> ends() const;

  // About how many bytes each grid took, finest first, all having been read. The coarsest has the table.
  std::vector<std::uint64_t> sizes() const;

 private:
  LatentStream(const LatentShape& shape, const Section& section, int threads)
      : shape_(shape), length_(section.payload.size()), total_(section.length()), threads_(threads) {}

  const LatentShape shape_;
  const std::size_t length_;  // bytes that are there
  const std::uint64_t total_;
  const int threads_;
  std::string missing_;
  std::optional<TileTable> tiles_;
  std::optional<LatentDecoder> decoder_;
};

}  // namespace coin
