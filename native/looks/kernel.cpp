#include "looks/kernel.h"

#include "simd/math.h"

namespace coin::COIN_ISA {
namespace {

constexpr int kSide = 16;  // floats on both sides of a row that is blurred
constexpr int kRows = 2 * kBlurReach + 1;

// Below this sRGB is linear; both parts as IEC 61966-2-1 has them.
constexpr float kLinearBelow = 0.04045f, kLinear = 1 / 12.92f, kOffset = 0.055f, kPower = 2.4f;

// From linear RGB to what cones respond to, before the cube root, and the bias of that (libjxl's opsin_params.h).
constexpr float kCones[3][3] = {{0.30f, 0.622f, 0.078f},
                                {0.23f, 0.692f, 0.078f},
                                {0.24342268924547819f, 0.20476744424496821f, 0.55180986650955360f}};
constexpr float kBias = 0.0037930732552754493f, kRootOfBias = 0.15595420054924863f;

// SSIMULACRA 2 takes X and Y, B less Y, in ranges that are alike and positive.
constexpr float kScaleX = 14.0f, kShiftX = 0.42f, kShiftY = 0.01f, kShiftB = 0.55f;

// The constant of SSIM's second factor.
constexpr float kC2 = 0.0009f;

Vector power(Vector x, float exponent) { return exp2(log2(x) * broadcast(exponent)); }

// With zeros from `columns` on.
Vector ended(Vector v, int x, int columns) {
  if (x + kLanes > columns)
    for (int i = 0; i < kLanes; ++i) v[i] = x + i < columns ? v[i] : 0.0f;
  return v;
}

Vector clamped(const float* samples, int n) {
  return maximum(minimum(load_first(samples, n), broadcast(1.0f)), Vector{});
}

void light(const float* samples, float* out, int columns) {
  for (int x = 0; x < columns; x += kLanes) {
    const Vector v = clamped(samples + x, columns - x);
    const Vector above = power((v + broadcast(kOffset)) * broadcast(1 / (1 + kOffset)), kPower);
    store(out + x, ended(v > broadcast(kLinearBelow) ? above : v * broadcast(kLinear), x, columns));
  }
}

void light_back(const float* samples, const float* gradient, float* out, int columns) {
  constexpr float kSlope = kPower / (1 + kOffset);
  for (int x = 0; x < columns; x += kLanes) {
    const Vector v = clamped(samples + x, columns - x);
    const Vector above = power((v + broadcast(kOffset)) * broadcast(1 / (1 + kOffset)), kPower - 1);
    const Vector slope = v > broadcast(kLinearBelow) ? above * broadcast(kSlope) : broadcast(kLinear);
    store(out + x, load(gradient + x) * slope);
  }
}

void halve(const float* above, const float* below, int wide, float* out, int columns) {
  const int pairs = wide / 2;
  COIN_INDEPENDENT
  for (int x = 0; x < pairs; ++x)
    out[x] = 0.25f * (above[2 * x] + above[2 * x + 1] + (below[2 * x] + below[2 * x + 1]));
  if (pairs < columns) out[pairs] = 0.5f * (above[wide - 1] + below[wide - 1]);
  for (int x = columns; x % kLanes != 0; ++x) out[x] = 0;
}

void halve_back(const float* gradient, int columns, float times, float* out, int wide) {
  const int pairs = wide / 2;
  const float share = 0.25f * times;
  COIN_INDEPENDENT
  for (int x = 0; x < pairs; ++x) {
    out[2 * x] += share * gradient[x];
    out[2 * x + 1] += share * gradient[x];
  }
  if (pairs < columns) out[wide - 1] += 2 * share * gradient[pairs];
}

// Cube roots of what the cones get, without those of the bias.
void roots(const float* const* light, int x, Vector* root) {
  const Vector rgb[3] = {load(light[0] + x), load(light[1] + x), load(light[2] + x)};
  for (int i = 0; i < 3; ++i) {
    Vector mixed = broadcast(kBias);
    for (int c = 0; c < 3; ++c) mixed = fma(broadcast(kCones[i][c]), rgb[c], mixed);
    root[i] = power(mixed, 1.0f / 3);
  }
}

void opponents(const float* const* light, float* const* colours, int columns) {
  for (int x = 0; x < columns; x += kLanes) {
    Vector root[3];
    roots(light, x, root);
    const Vector y = broadcast(0.5f) * (root[0] + root[1]) - broadcast(kRootOfBias);
    const Vector half = broadcast(0.5f) * (root[0] - root[1]);
    if (colours[0]) store(colours[0] + x, ended(fma(broadcast(kScaleX), half, broadcast(kShiftX)), x, columns));
    if (colours[1]) store(colours[1] + x, ended(y + broadcast(kShiftY), x, columns));
    if (colours[2])
      store(colours[2] + x, ended(root[2] - broadcast(kRootOfBias) - y + broadcast(kShiftB), x, columns));
  }
}

void opponents_back(float* const* light, const float* const* gradients, int columns) {
  for (int x = 0; x < columns; x += kLanes) {
    Vector root[3], by[3];
    roots(light, x, root);
    for (int i = 0; i < 3; ++i) by[i] = gradients[i] ? load(gradients[i] + x) : Vector{};
    const Vector by_y = broadcast(0.5f) * (by[1] - by[2]), by_x = broadcast(0.5f * kScaleX) * by[0];
    const Vector by_root[3] = {by_y + by_x, by_y - by_x, by[2]};
    Vector out[3] = {};
    for (int i = 0; i < 3; ++i) {
      const Vector by_mixed = by_root[i] / (broadcast(3.0f) * root[i] * root[i]);
      for (int c = 0; c < 3; ++c) out[c] = fma(broadcast(kCones[i][c]), by_mixed, out[c]);
    }
    for (int c = 0; c < 3; ++c) store(light[c] + x, ended(out[c], x, columns));
  }
}

int padded(int columns) { return (columns + 15) / 16 * 16; }
std::ptrdiff_t wide(int columns) { return padded(columns) + 2 * kSide; }

std::size_t scratch(int columns) { return static_cast<std::size_t>(3 * wide(columns)); }

// A row blurred from side to side. in: with zeros around it.
Vector across(const float* in) {
  Vector v = broadcast(kBlur[0]) * load(in);
  for (int k = 1; k <= kBlurReach; ++k)
    v = fma(broadcast(kBlur[k]), load_unaligned(in - k) + load_unaligned(in + k), v);
  return v;
}

// Rows of scratch with zeros around them; to be written up to a multiple of 16 floats.
struct Scratch {
  Scratch(float* memory, int columns) {
    for (int i = 0; i < 3; ++i) {
      row[i] = memory + i * wide(columns) + kSide;
      for (int x = 0; x < kSide; x += kLanes) {
        store(row[i] - kSide + x, Vector{});
        store(row[i] + padded(columns) + x, Vector{});
      }
    }
  }
  float* row[3];
};

void original(const float* const* rows, float* mean, float* variance, float* memory, int columns) {
  const Scratch s(memory, columns);
  for (int x = 0; x < padded(columns); x += kLanes) {
    Vector first{}, second{};
    for (int k = 0; k < kRows; ++k) {
      const Vector v = load(rows[k] + x);
      const Vector weighted = broadcast(kBlur[k < kBlurReach ? kBlurReach - k : k - kBlurReach]) * v;
      first += weighted;
      second = fma(weighted, v, second);
    }
    store(s.row[0] + x, first);
    store(s.row[1] + x, second);
  }
  for (int x = 0; x < columns; x += kLanes) {
    const Vector m = across(s.row[0] + x);
    store(mean + x, ended(m, x, columns));
    store(variance + x, ended(across(s.row[1] + x) - m * m, x, columns));
  }
}

void moments(const float* const* rows, const float* const* original_rows, const ShownRow& out, float* memory,
             int columns) {
  const Scratch s(memory, columns);
  for (int x = 0; x < padded(columns); x += kLanes) {
    Vector first{}, second{}, third{};
    for (int k = 0; k < kRows; ++k) {
      const Vector v = load(rows[k] + x);
      const Vector weighted = broadcast(kBlur[k < kBlurReach ? kBlurReach - k : k - kBlurReach]) * v;
      first += weighted;
      second = fma(weighted, v, second);
      third = fma(weighted, load(original_rows[k] + x), third);
    }
    store(s.row[0] + x, first);
    store(s.row[1] + x, second);
    store(s.row[2] + x, third);
  }
  for (int x = 0; x < columns; x += kLanes) {
    store(out.mean + x, ended(across(s.row[0] + x), x, columns));
    store(out.square + x, ended(across(s.row[1] + x), x, columns));
    store(out.product + x, ended(across(s.row[2] + x), x, columns));
  }
}

// The maps of kLanes places, and what their gradients need.
struct Maps {
  Maps(const OriginalRow& o, const ShownRow& s, int x) {
    mean1 = load(o.mean + x);
    mean2 = load(s.mean + x);
    apart = mean1 - mean2;
    nearness = broadcast(1.0f) - apart * apart;
    const Vector likeness = broadcast(2.0f) * (load(s.product + x) - mean1 * mean2) + broadcast(kC2);
    scale = broadcast(1.0f) / (load(o.variance + x) + (load(s.square + x) - mean2 * mean2) + broadcast(kC2));
    likened = likeness * scale;
    value[0] = maximum(broadcast(1.0f) - nearness * likened, Vector{});
    off = load(s.colour + x) - mean2;
    scale1 = broadcast(1.0f) / (broadcast(1.0f) + magnitude(load(o.colour + x) - mean1));
    const Vector edge = (broadcast(1.0f) + magnitude(off)) * scale1 - broadcast(1.0f);
    value[1] = maximum(edge, Vector{});
    value[2] = maximum(-edge, Vector{});
  }
  Vector mean1, mean2, apart, nearness, scale, likened, off, scale1, value[kMaps];
};

MapSums compare(const OriginalRow& o, const ShownRow& s, int columns) {
  Vector plain[kMaps] = {}, fourth[kMaps] = {};
  for (int x = 0; x < columns; x += kLanes) {
    const Maps maps(o, s, x);
    for (int i = 0; i < kMaps; ++i) {
      const Vector value = ended(maps.value[i], x, columns), squared = value * value;
      plain[i] += value;
      fourth[i] = fma(squared, squared, fourth[i]);
    }
  }
  MapSums sums = {};
  for (int i = 0; i < kMaps; ++i) {
    sums.plain[i] = static_cast<double>(sum(plain[i]));
    sums.fourth[i] = static_cast<double>(sum(fourth[i]));
  }
  return sums;
}

void compare_back(const OriginalRow& o, const ShownRow& s, const MapWeights& w, float* gradient, int columns) {
  for (int x = 0; x < columns; x += kLanes) {
    const Maps maps(o, s, x);
    Vector by[kMaps];
    for (int i = 0; i < kMaps; ++i) {
      const Vector value = maps.value[i];
      const Vector slope = fma(broadcast(w.fourth[i]), value * value * value, broadcast(w.plain[i]));
      by[i] = value > Vector{} ? slope : Vector{};
    }
    const Vector by_edge = (by[1] - by[2]) * maps.scale1;
    const Vector by_off = maps.off < Vector{} ? -by_edge : by_edge;
    const Vector by_product = broadcast(-2.0f) * by[0] * maps.nearness * maps.scale;
    const Vector by_square = by[0] * maps.nearness * maps.likened * maps.scale;
    const Vector by_mean = broadcast(-2.0f) * by[0] * maps.apart * maps.likened - by_product * maps.mean1 -
                           broadcast(2.0f) * by_square * maps.mean2 - by_off;
    store(s.mean + x, ended(by_mean, x, columns));
    store(s.square + x, ended(by_square, x, columns));
    store(s.product + x, ended(by_product, x, columns));
    store(gradient + x, ended(by_off, x, columns));
  }
}

void moments_back(const float* const* mean, const float* const* square, const float* const* product,
                  const float* original_colour, const float* colour, float* gradient, float* memory, int columns) {
  const Scratch s(memory, columns);
  const float* const* const rows[3] = {mean, square, product};
  for (int i = 0; i < 3; ++i)
    for (int x = 0; x < padded(columns); x += kLanes) {
      Vector v = broadcast(kBlur[0]) * load(rows[i][kBlurReach] + x);
      for (int k = 1; k <= kBlurReach; ++k)
        v = fma(broadcast(kBlur[k]), load(rows[i][kBlurReach - k] + x) + load(rows[i][kBlurReach + k] + x), v);
      store(s.row[i] + x, v);
    }
  for (int x = 0; x < columns; x += kLanes) {
    Vector g = load(gradient + x) + across(s.row[0] + x);
    g = fma(broadcast(2.0f) * load(colour + x), across(s.row[1] + x), g);
    g = fma(load(original_colour + x), across(s.row[2] + x), g);
    store(gradient + x, ended(g, x, columns));
  }
}

}  // namespace

extern const LooksKernel looks_kernel;  // declared again in ssimulacra2.cpp
const LooksKernel looks_kernel = {light,    light_back, halve,   halve_back,   opponents,    opponents_back,
                                  original, moments,    compare, compare_back, moments_back, scratch};

}  // namespace coin::COIN_ISA
