// A rectangle of a grid that is coded by itself, or a whole grid.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "latent/context_model.h"

namespace coin {

// Rows [top, bottom) and columns [left, right) of a grid.
struct Rectangle {
  int top = 0, left = 0, bottom = 0, right = 0;

  bool empty() const { return top >= bottom || left >= right; }

  // What lies in the same place of a grid that is so many levels coarser.
  Rectangle coarser(int levels) const {
    return {top >> levels, left >> levels, ((bottom - 1) >> levels) + 1, ((right - 1) >> levels) + 1};
  }

  // The smallest that holds both.
  Rectangle with(const Rectangle& other) const {
    if (empty()) return other;
    if (other.empty()) return *this;
    return {std::min(top, other.top), std::min(left, other.left), std::max(bottom, other.bottom),
            std::max(right, other.right)};
  }
};

// Latents, as contexts see them; beyond its border they are 0.
class Tile {
 public:
  explicit Tile(const Rectangle& place)
      : place_(place), stride_(place.right - place.left + 2 * kSide),
        seen_(static_cast<std::size_t>(place.bottom - place.top + LatentShape::kRowsAbove) * stride_) {}

  const Rectangle& place() const { return place_; }
  int rows() const { return place_.bottom - place_.top; }
  int columns() const { return place_.right - place_.left; }
  std::ptrdiff_t stride() const { return stride_; }

  // Its row, from its first column on.
  const std::int16_t* row(int r) const { return seen_.data() + (r + LatentShape::kRowsAbove) * stride_ + kSide; }

  void set(int row, int column, std::int32_t latent) {
    const std::int32_t limited = std::clamp(latent, -kLatentLimit, kLatentLimit);
    seen_[(row + LatentShape::kRowsAbove) * stride_ + kSide + column] =
        static_cast<std::int16_t>(limited * (1 << kValueBits));
    if (limited != latent) beyond_.push_back({row, column, latent});
  }

  // Puts latents that lie in both into an array of rows of `stride`, of which `out` is the first of the rectangle.
  void copy(const Rectangle& from, float* out, std::ptrdiff_t stride) const {
    const int top = std::max(from.top, place_.top), bottom = std::min(from.bottom, place_.bottom);
    const int left = std::max(from.left, place_.left), right = std::min(from.right, place_.right);
    for (int r = top; r < bottom; ++r) {
      const std::int16_t* here = row(r - place_.top) - place_.left;
      float* to = out + (r - from.top) * stride - from.left;
      for (int c = left; c < right; ++c) to[c] = static_cast<float>(here[c]) / (1 << kValueBits);
    }
    for (const Beyond& b : beyond_) {
      const int r = b.row + place_.top, c = b.column + place_.left;
      if (r >= top && r < bottom && c >= left && c < right)
        out[(r - from.top) * stride + c - from.left] = static_cast<float>(b.latent);
    }
  }

 private:
  // As far as contexts reach to the sides.
  static constexpr int kSide = 3;

  // What is larger than contexts see.
  struct Beyond {
    int row, column;
    std::int32_t latent;
  };

  Rectangle place_;
  std::ptrdiff_t stride_;
  std::vector<std::int16_t> seen_;
  std::vector<Beyond> beyond_;
};

// Where a tile's first latent has its like in a coarser grid.
struct Above {
  const std::int16_t* first;
  std::ptrdiff_t stride;
};

// What two rows of a tile are told of coarser grids: for each feature a value for every second column.
class Features {
 public:
  Features(const ContextModel& model, int level, int columns)
      : model_(model), level_(level), columns_((columns + 1) / 2),
        values_(static_cast<std::size_t>(model.shape().features) * columns_) {}

  // above: of the next coarser grid and on.
  void set(int row, const Above* above) {
    const LatentShape& s = model_.shape();
    if (level_ >= s.feature_levels()) return;
    const int inputs = s.levels - 1 - level_;
    for (int f = 0; f < s.features; ++f) {
      const std::int32_t* weights = model_.feature(level_, f);
      for (int x = 0; x < columns_; ++x) {
        std::int64_t sum = 0;
        for (int i = 0; i < inputs; ++i)
          sum += std::int64_t{weights[i]} * above[i].first[(row >> (i + 1)) * above[i].stride + (x >> i)];
        const std::int64_t value = shifted(sum, model_.feature_bits());
        values_[static_cast<std::size_t>(f) * columns_ + x] =
            static_cast<std::int16_t>(std::clamp<std::int64_t>(value, -kValueLimit, kValueLimit));
      }
    }
  }

  std::int16_t at(int f, int column) const { return values_[static_cast<std::size_t>(f) * columns_ + column / 2]; }

 private:
  const ContextModel& model_;
  const int level_, columns_;
  std::vector<std::int16_t> values_;
};

// Rows [first, last) of a tile in the order of the code: symbol(prediction, row, column, latent) sets each latent, or
// returns false to stop. Returns how many whole rows, from the tile's first on, there are then.
template <class Symbol>
int walk(const ContextModel& model, int level, Tile& tile, const Above* above, int first, int last,
         const Symbol& symbol) {
  const LatentShape& s = model.shape();
  const int columns = tile.columns(), pairs = model.pairs();
  Features features(model, level, columns);
  alignas(64) std::int16_t context[2 * IntegerContext::kPairs] = {};
  for (int row = first; row < last; ++row) {
    if (row % 2 == 0 || row == first) features.set(row, above);
    const std::int16_t* here = tile.row(row);
    for (int column = 0; column < columns; ++column) {
      for (int j = 0; j < s.neighbours; ++j)
        context[j] = here[column + kNeighbours[j].row * tile.stride() + kNeighbours[j].column];
      for (int f = 0; f < s.features; ++f) context[s.neighbours + f] = features.at(f, column);
      std::int32_t joined[IntegerContext::kPairs];
      for (int i = 0; i < pairs; ++i)
        joined[i] = static_cast<std::int32_t>(static_cast<std::uint16_t>(context[2 * i]) |
                                              static_cast<std::uint32_t>(context[2 * i + 1]) << 16);
      std::int32_t latent;
      if (!symbol(model.predict(joined), row, column, latent)) return row;
      tile.set(row, column, latent);
    }
  }
  return last;
}

}  // namespace coin
