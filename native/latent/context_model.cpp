#include "latent/context_model.h"

#include <cmath>

#include "base/kernels.h"

namespace coin {

COIN_KERNELS(IntegerKernel, integer_kernel)

namespace {

enum Bits { kWeights1, kBiases1, kWeights2, kBiases2, kWeightsLast, kBiasesLast, kFeatures };

std::int64_t half(int shift) { return shift > 0 ? std::int64_t{1} << (shift - 1) : 0; }
std::int64_t bias_at(std::int32_t bias, int bits, int weight_bits) {
  return static_cast<std::int64_t>(bias) * (std::int64_t{1} << (kValueBits + weight_bits - bits));
}

// Rows [W | b]; with a residual the unit is added to the diagonal.
std::int64_t weight_of(const std::int32_t* row, int o, int i, bool residual, int bits) {
  return std::int64_t{row[i]} + (residual && i == o ? std::int64_t{1} << bits : 0);
}

const char* layer_error(const std::int32_t* w, int outputs, int inputs, bool residual, int bits, int bias_bits) {
  if (bits < 1 || bits > 14) return "context weights have an impossible precision";
  if (bias_bits < 0 || bias_bits > kValueBits + bits) return "context biases are finer than their sums";
  for (int o = 0; o < outputs; ++o) {
    const std::int32_t* row = w + o * (inputs + 1);
    std::int64_t sum = 0;
    for (int i = 0; i < inputs; ++i) {
      const std::int64_t weight = weight_of(row, o, i, residual, bits);
      if (weight < -kValueLimit || weight > kValueLimit) return "a context weight is too large";
      sum += std::abs(weight);
    }
    if (row[inputs] < -(1 << 24) || row[inputs] > 1 << 24) return "a context bias is too large";
    sum = sum * kValueLimit + std::abs(bias_at(row[inputs], bias_bits, bits)) + half(kValueBits + bits);
    if (sum >= std::int64_t{1} << 31) return "the context model could overflow";
  }
  return nullptr;
}

// Puts weights into pairs, `lanes` outputs apart.
void pack(const std::int32_t* w, int row_stride, int first, int outputs, int inputs, bool residual, int bits, int lanes,
          std::int32_t* out) {
  for (int o = 0; o < outputs; ++o)
    for (int i = 0; i < inputs; ++i) {
      const std::int64_t full = weight_of(w + o * row_stride + first, o, i, residual, bits);
      const std::uint32_t weight = static_cast<std::uint32_t>(full) & 0xFFFF;
      std::int32_t& pair = out[i / 2 * lanes + o];
      pair = static_cast<std::int32_t>(static_cast<std::uint32_t>(pair) | weight << (i % 2 * 16));
    }
}

IntegerContext make_context(const LatentShape& s, const IntegerParameters& p) {
  IntegerContext m = {};
  const int n = s.context();
  m.pairs = (n + 1) / 2;
  m.outputs = (n + 7) / 8 * 8;
  m.shift1 = p.bits[kWeights1];
  m.shift2 = p.bits[kWeights2];
  m.fold = s.magnitudes ? -1 : 0;
  const std::int32_t* w1 = p.values + s.context_at(0);
  const std::int32_t* w2 = p.values + s.context_at(1);
  const std::int32_t* last = p.values + s.context_at(2);
  pack(w1, n + 1, 0, n, n, true, m.shift1, m.outputs, m.weights1);
  pack(w2, n + 1, 0, n, n, true, m.shift2, m.outputs, m.weights2);
  pack(last, 2 * n + 1, 0, 2, n, false, 0, IntegerContext::kLast, m.last_hidden);
  pack(last, 2 * n + 1, n, 2, n, false, 0, IntegerContext::kLast, m.last_context);
  for (int o = 0; o < n; ++o) {
    m.start1[o] =
        static_cast<std::int32_t>(bias_at(w1[o * (n + 1) + n], p.bits[kBiases1], m.shift1) + half(m.shift1));
    m.start2[o] =
        static_cast<std::int32_t>(bias_at(w2[o * (n + 1) + n], p.bits[kBiases2], m.shift2) + half(m.shift2));
  }
  for (int o = 0; o < 2; ++o)
    m.start_last[o] =
        static_cast<std::int32_t>(bias_at(last[o * (2 * n + 1) + 2 * n], p.bits[kBiasesLast], p.bits[kWeightsLast]));
  return m;
}

}  // namespace

ContextModel::ContextModel(const LatentShape& shape, const IntegerParameters& p)
    : shape_(shape), model_(make_context(shape, p)), kernel_(integer_kernel_in_use()),
      features_(p.values + shape.features_at(0), p.values + shape.features_at(shape.feature_levels())),
      output_bits_(p.bits[kWeightsLast]), feature_bits_(p.bits[kFeatures]) {}

const char* integer_parameters_error(const LatentShape& s, const IntegerParameters& p) {
  const int n = s.context();
  for (int layer = 0; layer < 2; ++layer)
    if (const char* error =
            layer_error(p.values + s.context_at(layer), n, n, true, p.bits[2 * layer], p.bits[2 * layer + 1]))
      return error;
  if (const char* error =
          layer_error(p.values + s.context_at(2), 2, 2 * n, false, p.bits[kWeightsLast], p.bits[kBiasesLast]))
    return error;
  if (p.bits[kFeatures] < 0 || p.bits[kFeatures] > 14) return "features have an impossible precision";
  for (std::ptrdiff_t i = s.features_at(0); i < s.features_at(s.feature_levels()); ++i)
    if (p.values[i] < -(1 << 20) || p.values[i] > 1 << 20) return "a feature's weight is too large";
  return nullptr;
}

}  // namespace coin
