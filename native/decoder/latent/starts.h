// Networks that were fitted to other pictures, of which a stream's networks may be differences, or which they are but for
// a few codes (docs/format.md, sections 3 and 5 of `latent`).
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "latent/shape.h"

namespace coin {

// The pictures that starts were fitted to had so many channels and grids.
inline constexpr int kStartChannels = 3, kStartLevels = 7;

// Parameters of starts are integers in units of 2^-kStartBits.
inline constexpr int kStartBits = 14;

// number: by which streams refer to it. size: the name of its networks' sizes. price: of a bit, that it was fitted for, as
// was tune. values: laid out as the parameters of shape(). directions: for each code a row of integers likewise, by a
// multiple of which a stream may go away from the values; most starts have none. scales: under which scale codes codes are
// coded. bits: of the tensors of networks that are nothing but that.
struct Start {
  int number;
  const char* size;
  double price;
  const char* tune;
  std::span<const std::int32_t> values;
  std::span<const std::int16_t> directions;
  std::span<const std::uint8_t> scales, bits;

  LatentShape shape() const;
};

// Those that ship. Generated when the core is built from src/coincodec/latent/starts.npz and directions.npz.
extern const std::span<const Start> kStarts;

// The start of a number, null if this version does not have it.
const Start* find_start(int number);

// Stands for a parameter that a start has nothing for.
inline constexpr std::int64_t kUnknown = std::numeric_limits<std::int64_t>::min();

// What a start has for the parameters of a shape, whose networks have its sizes. codes: how far to go along each of its
// directions; none for not at all.
std::vector<std::int64_t> adapted(const Start& start, const LatentShape& shape, std::span<const std::int32_t> codes);

// The same of any parameters that are laid out as those of the start are. Of fewer grids the coarser ones are left out.
// Grey is the mean of the colours; for alpha there is nothing.
std::vector<std::int64_t> placed(const Start& start, const LatentShape& shape, std::span<const std::int64_t> parameters);

}  // namespace coin
