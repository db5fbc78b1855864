#include "decoder/latent/starts.h"

#include <algorithm>
#include <string_view>

namespace coin {
namespace {

// A matrix among parameters: row r, column c.
template <class T>
struct Matrix {
  T* first;
  int columns;

  T& operator()(int row, int column) const { return first[row * columns + column]; }
};

// Rounded down, whatever the sign.
std::int64_t third(std::int64_t sum) { return (sum >= 0 ? sum : sum - (kStartChannels - 1)) / kStartChannels; }

}  // namespace

LatentShape Start::shape() const {
  const bool large = std::string_view(size) == "large";
  return large ? LatentShape{512, 512, kStartChannels, kStartLevels, 14, 6, 32, 8, true}
               : LatentShape{512, 512, kStartChannels, kStartLevels, 12, 4, 16, 4, true};
}

const Start* find_start(int number) {
  for (const Start& start : kStarts)
    if (start.number == number) return &start;
  return nullptr;
}

std::vector<std::int64_t> adapted(const Start& start, const LatentShape& shape, std::span<const std::int32_t> codes) {
  std::vector<std::int64_t> moved(start.values.begin(), start.values.end());
  const std::int16_t* along = start.directions.data();
  for (const std::int32_t code : codes)
    for (std::int64_t& value : moved) value += std::int64_t{code} * *along++;
  return placed(start, shape, moved);
}

std::vector<std::int64_t> placed(const Start& start, const LatentShape& shape, std::span<const std::int64_t> parameters) {
  std::vector<std::int64_t> values(static_cast<std::size_t>(shape.parameters()), kUnknown);
  const LatentShape known = start.shape();
  const std::int64_t* const from = parameters.data();
  const int levels = std::min(shape.levels, kStartLevels), n = shape.context(), hidden = shape.hidden;
  const auto ours = [&](std::ptrdiff_t at, int columns) { return Matrix<std::int64_t>{values.data() + at, columns}; };
  const auto theirs = [&](std::ptrdiff_t at, int columns) { return Matrix<const std::int64_t>{from + at, columns}; };

  std::copy_n(from, 2 * n * (n + 1) + 2 * (2 * n + 1), values.begin());  // contexts and output
  for (int l = 0; l < std::min(shape.feature_levels(), known.feature_levels()); ++l) {
    const auto to = ours(shape.features_at(l), shape.levels - 1 - l);
    const auto has = theirs(known.features_at(l), known.levels - 1 - l);
    for (int f = 0; f < shape.features; ++f)
      for (int i = 0; i < std::min(to.columns, has.columns); ++i) to(f, i) = has(f, i);
  }
  std::copy_n(from + known.filter_at(0), kTaps * (levels - 1), values.begin() + shape.filter_at(0));

  const auto first = ours(shape.first_at(), shape.levels + 1);
  const auto known_first = theirs(known.first_at(), known.levels + 1);
  for (int h = 0; h < hidden; ++h) {
    for (int l = 0; l < shape.levels; ++l) first(h, l) = l < levels ? known_first(h, l) : 0;
    first(h, shape.levels) = known_first(h, known.levels);
  }

  // A grey picture has the mean of what leads to colours, and the sum of what comes from them.
  const bool grey = shape.channels <= 2;
  const int colours = grey ? 1 : kStartChannels;
  const auto of_colour = [grey](const Matrix<const std::int64_t>& m, int colour, int column) {
    if (!grey) return m(colour, column);
    return third(m(0, column) + m(1, column) + m(2, column));
  };
  const auto second = ours(shape.second_at(), hidden + shape.levels + 1);
  const auto known_second = theirs(known.second_at(), hidden + known.levels + 1);
  const auto mix = ours(shape.mix_at(), shape.block);
  const auto known_mix = theirs(known.mix_at(), shape.block);
  for (int c = 0; c < colours; ++c) {
    for (int i = 0; i < hidden + levels; ++i) second(c, i) = of_colour(known_second, c, i);
    second(c, hidden + shape.levels) = of_colour(known_second, c, hidden + known.levels);
    for (int b = 0; b < shape.block; ++b) mix(c, b) = of_colour(known_mix, c, b);
  }
  const auto block = ours(shape.block_at(), 9 * shape.channels + 1);
  const auto known_block = theirs(known.block_at(), 9 * kStartChannels + 1);
  for (int b = 0; b < shape.block; ++b) {
    for (int i = 0; i < 9 * shape.channels; ++i)
      block(b, i) = i >= 9 * colours ? 0
                    : grey ? known_block(b, i) + known_block(b, 9 + i) + known_block(b, 18 + i)
                           : known_block(b, i);
    block(b, 9 * shape.channels) = known_block(b, 9 * kStartChannels);
  }
  return values;
}

}  // namespace coin
