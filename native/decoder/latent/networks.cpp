#include "decoder/latent/networks.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "decoder/latent/origin.h"
#include "entropy/logistic.h"

namespace coin {
namespace {

// Bits are coded as differences from the usual ones, scale codes from the usual one, under a scale code of their own.
constexpr int kUsualBits = 6, kUsualScale = 32, kDifferenceScale = 30;

}  // namespace

Tensors tensors_of(const LatentShape& s) {
  Tensors tensors;
  int next = 0;
  // Rows [weights | biases]: a tensor of each.
  const auto layer = [&](std::ptrdiff_t at, int rows, int inputs, bool biased) {
    std::vector<std::int32_t>& weights = tensors[next++];
    std::vector<std::int32_t>* biases = biased ? &tensors[next++] : nullptr;
    auto place = static_cast<std::int32_t>(at);
    for (int row = 0; row < rows; ++row) {
      for (int i = 0; i < inputs; ++i) weights.push_back(place++);
      if (biases) biases->push_back(place++);
    }
  };
  const int n = s.context();
  layer(s.context_at(0), n, n, true);
  layer(s.context_at(1), n, n, true);
  layer(s.context_at(2), 2, 2 * n, true);
  layer(s.features_at(0), 1, static_cast<int>(s.filter_at(0) - s.features_at(0)), false);
  layer(s.filter_at(0), s.levels - 1, kTaps, false);
  layer(s.first_at(), s.hidden, s.levels, true);
  layer(s.second_at(), s.channels, s.hidden + s.levels, true);
  layer(s.block_at(), s.block, 9 * s.channels, true);
  layer(s.mix_at(), s.channels, s.block, false);
  return tensors;
}

std::vector<float> Networks::parameters() const {
  std::vector<float> values(levels.size());
  const Tensors tensors = tensors_of(shape);
  for (int t = 0; t < kTensors; ++t)
    for (const std::int32_t place : tensors[t])
      values[place] = std::ldexp(static_cast<float>(levels[place]), -bits[t]);
  for (int l = 0; l + 1 < shape.levels; ++l)
    for (int k = 0; k < kTaps; ++k) values[shape.filter_at(l) + k] += kBicubic[k];
  return values;
}

IntegerParameters Networks::integers() const {
  IntegerParameters parameters = {levels.data(), {}};
  std::copy_n(bits.begin(), std::size(parameters.bits), parameters.bits);
  return parameters;
}

Result<Networks> read_networks(const LatentShape& shape, ByteSpan payload, bool relative) {
  std::optional<OriginLevels> origin;
  if (relative) {
    const Result<Origin> found = read_origin(payload, shape, false);
    if (!found) return found.error();
    origin.emplace(*found, shape);
    payload = payload.subspan(kOriginBytes);
  }
  RangeDecoder coder(payload.data(), payload.size());
  Networks networks = {shape, std::vector<std::int32_t>(static_cast<std::size_t>(shape.parameters())), {}};
  const Error impossible = corrupt("the coded data holds an impossible number");
  const Tensors tensors = tensors_of(shape);
  for (int t = 0; t < kTensors; ++t) {
    int& bits = networks.bits[t] = kUsualBits;
    if (tensors[t].empty()) continue;
    std::int32_t more_bits, more_scale;
    if (!decode_logistic(coder, kDifferenceScale, more_bits) || !decode_logistic(coder, kDifferenceScale, more_scale))
      return impossible;
    bits += more_bits;
    const int scale = kUsualScale + more_scale;
    if (bits < kLeastTensorBits || bits > kMostTensorBits || scale < 0 || scale >= kLogisticScales)
      return corrupt("impossible precision or scale of a network's parameters");
    for (const std::int32_t place : tensors[t]) {
      std::int32_t& level = networks.levels[place];
      if (!decode_logistic(coder, scale, level)) return impossible;
      if (origin) level = static_cast<std::int32_t>(static_cast<std::uint32_t>(level) +
                                                    static_cast<std::uint32_t>(origin->level(place, bits)));
    }
  }
  if (!coder.complete()) return corrupt("coded data is left over");
  if (const char* error = integer_parameters_error(shape, networks.integers())) return corrupt(error);
  return networks;
}

Result<Networks> read_coded_networks(const LatentShape& shape, ByteSpan payload) {
  Result<Origin> origin = read_origin(payload, shape, true);
  if (!origin) return origin.error();
  payload = payload.subspan(kOriginBytes);
  if (!payload.empty()) {
    RangeDecoder coder(payload.data(), payload.size());
    bool moves = false;
    for (const std::uint8_t scale : origin->start->scales) {
      std::int32_t code;
      if (!decode_logistic(coder, scale, code)) return corrupt("the coded data holds an impossible number");
      origin->codes.push_back(code);
      moves = moves || code != 0;
    }
    if (!coder.complete()) return corrupt("coded data is left over");
    const auto beyond = [](std::int32_t code) { return code < -kMostCode || code > kMostCode; };
    if (!moves || std::any_of(origin->codes.begin(), origin->codes.end(), beyond))
      return corrupt("impossible codes of networks");
  }
  Networks networks = {shape, std::vector<std::int32_t>(static_cast<std::size_t>(shape.parameters())), {}};
  const OriginLevels levels(*origin, shape);
  const Tensors tensors = tensors_of(shape);
  for (int t = 0; t < kTensors; ++t) {
    networks.bits[t] = origin->start->bits[static_cast<std::size_t>(t)];
    for (const std::int32_t place : tensors[t])
      networks.levels[place] = levels.level(static_cast<std::size_t>(place), networks.bits[t]);
  }
  if (const char* error = integer_parameters_error(shape, networks.integers())) return corrupt(error);
  return networks;
}

}  // namespace coin
