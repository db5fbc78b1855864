// One evaluation of the integer context model. Compiled once per instruction set; every one computes the same.
#include "latent/integer.h"

#include "simd/vector.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__wasm_simd128__)
#include <wasm_simd128.h>
#endif

namespace coin::COIN_ISA {
namespace {

// Eight 32-bit lanes, or four where vectors are shorter.
#if defined(__AVX2__)
constexpr int kWide = 8;
#else
constexpr int kWide = 4;
#endif
typedef std::int32_t Ints __attribute__((vector_size(4 * kWide), may_alias));
typedef std::int16_t Shorts __attribute__((vector_size(2 * kWide), may_alias));

// sum + low(weights) * low(pair) + high(weights) * high(pair), lane by lane.
inline Ints add_products(Ints sum, Ints weights, std::int32_t pair) {
#if defined(__AVX2__)
  return sum + (Ints)_mm256_madd_epi16((__m256i)weights, _mm256_set1_epi32(pair));
#elif defined(__SSE2__)
  return sum + (Ints)_mm_madd_epi16((__m128i)weights, _mm_set1_epi32(pair));
#elif defined(__wasm_simd128__)
  return sum + (Ints)wasm_i32x4_dot_i16x8((v128_t)weights, wasm_i32x4_splat(pair));
#else
  const std::int32_t low = static_cast<std::int16_t>(pair), high = pair >> 16;
  return sum + (weights << 16 >> 16) * low + (weights >> 16) * high;
#endif
}

template <int Vectors>
inline void hidden_layer(const std::int32_t* weights, const std::int32_t* start, int pairs, int shift,
                         std::int32_t fold, const std::int32_t* in, std::int32_t* out) {
  const Ints* w = reinterpret_cast<const Ints*>(weights);
  Ints sum[Vectors];
#pragma GCC unroll 6
  for (int v = 0; v < Vectors; ++v) sum[v] = reinterpret_cast<const Ints*>(start)[v];
  // Backwards: the first pair holds the latent that was decoded last.
  for (int p = pairs - 1; p >= 0; --p)
#pragma GCC unroll 6
    for (int v = 0; v < Vectors; ++v) sum[v] = add_products(sum[v], w[p * Vectors + v], in[p]);
#pragma GCC unroll 6
  for (int v = 0; v < Vectors; ++v) {
    Ints h = sum[v] >> shift;
    h = h > 0 ? h : -h & fold;
    h = h < kValueLimit ? h : Ints{} + kValueLimit;
    reinterpret_cast<Shorts*>(out)[v] = __builtin_convertvector(h, Shorts);
  }
}

template <int Vectors>
inline void evaluate(const IntegerContext& m, const std::int32_t* context, std::int32_t* out) {
  alignas(64) std::int32_t hidden1[IntegerContext::kOutputs], hidden2[IntegerContext::kOutputs];
  constexpr int kLastVectors = IntegerContext::kLast / kWide;
  Ints last = *reinterpret_cast<const Ints*>(m.start_last), more{};
  const Ints* from_context = reinterpret_cast<const Ints*>(m.last_context);
  const Ints* from_hidden = reinterpret_cast<const Ints*>(m.last_hidden);
  for (int p = m.pairs - 1; p >= 0; --p) last = add_products(last, from_context[p * kLastVectors], context[p]);
  hidden_layer<Vectors>(m.weights1, m.start1, m.pairs, m.shift1, m.fold, context, hidden1);
  hidden_layer<Vectors>(m.weights2, m.start2, m.pairs, m.shift2, m.fold, hidden1, hidden2);
  for (int p = 0; p < m.pairs; ++p) more = add_products(more, from_hidden[p * kLastVectors], hidden2[p]);
  last += more;
  out[0] = last[0];
  out[1] = last[1];
}

void context_outputs(const IntegerContext& m, const std::int32_t* context, std::int32_t* out) {
  switch (m.outputs) {
    case 8: return evaluate<8 / kWide>(m, context, out);
    case 16: return evaluate<16 / kWide>(m, context, out);
    default: return evaluate<24 / kWide>(m, context, out);
  }
}

}  // namespace

extern const IntegerKernel integer_kernel;  // declared again in coder.cpp
const IntegerKernel integer_kernel = context_outputs;

}  // namespace coin::COIN_ISA
