// Latents to bytes and back: the integer context model and the range coder, coarse grids first.
//
// Either one code holds all grids, or each grid is cut in square tiles, of which each has a code of its own: contexts end
// at its border, and a decoder reads those it needs, on every core.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "entropy/range_coder.h"
#include "latent/tile.h"

namespace coin {

using Bytes = std::vector<std::uint8_t>;

// How grids are cut into tiles, which are counted row by row, coarse grids first.
class Tiling {
 public:
  // log2 of a tile's sides that leaves any grid whole.
  static constexpr int kWhole = 21;

  // bits: log2 of a tile's sides, of each grid, finest first. See `nested`.
  Tiling(const LatentShape& shape, std::vector<int> bits);

  // All grids whole.
  explicit Tiling(const LatentShape& shape) : Tiling(shape, std::vector<int>(shape.levels, kWhole)) {}

  // Whether a tile has its like within one tile of each coarser grid.
  static bool nested(const std::vector<int>& bits);

  int bits(int level) const { return bits_[level]; }
  int down(int level) const { return ((shape_.rows(level) - 1) >> bits_[level]) + 1; }
  int across(int level) const { return ((shape_.columns(level) - 1) >> bits_[level]) + 1; }
  std::size_t count(int level) const { return static_cast<std::size_t>(down(level)) * across(level); }
  std::size_t count() const { return firsts_[0] + count(0); }
  std::size_t number(int level, int row, int column) const {
    return firsts_[level] + static_cast<std::size_t>(row) * across(level) + column;
  }
  Rectangle place(int level, int row, int column) const;

  // The tiles, in rows and columns of them, that hold some of these latents.
  Rectangle holding(int level, const Rectangle& latents) const {
    return latents.empty() ? Rectangle{} : latents.coarser(bits_[level]);
  }

 private:
  LatentShape shape_;
  std::vector<int> bits_;
  std::vector<std::size_t> firsts_;
};

// All latents of a model, to be coded. The model and the latents must outlive it.
class LatentEncoder {
 public:
  // latents: as in LatentShape, whole numbers within +-kLaplaceLimit.
  LatentEncoder(const ContextModel& model, const float* latents);

  // One code of all grids.
  Bytes code() const;

  // The code of every tile of a grid, tiles having sides of 2^bits; those of zeros alone have none.
  std::vector<Bytes> tiles(int level, int bits, int threads) const;

  // Bits of all latents, grid by grid, finest first, in one code.
  std::vector<double> bits() const;

 private:
  template <class Symbol>
  void visit(int level, const Rectangle& place, const Symbol& symbol) const;
  void encode(int level, const Rectangle& place, RangeEncoder& coder) const;
  bool empty(int level, const Rectangle& place) const;
  std::int32_t at(int level, int row, int column) const;

  const ContextModel& model_;
  const float* latents_;
  std::vector<Tile> grids_;  // as contexts see them
};

// Reads what is asked for, and what that needs.
class LatentDecoder {
 public:
  // One code of all grids. `bytes` must outlive the decoder. cut: they are the beginning of a longer code.
  LatentDecoder(const ContextModel& model, const std::uint8_t* bytes, std::size_t count, bool cut);

  // A code for each tile, one after the other. lengths: of the codes; the last of their bytes may be missing.
  LatentDecoder(const ContextModel& model, const Tiling& tiling, const std::vector<std::int64_t>& lengths,
                const std::uint8_t* bytes, std::size_t count);

  const LatentShape& shape() const { return model_.shape(); }

  // sound: false for a code that no encoder writes; nothing may be read after it. level: the coarsest grid of which
  // something that was asked for is missing, since the code is cut, -1 for none; row: from which row on.
  struct Outcome {
    bool sound;
    int level, row;
  };

  // Reads rectangles of the grids, finest first, and what they depend on.
  Outcome read(std::vector<Rectangle> wanted, int threads);

  // Sets latents of a rectangle that was read, 0 where a cut code lacks them; others are left as they are. out: rows of
  // `stride`.
  void copy(int level, const Rectangle& from, float* out, std::ptrdiff_t stride) const;

  // Gives back the memory of tiles that end above a row of their grid. They can't be asked for again.
  void forget(int level, int row);

  // Of one code: about how many bytes had been read at the end of each grid, coarsest first.
  const std::vector<std::int64_t>& ends() const { return ends_; }

 private:
  // A tile and its code, if that is its own. empty: all of it is 0. rows: that were read.
  struct Part {
    RangeDecoder code;
    bool cut, empty;
    std::optional<Tile> tile;
    int rows;
    bool sound;
  };

  void add_dependencies(std::vector<Rectangle>& wanted) const;
  void read_part(int level, Part& part, int last);

  const ContextModel model_;
  const Tiling tiling_;
  std::optional<RangeDecoder> all_;  // the code of all grids
  std::vector<Part> parts_;
  std::vector<std::int64_t> ends_;
};

}  // namespace coin
