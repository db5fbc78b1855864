// Sizes of a latent model and where its arrays lie. Included by kernels: nothing of the standard library here.
#pragma once

#include <cstddef>
#include <cstdint>

namespace coin {

inline constexpr int kMaxLevels = 12;
inline constexpr int kMaxNeighbours = 14;
inline constexpr int kMaxFeatures = 8;
inline constexpr int kMaxContext = kMaxNeighbours + kMaxFeatures;
inline constexpr int kMaxHidden = 64;
inline constexpr int kMaxBlock = 16;
inline constexpr int kMaxChannels = 4;
inline constexpr int kFeatureLevels = 3;  // the finest grids, which see coarser ones
inline constexpr int kTaps = 4;           // free ones of the eight of an upsampling filter

// Places of the causal neighbours of a latent, nearest first; a model uses the first so many.
struct Neighbour {
  int row, column;
};
inline constexpr Neighbour kNeighbours[kMaxNeighbours] = {
    {0, -1}, {-1, 0},  {-1, -1}, {-1, 1},  {0, -2}, {-2, 0}, {-1, -2},
    {-1, 2}, {-2, -1}, {-2, 1},  {-2, -2}, {-3, 0}, {0, -3}, {-1, -3}};

// Grid 0 has the picture's size, each further grid half of that before, rounded up. All grids are planes of one
// array of floats: rows of `stride` with kMargin zeros before each row and above the first, as many as a context
// reaches, and at least as many after it.
struct LatentShape {
  static constexpr int kMargin = 16, kRowsAbove = 3;

  int height, width, channels;
  int levels;
  int neighbours, features;  // of a context: causal neighbours, and what is told of coarser grids
  int hidden;                // width of the synthesis
  int block;                 // hidden channels of its 3x3 block, 0 for none
  bool magnitudes;           // context layers take magnitudes; else max(., 0), which only coders know

  int rows(int level) const { return (height + (1 << level) - 1) >> level; }
  int columns(int level) const { return (width + (1 << level) - 1) >> level; }
  int padded(int level) const { return (columns(level) + 15) / 16 * 16; }
  int stride(int level) const { return padded(level) + 2 * kMargin; }
  int context() const { return neighbours + features; }
  int feature_levels() const {
    const int n = levels - 1 < kFeatureLevels ? levels - 1 : kFeatureLevels;
    return features == 0 ? 0 : n;
  }

  std::int64_t plane_size(int level) const { return std::int64_t{rows(level) + kRowsAbove} * stride(level); }
  // Where the memory of a grid begins.
  std::int64_t start(int level) const {
    std::int64_t at = 0;
    for (int l = 0; l < level; ++l) at += plane_size(l);
    return at;
  }
  // Of the plane's row 0, column 0.
  std::int64_t plane(int level) const {
    return start(level) + std::int64_t{kRowsAbove} * stride(level) + kMargin;
  }
  std::int64_t latents_size() const {
    std::int64_t n = 64;
    for (int l = 0; l < levels; ++l) n += plane_size(l);
    return n;
  }

  // Parameters, in this order: two context layers [W | b], whose residual is not part of W; the context's output [of
  // the second layer | of the context | b] for mean and log2 of the scale; for every level with features its matrix;
  // the filters from level l + 1 to l; the synthesis's first layer [W | b]; its output [of the first layer | of the
  // grids | b]; the block's 3x3 layer [channel, row, column | b] and its output.
  std::ptrdiff_t context_at(int layer) const { return std::ptrdiff_t{layer} * context() * (context() + 1); }
  std::ptrdiff_t features_at(int level) const {
    std::ptrdiff_t at = context_at(2) + 2 * (2 * context() + 1);
    for (int l = 0; l < level; ++l) at += features * (levels - 1 - l);
    return at;
  }
  std::ptrdiff_t filter_at(int level) const { return features_at(feature_levels()) + kTaps * level; }
  std::ptrdiff_t first_at() const { return filter_at(levels - 1); }
  std::ptrdiff_t second_at() const { return first_at() + std::ptrdiff_t{hidden} * (levels + 1); }
  std::ptrdiff_t block_at() const { return second_at() + std::ptrdiff_t{channels} * (hidden + levels + 1); }
  std::ptrdiff_t mix_at() const { return block_at() + std::ptrdiff_t{block} * (9 * channels + 1); }
  std::ptrdiff_t parameters() const { return mix_at() + std::ptrdiff_t{channels} * block; }
};

}  // namespace coin
