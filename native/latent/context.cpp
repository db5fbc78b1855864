#include "latent/context.h"

#include "latent/interleave.h"
#include "latent/matmul.h"
#include "simd/math.h"

namespace coin::COIN_ISA {
namespace {

constexpr int kChunk = 256;
constexpr int kSide = 32;  // zeros on both sides of a row of contexts' gradients
constexpr int kWide = kChunk + 2 * kSide;
constexpr float kLogE = 1.44269504f, kLn2 = 0.693147181f;

// Offsets in the packed weights: the layers with their residual, and what takes gradients back.
struct Packed {
  std::ptrdiff_t first, second, output, second_back, first_back, output_back, size;
  explicit Packed(const LatentShape& s) {
    const std::ptrdiff_t n = s.context();
    first = 0;
    second = first + n * (n + 1);
    output = second + n * (n + 1);
    second_back = output + 2 * (2 * n + 1);
    first_back = second_back + n * (n + 1);  // [gradient of the first layer | of the output]
    output_back = first_back + n * (n + 3);
    size = output_back + n * 3;
  }
};

// Bits of z under a Laplace distribution, and their derivatives. t: log2 of the scale, less kScaleOffset.
struct Rate {
  Vector bits, by_z, by_t;
};

inline Rate laplace_rate(Vector z, Vector mean, Vector t) {
  const Vector one = broadcast(1.0f), half = broadcast(0.5f);
  const Vector least = broadcast(kScaleOffset - kScaleRange), most = broadcast(kScaleOffset + kScaleRange);
  const Vector off = z - mean;
  const Vector a = magnitude(off);
  const Vector inverse = exp2(broadcast(kScaleOffset) - maximum(minimum(t, most), least));  // 1 / b
  const Vector k = inverse * broadcast(kLogE);
  const Vector nearer = a - half, farther = a + half;
  const Vector e1 = exp2(-magnitude(nearer) * k), e2 = exp2(-farther * k);
  const Vector half_difference = half * (e1 - e2);
  const Vector p = (nearer >= Vector{} ? half_difference : one - half * (e1 + e2)) + broadcast(kLeastProbability);
  const Vector slope = broadcast(-kLogE) / p;
  Rate rate;
  rate.bits = -log2(p);
  const Vector by_a = -slope * half_difference * inverse;
  rate.by_z = off < Vector{} ? -by_a : by_a;
  const Vector by_inverse = half * (farther * e2 - nearer * e1);
  rate.by_t = slope * by_inverse * inverse * broadcast(-kLn2);
  // Outside its range the scale may only move back.
  const Vector back_from_above = maximum(rate.by_t, Vector{}), back_from_below = minimum(rate.by_t, Vector{});
  rate.by_t = t > most ? back_from_above : t < least ? back_from_below : rate.by_t;
  return rate;
}

inline Vector first_lanes(Vector v, int count) {
  for (int i = 0; i < kLanes; ++i) v[i] = i < count ? v[i] : 0.0f;
  return v;
}

struct Scratch {
  float *features, *before1, *before2, *hidden1, *hidden2, *output, *output_gradient, *gradient2, *gradient1, *context_gradient;
  Vector *sums1, *sums2, *sums3;
  std::size_t size;

  Scratch(const LatentShape& s, float* base) {
    const std::size_t n = s.context();
    float* at = base;
    const auto take = [&at](std::size_t floats) {
      float* here = at;
      at += (floats + 15) / 16 * 16;
      return here;
    };
    features = take((s.features + 1) * (kChunk + 2 * kLanes));
    before1 = take(n * kChunk);
    before2 = take(n * kChunk);
    hidden1 = take(n * kChunk);
    hidden2 = take(n * kChunk);
    output = take(2 * kChunk);
    output_gradient = take(2 * kChunk);
    gradient2 = take(n * kChunk);
    gradient1 = take(n * kChunk);
    context_gradient = take(n * kWide);
    sums1 = reinterpret_cast<Vector*>(take(n * (n + 1) * kLanes));
    sums2 = reinterpret_cast<Vector*>(take(n * (n + 1) * kLanes));
    sums3 = reinterpret_cast<Vector*>(take(2 * (2 * n + 1) * kLanes));
    size = at - base;
  }
};

// Adds the gradients of a chunk's contexts to the rows they come from.
void scatter(const LatentShape& s, const ContextBand& band, int row, int column, int n, const float* gradient) {
  const int stride = s.stride(band.level);
  for (int up = 0; up <= LatentShape::kRowsAbove; ++up) {
    const float* from[kMaxNeighbours];
    int count = 0;
    for (int j = 0; j < s.neighbours; ++j)
      if (kNeighbours[j].row == -up) from[count++] = gradient + j * kWide + kSide - kNeighbours[j].column;
    if (count == 0) continue;
    const int target = row - up;
    float* out = (target >= band.first ? band.gradient + std::int64_t{target} * stride
                                       : band.above + (target - band.first + LatentShape::kRowsAbove) * stride +
                                             LatentShape::kMargin) +
                 column;
    for (int x = -LatentShape::kMargin; x < n + LatentShape::kMargin; x += kLanes) {
      Vector sum = load(out + x);
      for (int j = 0; j < count; ++j) sum += load_unaligned(from[j] + x);
      store(out + x, sum);
    }
  }
}

void reduce(const Vector* sums, int count, float scale, float* out) {
  for (int i = 0; i < count; ++i) out[i] += scale * sum(sums[i]);
}

}  // namespace

std::size_t context_packed_size(const LatentShape& s) { return Packed(s).size; }
std::size_t context_scratch_size(const LatentShape& s) { return Scratch(s, nullptr).size; }

void context_pack(const LatentShape& s, const float* parameters, float* packed) {
  const Packed at(s);
  const int n = s.context();
  for (int layer = 0; layer < 2; ++layer) {
    const float* w = parameters + s.context_at(layer);
    float* forward = packed + (layer == 0 ? at.first : at.second);
    float* back = packed + (layer == 0 ? at.first_back : at.second_back);
    const int back_stride = layer == 0 ? n + 3 : n + 1;
    for (int o = 0; o < n; ++o) {
      for (int i = 0; i <= n; ++i) {
        const float weight = w[o * (n + 1) + i] + (i == o ? 1.0f : 0.0f);
        forward[o * (n + 1) + i] = weight;
        if (i < n) back[i * back_stride + o] = weight;
      }
    }
    for (int i = 0; i < n; ++i) back[i * back_stride + back_stride - 1] = 0;
  }
  const float* w = parameters + s.context_at(2);
  for (int i = 0; i < 2 * (2 * n + 1); ++i) packed[at.output + i] = w[i];
  for (int i = 0; i < n; ++i) {
    for (int o = 0; o < 2; ++o) {
      packed[at.output_back + i * 3 + o] = w[o * (2 * n + 1) + i];
      packed[at.first_back + i * (n + 3) + n + o] = w[o * (2 * n + 1) + n + i];
    }
    packed[at.output_back + i * 3 + 2] = 0;
  }
}

double context_band(const LatentShape& s, const float* packed, const ContextBand& band, float* partial,
                    float* scratch) {
  const Packed at(s);
  const Scratch m(s, scratch);
  const int n = s.context(), level = band.level;
  const int columns = s.columns(level), stride = s.stride(level);
  const bool backward = band.gradient != nullptr;
  const bool parameters = backward && partial != nullptr;
  const int chunks = (columns + kChunk - 1) / kChunk;

  const float* context[kMaxContext + 2];
  const float *hidden1[kMaxContext], *outer3[2 * kMaxContext], *gradient1[kMaxContext + 2], *gradient2[kMaxContext];
  const float* gradient3[2];
  row_pointers(m.hidden1, n, kChunk, hidden1);
  row_pointers(m.hidden2, n, kChunk, outer3);
  row_pointers(m.gradient1, n, kChunk, gradient1);
  row_pointers(m.output_gradient, 2, kChunk, gradient1 + n);
  row_pointers(m.gradient2, n, kChunk, gradient2);
  row_pointers(m.output_gradient, 2, kChunk, gradient3);
  const int feature_stride = kChunk + 2 * kLanes;
  for (int i = 0; i < s.features * feature_stride; ++i) m.features[i] = 0;
  if (backward) {
    for (int i = 0; i < LatentShape::kRowsAbove * stride; ++i) band.above[i] = 0;
    for (int j = 0; j < n * kWide; ++j) m.context_gradient[j] = 0;
  }
  if (parameters) {
    for (int i = 0; i < n * (n + 1); ++i) m.sums1[i] = m.sums2[i] = Vector{};
    for (int i = 0; i < 2 * (2 * n + 1); ++i) m.sums3[i] = Vector{};
  }

  double bits = 0;
  for (int row = band.first; row < band.last; ++row) {
    for (int chunk = 0; chunk < chunks; ++chunk) {
      const int column = chunk * kChunk;
      const int count = columns - column < kChunk ? columns - column : kChunk;
      const int width = (count + 15) / 16 * 16;
      const float* z = band.z + std::int64_t{row} * stride + column;
      for (int j = 0; j < s.neighbours; ++j)
        context[j] = z + std::int64_t{kNeighbours[j].row} * stride + kNeighbours[j].column;
      for (int f = 0; f < s.features; ++f) {
        context[s.neighbours + f] = m.features + f * feature_stride;
        if (band.features)
          repeat_twice(band.features + f * feature_plane(s, level) + std::int64_t{row / 2} * s.stride(level + 1) +
                           LatentShape::kMargin + column / 2,
                       width, m.features + f * feature_stride);
      }
      product(packed + at.first, n, context, n, width, StoreMagnitude{m.hidden1, m.before1, kChunk});
      product(packed + at.second, n, hidden1, n, width, StoreMagnitude{m.hidden2, m.before2, kChunk});
      for (int i = 0; i < n; ++i) outer3[n + i] = context[i];
      product(packed + at.output, 2, outer3, 2 * n, width, Store{m.output, kChunk});

      Vector total{};
      for (int x = 0; x < width; x += kLanes) {
        Rate rate = laplace_rate(load(z + x), load(m.output + x), load(m.output + kChunk + x));
        if (x + kLanes > count) {
          rate.bits = first_lanes(rate.bits, count - x);
          rate.by_z = first_lanes(rate.by_z, count - x);
          rate.by_t = first_lanes(rate.by_t, count - x);
        }
        total += rate.bits;
        if (backward) {
          const Vector lambda = broadcast(band.lambda), by_z = lambda * rate.by_z;
          store(m.output_gradient + x, -by_z);
          store(m.output_gradient + kChunk + x, lambda * rate.by_t);
          float* own = band.gradient + std::int64_t{row} * stride + column + x;
          store(own, load(own) + by_z);
        }
      }
      bits += sum(total);
      if (!backward) continue;

      product(packed + at.output_back, n, gradient3, 2, width, StoreSigned{m.gradient2, m.before2, kChunk});
      product(packed + at.second_back, n, gradient2, n, width, StoreSigned{m.gradient1, m.before1, kChunk});
      product(packed + at.first_back, n, gradient1, n + 2, width, Store{m.context_gradient + kSide, kWide});
      for (int j = 0; j < n && width < kChunk; ++j)  // left there by a longer chunk
        for (int x = width; x < width + kSide; ++x) m.context_gradient[j * kWide + kSide + x] = 0;
      scatter(s, band, row, column, width, m.context_gradient);
      if (band.feature_gradient)
        for (int f = 0; f < s.features; ++f)
          add_pairs(m.context_gradient + (s.neighbours + f) * kWide + kSide, width,
                    band.feature_gradient + f * feature_plane(s, level) + std::int64_t{row / 2} * s.stride(level + 1) +
                        LatentShape::kMargin + column / 2);
      if (parameters && (row * chunks + chunk + band.phase) % band.every == 0) {
        outer(gradient1, n, context, n, width, m.sums1, n + 1);
        outer(gradient2, n, hidden1, n, width, m.sums2, n + 1);
        outer(gradient3, 2, outer3, 2 * n, width, m.sums3, 2 * n + 1);
      }
    }
  }
  if (parameters) {
    const float scale = static_cast<float>(band.every);
    reduce(m.sums1, n * (n + 1), scale, partial + s.context_at(0));
    reduce(m.sums2, n * (n + 1), scale, partial + s.context_at(1));
    reduce(m.sums3, 2 * (2 * n + 1), scale, partial + s.context_at(2));
  }
  return bits;
}

}  // namespace coin::COIN_ISA
