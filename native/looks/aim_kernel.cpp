#include "looks/aim_kernel.h"

#include "simd/math.h"

namespace coin::COIN_ISA {
namespace {

constexpr float kGrey = 0.5f;

// What keeps a division by a weight of 0 from being one.
constexpr float kLeastWeight = 1e-6f;

struct Place {
  Place(const AimRow& row, int x, int n) {
    weight = load_first(row.weights + x, n);
    error = load_first(row.shown + x, n) - load_first(row.original + x, n);
    if (row.gradient) metric = load_first(row.gradient + x, n);
    if (row.gradient && row.alpha) metric = metric * load_first(row.alpha + x, n);
  }
  Vector weight, error, metric = {};
};

AimSums sums(const AimRow& row, int columns) {
  Vector own{}, metric{}, plain{};
  for (int x = 0; x < columns; x += kLanes) {
    const Place at(row, x, columns - x);
    const Vector weighted = at.weight * at.error;
    own = fma(weighted, weighted, own);
    metric = fma(at.metric, at.metric, metric);
    plain = fma(at.error, at.error, plain);
  }
  return {row.gradient ? static_cast<double>(sum(own)) : 0.0, static_cast<double>(sum(metric)),
          static_cast<double>(sum(plain))};
}

void goal(const AimRow& row, float share, float factor, float* out, int columns) {
  if (!row.gradient) share = 1.0f;
  for (int x = 0; x < columns; x += kLanes) {
    const Place at(row, x, columns - x);
    const Vector weight = maximum(at.weight, broadcast(kLeastWeight));
    const Vector shown = load_first(row.shown + x, columns - x);
    const Vector room = maximum(minimum(shown, broadcast(1.0f) - shown), Vector{});
    const Vector push = broadcast(factor) * at.metric / weight;
    const Vector held = maximum(minimum(push, room), Vector{} - room);
    const Vector place = shown - broadcast(share) * at.weight * at.error / weight - held;
    store_first(out + x, maximum(minimum(place, broadcast(1.0f)), Vector{}), columns - x);
  }
}

void cover(const float* samples, const float* alpha, float* out, int columns) {
  for (int x = 0; x < columns; ++x) out[x] = kGrey + (samples[x] - kGrey) * alpha[x];
}

}  // namespace

extern const AimKernel aim_kernel;  // declared again in aim.cpp
const AimKernel aim_kernel = {sums, goal, cover};

}  // namespace coin::COIN_ISA
