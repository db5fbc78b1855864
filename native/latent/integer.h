// The context model in integers: what decoders of every machine must agree on (docs/format.md, "Context model").
#pragma once

#include "latent/shape.h"

namespace coin {

inline constexpr int kValueBits = 7;         // of an activation, after the point
inline constexpr int kValueLimit = 32'767;   // of an activation
inline constexpr int kLatentLimit = 255;     // of a latent, as contexts see it

// Matrices as the kernels read them: for each pair of inputs the weights of every output, as two 16-bit numbers of
// which the low one belongs to the first input. Sums begin with the bias, in units of value * weight, and half a unit
// of what is shifted out.
struct IntegerContext {
  static constexpr int kPairs = (kMaxContext + 1) / 2, kOutputs = 24, kLast = 8;

  int pairs;    // of inputs, and of hidden values
  int outputs;  // of the hidden layers, a multiple of 8
  int shift1, shift2;
  std::int32_t fold;  // -1 if hidden layers take magnitudes, 0 for max(., 0)
  alignas(64) std::int32_t weights1[kPairs * kOutputs];
  alignas(64) std::int32_t weights2[kPairs * kOutputs];
  alignas(64) std::int32_t last_hidden[kPairs * kLast];
  alignas(64) std::int32_t last_context[kPairs * kLast];
  alignas(64) std::int32_t start1[kOutputs];
  alignas(64) std::int32_t start2[kOutputs];
  alignas(64) std::int32_t start_last[kLast];
};

// context: pairs of 16-bit values. out: the sums of the two outputs, not shifted.
using IntegerKernel = void (*)(const IntegerContext& model, const std::int32_t* context, std::int32_t* out);

}  // namespace coin
