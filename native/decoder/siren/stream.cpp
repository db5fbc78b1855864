#include "decoder/siren/stream.h"

#include <cmath>

#include "decoder/format/steps.h"
#include "decoder/format/text.h"
#include "entropy/logistic.h"

namespace coin {
namespace {

// More than a sum in binary64 may be off, whatever its order.
constexpr double kAngleMargin = 0x1p-21;
constexpr double kMaxAngle = 4096;

// Step and scales of a layer are differences from the layer before, of which these take the place for the first one.
struct Codes {
  std::int32_t step = 64, matrix = 84, bias = 84;
};
constexpr int kDifferenceScale = 40, kStepCodes = 256;

// IEEE 754 binary16.
float from_half(std::uint32_t half) {
  const std::uint32_t exponent = half >> 10 & 31, fraction = half & 1023;
  const float sign = half & 0x8000 ? -1.0f : 1.0f;
  if (exponent == 31) return fraction == 0 ? sign * HUGE_VALF : NAN;
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(fraction), -24);
  return sign * std::ldexp(static_cast<float>(fraction | 1024), static_cast<int>(exponent) - 25);
}

Result<std::vector<float>> read_half(const SirenShape& shape, ByteSpan payload) {
  const auto count = static_cast<std::size_t>(shape.parameters());
  if (payload.size() != 2 * count)
    return corrupt("a " + size_text(shape.layers, shape.width) + " network has " + std::to_string(count) +
                   " weights, not " + general(static_cast<double>(payload.size()) / 2, 6));
  std::vector<float> parameters(count);
  for (std::size_t i = 0; i < count; ++i)
    parameters[i] = from_half(static_cast<std::uint32_t>(payload[2 * i] | payload[2 * i + 1] << 8));
  return parameters;
}

Error impossible_number() { return corrupt("the coded data holds an impossible number"); }

Result<std::vector<float>> read_coded(const SirenShape& shape, ByteSpan payload) {
  RangeDecoder coder(payload.data(), payload.size());
  std::vector<float> parameters(static_cast<std::size_t>(shape.parameters()));
  Codes codes;
  float* layer = parameters.data();
  for (int l = 0; l <= shape.layers; ++l) {
    for (std::int32_t* code : {&codes.step, &codes.matrix, &codes.bias}) {
      std::int32_t difference;
      if (!decode_logistic(coder, kDifferenceScale, difference)) return impossible_number();
      *code += difference;
    }
    if (codes.step < 0 || codes.step >= kStepCodes || codes.matrix < 0 || codes.matrix >= kLogisticScales ||
        codes.bias < 0 || codes.bias >= kLogisticScales)
      return corrupt("impossible step or scale of a layer");
    const Falling step = falling(codes.step);
    const int inputs = shape.fan_in(l), outputs = shape.fan_out(l);
    // The exact product, rounded once.
    const auto read = [&](int scale, float& parameter) {
      std::int32_t level;
      if (!decode_logistic(coder, scale, level)) return false;
      parameter = static_cast<float>(std::ldexp(static_cast<double>(level * step.mantissa), 4 + step.exponent));
      return true;
    };
    for (int o = 0; o < outputs; ++o)
      for (int i = 0; i < inputs; ++i)
        if (!read(codes.matrix, layer[o * (inputs + 1) + i])) return impossible_number();
    for (int o = 0; o < outputs; ++o)
      if (!read(codes.bias, layer[o * (inputs + 1) + inputs])) return impossible_number();
    layer += outputs * (inputs + 1);
  }
  if (!coder.complete()) return corrupt("coded data is left over");
  return parameters;
}

}  // namespace

Result<SirenShape> read_siren_shape(const Header& header) {
  const ByteSpan p = header.parameters;
  if (p.size() > 2) return unsupported("a siren stream with parameters this version does not know");
  if (p.size() != 2) return corrupt("a siren stream must give its depth and width");
  const int layers = p[0], width = p[1] + 1;
  if (layers < 1 || layers > kMaxLayers || width > kMaxWidth)
    return corrupt("impossible network of " + std::to_string(layers) + " layers of width " + std::to_string(width));
  return SirenShape{2, header.channels, layers, width};
}

Result<Section> siren_weights_section(const Sections& sections) {
  const Section* weights = nullptr;
  for (const Section& section : sections) {
    if (section.type == kWeightsHalf || section.type == kWeightsCoded) {
      if (weights) return corrupt("the stream has two sections of weights");
      weights = &section;
    } else if (!(section.type & kAncillary)) {
      return unsupported("unknown section type " + std::to_string(section.type));
    }
  }
  if (!weights) return corrupt("the stream has no weights");
  return *weights;
}

Result<std::vector<float>> read_siren_weights(const SirenShape& shape, const Sections& sections) {
  const Result<Section> weights = siren_weights_section(sections);
  if (!weights) return weights.error();
  if (weights->missing > 0)
    return truncated(grouped(weights->missing) + " bytes of the weights are missing; a siren needs all of them");
  Result<std::vector<float>> parameters =
      weights->type == kWeightsHalf ? read_half(shape, weights->payload) : read_coded(shape, weights->payload);
  if (parameters && !siren_bounded(shape, parameters->data())) return corrupt("a weight is not finite or too large");
  return parameters;
}

bool siren_bounded(const SirenShape& shape, const float* parameters) {
  // Coordinates and sines lie in [-1, 1], so a feature is at most the sum of its row's magnitudes.
  for (int layer = 0; layer <= shape.layers; ++layer)
    for (int o = 0; o < shape.fan_out(layer); ++o) {
      double sum = 0;
      for (int i = 0; i <= shape.fan_in(layer); ++i) sum += std::abs(static_cast<double>(*parameters++));
      if (!(sum <= kMaxAngle + kAngleMargin)) return false;
    }
  return true;
}

}  // namespace coin
