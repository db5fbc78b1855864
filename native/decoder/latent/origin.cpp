#include "decoder/latent/origin.h"

#include "decoder/format/steps.h"
#include "decoder/latent/model.h"

namespace coin {

Result<Origin> read_origin(ByteSpan payload, const LatentShape& shape, bool directions) {
  if (payload.size() < kOriginBytes || payload[1] > kMostStep - kLeastStep)
    return corrupt("networks as differences from an impossible start");
  const Start* start = find_start(payload[0]);
  if (!start || start->scales.empty() == directions)
    return unsupported("networks as differences from start " + std::to_string(payload[0]) +
                       ", which this version does not have");
  const LatentShape known = start->shape();
  if (known.neighbours != shape.neighbours || known.features != shape.features || known.hidden != shape.hidden ||
      known.block != shape.block || !shape.magnitudes)
    return corrupt("networks as differences from a start of another size");
  return Origin{start, payload[1] + kLeastStep};
}

std::vector<int> unit_powers(const LatentShape& s) {
  std::vector<int> powers(static_cast<std::size_t>(s.parameters()));
  const int n = s.context();
  for (int layer = 0; layer < 2; ++layer)
    for (int o = 0; o < n; ++o) powers[s.context_at(layer) + o * (n + 1) + n] = -1;
  powers[s.context_at(2) + 2 * n] = -1;
  for (int i = 0; i < 2 * n; ++i) powers[s.context_at(2) + 2 * n + 1 + i] = 1;
  for (int h = 0; h < s.hidden; ++h)
    for (int l = 0; l < s.levels; ++l) powers[s.first_at() + h * (s.levels + 1) + l] = 1;
  for (int c = 0; c < s.channels; ++c)
    for (int l = 0; l < s.levels; ++l) powers[s.second_at() + c * (s.hidden + s.levels + 1) + s.hidden + l] = 1;
  return powers;
}

OriginLevels::OriginLevels(const Origin& origin, const LatentShape& shape)
    : products_(adapted(*origin.start, shape, origin.codes)), exponents_(products_.size()) {
  const std::vector<int> powers = unit_powers(shape);
  const std::size_t scale_bias = static_cast<std::size_t>(shape.features_at(0)) - 1;  // the last of the output
  for (int l = 0; l + 1 < shape.levels; ++l)
    for (int k = 0; k < kTaps; ++k)
      if (std::int64_t& value = products_[shape.filter_at(l) + k]; value != kUnknown)
        value -= static_cast<std::int64_t>(kBicubic[k] * (1 << kStartBits));
  products_[scale_bias] -= origin.step * (1 << kStartBits) / 8;
  for (std::size_t i = 0; i < products_.size(); ++i) {
    const Falling unit = falling(-origin.step * powers[i]);
    products_[i] = products_[i] == kUnknown ? 0 : products_[i] * unit.mantissa;
    exponents_[i] = kStartBits - unit.exponent;
  }
}

}  // namespace coin
