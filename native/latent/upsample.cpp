#include "latent/upsample.h"

#include "latent/interleave.h"
#include "latent/matmul.h"

namespace coin::COIN_ISA {
namespace {

constexpr int kMargin = LatentShape::kMargin;

int clamp(int i, int n) { return i < 0 ? 0 : i < n ? i : n - 1; }

// The four rows or columns that a doubled one is made of begin here, and the taps go up for even ones, down for odd.
int first_of(int doubled) { return doubled / 2 - 2 + (doubled & 1); }
int tap_of(int doubled, int k) { return doubled & 1 ? kTaps - 1 - k : k; }

}  // namespace

void upsample_vertically(const Upsampling& u, const float* in, int row, float* out) {
  const float* from[kTaps];
  Vector taps[kTaps];
  for (int k = 0; k < kTaps; ++k) {
    from[k] = in + std::int64_t{clamp(first_of(row) + k, u.rows) - u.origin} * u.stride;
    taps[k] = broadcast(u.filter[tap_of(row, k)]);
  }
  for (int x = 0; x < u.columns; x += kLanes) {
    Vector v = taps[0] * load(from[0] + x);
    for (int k = 1; k < kTaps; ++k) v = fma(taps[k], load(from[k] + x), v);
    store(out + x, v);
  }
  for (int x = 0; x < kMargin; x += kLanes) store(out + u.padded() + x, Vector{});  // finite, whatever was there
  out[-1] = out[-2] = out[0];
  out[u.columns] = out[u.columns + 1] = out[u.columns - 1];
}

void upsample_horizontally(const Upsampling& u, const float* in, float* out) {
  Vector taps[kTaps];
  for (int k = 0; k < kTaps; ++k) taps[k] = broadcast(u.filter[k]);
  for (int x = 0; x < u.columns; x += kLanes) {
    Vector even = taps[0] * load_unaligned(in + x - 2), odd = taps[3] * load_unaligned(in + x - 1);
    for (int k = 1; k < kTaps; ++k) {
      even = fma(taps[k], load_unaligned(in + x - 2 + k), even);
      odd = fma(taps[kTaps - 1 - k], load_unaligned(in + x - 1 + k), odd);
    }
    Vector low, high;
    interleave(even, odd, low, high);
    store(out + 2 * x, low);
    store(out + 2 * x + kLanes, high);
  }
}

void downsample_horizontally(const Upsampling& u, const float* gradient, float* out, const float* in, Vector* sums,
                             float* scratch) {
  const int padded = u.padded(), wide = padded + 64;
  float *even = scratch + 32, *odd = scratch + wide + 32;
  for (int x = -32; x < 0; x += kLanes) {
    store(even + x, Vector{});
    store(odd + x, Vector{});
  }
  int x = 0;
  for (; 2 * x < u.target_columns; x += kLanes) {
    Vector e, o;
    deinterleave(load(gradient + 2 * x), load(gradient + 2 * x + kLanes), e, o);
    store(even + x, e);
    store(odd + x, o);
  }
  for (; x < padded + 32; x += kLanes) {
    store(even + x, Vector{});
    store(odd + x, Vector{});
  }
  Vector taps[kTaps];
  for (int k = 0; k < kTaps; ++k) taps[k] = broadcast(u.filter[k]);
  const auto adjoint = [&](int at) {
    Vector v{};
    for (int k = 0; k < kTaps; ++k) {
      v = fma(taps[k], load_unaligned(even + at + 2 - k), v);
      v = fma(taps[kTaps - 1 - k], load_unaligned(odd + at + 1 - k), v);
    }
    return v;
  };
  for (int i = 0; i < padded; i += kLanes) store(out + i, adjoint(i));
  // What belongs to the two places beyond each border is due to the border.
  const Vector before = adjoint(-kLanes);
  out[0] += before[kLanes - 1] + before[kLanes - 2];
  const auto at = [&](int i) {
    float v = 0;
    for (int k = 0; k < kTaps; ++k) v += u.filter[k] * even[i + 2 - k] + u.filter[kTaps - 1 - k] * odd[i + 1 - k];
    return v;
  };
  out[u.columns - 1] += at(u.columns) + at(u.columns + 1);
  for (int i = u.columns; i < padded; ++i) out[i] = 0;
  if (sums) {
    for (int i = 0; i < u.columns; i += kLanes) {
      const Vector e = load(even + i), o = load(odd + i);
      for (int k = 0; k < kTaps; ++k) {
        sums[k] = fma(e, load_unaligned(in + i - 2 + k), sums[k]);
        sums[kTaps - 1 - k] = fma(o, load_unaligned(in + i - 1 + k), sums[kTaps - 1 - k]);
      }
    }
  }
}

void downsample_vertically(const Upsampling& u, const float* gradient, int row, float* out, const float* in,
                           Vector* sums, int every, int phase) {
  // Rows of the larger plane that look at this one: those near it, and at a border those that look beyond it.
  struct Use {
    const float* from;
    int tap;
    bool counted;
  };
  Use uses[32];
  int count = 0;
  const int first = row == 0 ? 0 : clamp(2 * row - 4, u.target_rows);
  const int last = row == u.rows - 1 ? u.target_rows - 1 : clamp(2 * row + 5, u.target_rows);
  for (int r = first; r <= last; ++r)
    for (int k = 0; k < kTaps; ++k)
      if (clamp(first_of(r) + k, u.rows) == row)
        uses[count++] = {gradient + std::int64_t{r} * u.stride, tap_of(r, k), (r / 2 + phase) % every == 0};
  for (int x = 0; x < u.padded(); x += kLanes) {
    Vector v{};
    for (int i = 0; i < count; ++i) v = fma(broadcast(u.filter[uses[i].tap]), load(uses[i].from + x), v);
    store(out + x, v);
  }
  if (!sums) return;
  for (int i = 0; i < count; ++i) {
    if (!uses[i].counted) continue;
    Vector total = sums[uses[i].tap];
    for (int x = 0; x < u.padded(); x += kLanes) total = fma(load(uses[i].from + x), load(in + x), total);
    sums[uses[i].tap] = total;
  }
}

ChainRows::ChainRows(const LatentShape& s, int picture_first, int picture_last) {
  first[0] = picture_first;
  count[0] = picture_last - picture_first;
  for (int l = 1; l < s.levels; ++l) {
    const int last = first[l - 1] + count[l - 1] - 1;
    first[l] = clamp(first_of(first[l - 1]), s.rows(l));
    count[l] = clamp(first_of(last) + kTaps - 1, s.rows(l)) + 1 - first[l];
  }
}

std::int64_t chain_at(const LatentShape& s, const ChainRows& rows, int grid, int level) {
  std::int64_t at = kMargin;
  for (int g = 2; g <= grid; ++g)
    for (int l = g - 1; l >= 1 && (g < grid || l > level); --l) at += std::int64_t{rows.count[l]} * s.stride(l);
  return at;
}

std::int64_t chain_size(const LatentShape& s, const ChainRows& rows) {
  return chain_at(s, rows, s.levels, s.levels - 1);
}

std::size_t chain_forward_scratch_size(const LatentShape& s) { return std::size_t(s.stride(1)) + 64; }

std::size_t chain_scratch_size(const LatentShape& s) {
  // Backward: the gradient of a plane of grid 1 and of the step below it, twice, and rows.
  const std::size_t plane = std::size_t(s.rows(1)) * s.stride(1);
  return 3 * plane + 4 * std::size_t(s.stride(1) + 64);
}

void chain_forward(const LatentShape& s, const ChainRows& rows, const float* parameters, const float* latents, int grid,
                   float* chains, float* scratch) {
  for (int level = grid - 1; level >= 1; --level) {
    Upsampling u(s, level, parameters);
    const bool first = level + 1 == grid;
    if (!first) u.origin = rows.first[level + 1];
    const float* in = first ? latents + s.plane(grid) : chains + chain_at(s, rows, grid, level + 1);
    float* out = chains + chain_at(s, rows, grid, level);
    for (int i = 0; i < rows.count[level]; ++i) {
      upsample_vertically(u, in, rows.first[level] + i, scratch + kMargin);
      upsample_horizontally(u, scratch + kMargin, out + std::int64_t{i} * u.target_stride);
    }
  }
}

void chain_backward(const LatentShape& s, const float* parameters, const float* latents, const float* chains, int grid,
                    const float* gradient, int every, int phase, float* latent_gradient, float* partial,
                    float* scratch) {
  const ChainRows all(s, 0, s.height);
  const std::size_t plane = std::size_t(s.rows(1)) * s.stride(1);
  float* halves[2] = {scratch + kMargin, scratch + plane + kMargin};  // gradients of planes, in turn
  float* narrow = scratch + 2 * plane;                                // after downsample_horizontally
  float* rows = scratch + 3 * plane;
  const float* vertical = gradient;
  for (int level = 0; level < grid; ++level) {
    const Upsampling u(s, level, parameters);
    const bool last = level + 1 == grid;
    const float* in = last ? latents + s.plane(grid) : chains + chain_at(s, all, grid, level + 1);
    float* out = last ? latent_gradient + s.plane(grid) : halves[level % 2];
    Vector sums[kTaps] = {};
    if (level > 0) {
      const float* wide = halves[(level - 1) % 2];
      float* narrow_rows = narrow + kMargin;
      for (int row = 0; row < u.target_rows; ++row) {
        const bool counted = (row / 2 + phase) % every == 0;
        if (counted) upsample_vertically(u, in, row, rows + kMargin);
        downsample_horizontally(u, wide + std::int64_t{row} * u.target_stride,
                                narrow_rows + std::int64_t{row} * u.stride, rows + kMargin,
                                counted ? sums : nullptr, rows + s.stride(1) + 64);
      }
      vertical = narrow_rows;
    }
    for (int row = 0; row < u.rows; ++row) {
      float* target = out + std::int64_t{row} * u.stride;
      downsample_vertically(u, vertical, row, target, in + std::int64_t{row} * u.stride, sums, every, phase);
      // The next step deinterleaves whole vectors.
      for (int x = u.padded(); x < u.padded() + kMargin; x += kLanes) store(target + x, Vector{});
    }
    for (int k = 0; k < kTaps; ++k) partial[s.filter_at(level) + k] += static_cast<float>(every) * sum(sums[k]);
  }
}

}  // namespace coin::COIN_ISA
