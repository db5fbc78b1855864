// What a stream's networks are, or are differences from: a start, in the units of the model (docs/format.md, sections 3 and 5).
#pragma once

#include <vector>

#include "decoder/format/bytes.h"
#include "decoder/latent/starts.h"

namespace coin {

inline constexpr std::size_t kOriginBytes = 2;

// Latents are divided by 2^(step / 8), by so many eighths of an octave.
inline constexpr int kLeastStep = -64, kMostStep = 63;

// Codes have at most this magnitude.
inline constexpr int kMostCode = 255;

// A start in some units, and how far along its directions; no codes stand for all of them being 0.
struct Origin {
  const Start* start;
  int step;
  std::vector<std::int32_t> codes = {};
};

// What stands before differences or codes: a start without directions, or one with them.
Result<Origin> read_origin(ByteSpan payload, const LatentShape& shape, bool directions);

// An origin's parameters for a shape.
class OriginLevels {
 public:
  OriginLevels(const Origin& origin, const LatentShape& shape);

  // Of the parameter at a place, in units of 2^-bits, 1 to 14: integer arithmetic, the same everywhere. What the start has
  // nothing for is 0.
  std::int32_t level(std::size_t place, int bits) const {
    const int shift = exponents_[place] - bits;
    return static_cast<std::int32_t>((products_[place] + (std::int64_t{1} << (shift - 1))) >> shift);
  }

  // A parameter is its product times 2^-exponent.
  const std::vector<std::int64_t>& products() const { return products_; }
  const std::vector<int>& exponents() const { return exponents_; }

 private:
  std::vector<std::int64_t> products_;
  std::vector<int> exponents_;
};

// By what power of the step, -1, 0 or 1, each parameter is multiplied where latents are divided by it, for the same
// model.
std::vector<int> unit_powers(const LatentShape& shape);

}  // namespace coin
