// The table of the kernels of `latent` fits, and what is too small for a file: rounding, and the latents' optimiser.
// Compiled once per instruction set.
#include "latent/fit_kernel.h"

#include "latent/context.h"
#include "latent/features.h"
#include "latent/synthesis.h"
#include "latent/upsample.h"
#include "simd/math.h"

namespace coin::COIN_ISA {
namespace {

typedef std::uint32_t UintVector __attribute__((vector_size(4 * kLanes), may_alias));

std::size_t larger(std::size_t a, std::size_t b) { return a > b ? a : b; }

struct PackedParts {
  std::size_t context, features, synthesis, size;
  explicit PackedParts(const LatentShape& s) {
    context = 0;
    features = context + context_packed_size(s);
    synthesis = features + features_packed_size(s);
    size = synthesis + synthesis_packed_size(s);
  }
};

LatentSizes sizes(const LatentShape& s) {
  const std::size_t scratch = larger(larger(context_scratch_size(s), features_scratch_size(s)),
                                     larger(synthesis_scratch_size(s), chain_scratch_size(s)));
  return {PackedParts(s).size, scratch, static_cast<std::size_t>(chain_size(s, ChainRows(s, 0, s.height))),
          static_cast<std::size_t>(features_size(s)) + 64,
          static_cast<std::size_t>((s.levels - 1) * narrow_plane(s)) + 64};
}

void pack(const LatentShape& s, const float* parameters, float* packed) {
  const PackedParts at(s);
  context_pack(s, parameters, packed + at.context);
  features_pack(s, parameters, packed + at.features);
  synthesis_pack(s, parameters, packed + at.synthesis);
}

// Sum of the four bytes of a hash (Appleby's MurmurHash3 finaliser) of the place: near enough to a Gaussian, the same
// on every machine.
Vector gaussian(UintVector place, std::uint32_t seed) {
  UintVector h = place + seed;
  h = (h ^ h >> 16) * 0x85EBCA6Bu;
  h = (h ^ h >> 13) * 0xC2B2AE35u;
  h ^= h >> 16;
  const UintVector sum = (h & 255) + (h >> 8 & 255) + (h >> 16 & 255) + (h >> 24);
  const IntVector centred = (IntVector)sum - broadcast_int(510);
  return __builtin_convertvector(centred, Vector) * broadcast(1 / 147.8f);  // standard deviation of the sum
}

Vector nearest(Vector x) {
  const Vector shift = broadcast(12582912.0f);
  return (x + shift) - shift;
}

// Between the middles of two integers a tanh takes x from one to the other: (tanh(r / T) / tanh(1 / 2 T) + 1) / 2 for
// r = x - floor(x) - 1/2 (Agustsson and Theis 2020). slope is multiplied by the derivative.
Vector soft_round(Vector x, float temperature, float scale, Vector& slope) {
  Vector floor = nearest(x);
  floor = floor > x ? floor - broadcast(1.0f) : floor;
  const Vector r = x - floor - broadcast(0.5f);
  const Vector t = tanh(r * broadcast(1 / temperature));
  slope = slope * (broadcast(1.0f) - t * t) * broadcast(scale / temperature);
  return fma(t, broadcast(scale), floor + broadcast(0.5f));
}

void quantise(const LatentShape& s, int level, int first, int last, const float* latents, const Quantisation& q,
              float* z, float* slope) {
  const int columns = s.columns(level), padded = s.padded(level);
  const float half = 0.5f / q.temperature, e = __builtin_expf(-2 * half);
  const float scale = 0.5f * (1 + e) / (1 - e);
  UintVector lane;
  for (int i = 0; i < kLanes; ++i) lane[i] = static_cast<std::uint32_t>(i);
  for (int row = first; row < last; ++row) {
    const std::int64_t at = s.plane(level) + std::int64_t{row} * s.stride(level);
    for (int x = 0; x < padded; x += kLanes) {
      const Vector latent = load(latents + at + x);
      Vector value, by_latent = broadcast(1.0f);
      if (q.soft) {
        value = soft_round(latent, q.temperature, scale, by_latent);
        value += broadcast(q.noise) * gaussian(lane + static_cast<std::uint32_t>(at + x), q.seed);
        value = soft_round(value, q.temperature, scale, by_latent);
      } else {
        value = nearest(latent);
      }
      if (x + kLanes > columns)
        for (int i = 0; i < kLanes; ++i) value[i] = x + i < columns ? value[i] : 0.0f;
      store(z + at + x, value);
      if (slope) store(slope + at + x, by_latent);
    }
  }
}

void update(const LatentShape& s, int level, int first, int last, const float* gradient, const float* slope,
            const LatentUpdate& u, float* latents, float* mean, float* square) {
  const int columns = s.columns(level);
  const float step = u.rate / u.decay1, unbias = 1 / u.decay2;
  for (int row = first; row < last; ++row) {
    const std::int64_t at = s.plane(level) + std::int64_t{row} * s.stride(level);
    const float* g = gradient + at;
    const float* by = slope + at;
    float *x = latents + at, *m = mean + at, *v = square + at;
    COIN_INDEPENDENT
    for (int i = 0; i < columns; ++i) {
      const float d = g[i] * by[i];
      m[i] = m[i] + (1 - u.beta1) * (d - m[i]);
      v[i] = v[i] + (1 - u.beta2) * (d * d - v[i]);
      x[i] = x[i] - step * m[i] / (__builtin_sqrtf(v[i] * unbias) + u.epsilon);
    }
  }
}

void features(const LatentShape& s, const LatentArrays& a, int coarsest_row, bool backward, float* scratch) {
  features_forward(s, a.packed + PackedParts(s).features, a.z, coarsest_row, a.features,
                   backward ? a.feature_gradient : nullptr, scratch);
}

void features_back(const LatentShape& s, const LatentArrays& a, int coarsest_row, float* partial, float* scratch) {
  features_backward(s, a.packed + PackedParts(s).features, a.z, coarsest_row, a.feature_gradient, a.gradient, partial,
                    scratch);
}

void chain(const LatentShape& s, const LatentArrays& a, int grid, float* scratch) {
  chain_forward(s, ChainRows(s, a.first, a.last), a.parameters, a.z, grid, a.chains, scratch);
}

void chain_back(const LatentShape& s, const LatentArrays& a, int grid, int every, int phase, float* partial,
                float* scratch) {
  chain_backward(s, a.parameters, a.z, a.chains, grid, a.narrow + (grid - 1) * narrow_plane(s) + LatentShape::kMargin,
                 every, phase, a.gradient, partial, scratch);
}

double synthesis(const LatentShape& s, const LatentArrays& a, int first, int last, bool backward, int every, int phase,
                 float* partial, float* scratch) {
  const SynthesisInput in = {a.parameters, a.packed + PackedParts(s).synthesis, a.z, a.chains,
                             ChainRows(s, a.first, a.last)};
  const SynthesisBand band = {first, last,  a.target, a.weights, a.shown, a.gradient, backward ? a.narrow : nullptr,
                              every, phase};
  return synthesis_band(s, in, band, partial, scratch);
}

double context(const LatentShape& s, const LatentArrays& a, int level, int first, int last, float* above, float lambda,
               int every, int phase, float* partial, float* scratch) {
  ContextBand band = {};
  band.level = level;
  band.first = first;
  band.last = last;
  band.z = a.z + s.plane(level);
  if (level < s.feature_levels()) band.features = a.features + features_of(s, level);
  if (above) {
    band.gradient = a.gradient + s.plane(level);
    band.above = above;
    if (level < s.feature_levels()) band.feature_gradient = a.feature_gradient + features_of(s, level);
  }
  band.lambda = lambda;
  band.every = every;
  band.phase = phase;
  return context_band(s, a.packed + PackedParts(s).context, band, partial, scratch);
}

}  // namespace

extern const LatentFitKernel latent_fit_kernel;  // declared again in fit.cpp
const LatentFitKernel latent_fit_kernel = {sizes,         pack,  quantise,   update,    features,
                                           features_back, chain, chain_back, synthesis, context};

}  // namespace coin::COIN_ISA
