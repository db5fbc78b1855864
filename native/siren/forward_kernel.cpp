// A SIREN's values, compiled once per instruction set (see simd/vector.h).
#include "simd/sincos.h"
#include "siren/product.h"

namespace coin::COIN_ISA {
namespace {

std::size_t packed_size(const SirenShape& s) {
  std::size_t n = 0;
  for (int l = 0; l <= s.layers; ++l) n += forward_floats(s, l) + backward_floats(s, l);
  return n;
}

std::size_t forward_scratch_size(const SirenShape& s) {
  const int rows = s.width > s.inputs ? s.width : s.inputs;
  return static_cast<std::size_t>(rows + s.width + s.outputs) * kStrip;
}

void pack(const SirenShape& s, const float* parameters, float* packed) {
  constexpr float kTurnsPerRadian = 0.15915494309189535f;
  const float* layer = parameters;
  for (int l = 0; l <= s.layers; ++l) {
    const int in = s.fan_in(l), out = s.fan_out(l), row = in + 1;
    const float scale = l < s.layers ? kTurnsPerRadian : 1.0f;
    const Split forward(out, kTileRows);
    for (int g = 0, o = 0; g < forward.groups; o += forward.size(g++)) {
      for (int r = 0; r < forward.size(g); ++r) *packed++ = scale * layer[(o + r) * row + in];
      for (int i = 0; i < in; ++i)
        for (int r = 0; r < forward.size(g); ++r) *packed++ = scale * layer[(o + r) * row + i];
    }
    if (l > 0) {
      const Split backward(in, kTileRows);
      for (int g = 0, i = 0; g < backward.groups; i += backward.size(g++))
        for (int o = 0; o < out; ++o)
          for (int r = 0; r < backward.size(g); ++r) *packed++ = layer[o * row + i + r];
    }
    layer += static_cast<std::size_t>(out) * row;
  }
}

void forward(const SirenShape& s, const float* packed, const Samples& samples, std::int64_t first, std::int64_t last,
             Values out, float* scratch) {
  const int rows = s.width > s.inputs ? s.width : s.inputs;
  float* h = scratch;
  float* z = h + rows * kStrip;
  float* y = z + s.width * kStrip;
  for (std::int64_t k = first; k < last; k += kStrip) {
    const float* w = packed;
    load_coordinates(samples, k, last, h);
    for (int l = 0; l < s.layers; ++l) {
      product<false>(w, h, s.fan_in(l), z, s.width);
      for (int i = 0; i < s.width * kStrip; i += kLanes) store(h + i, sine_turns(load(z + i)));
      w += forward_floats(s, l) + backward_floats(s, l);
    }
    product<false>(w, h, s.width, y, s.outputs);
    store_values(y, out, k, s.outputs, lanes_left(k, last));
  }
}

}  // namespace

extern const SirenForwardKernel siren_forward_kernel;  // declared again in forward.cpp
const SirenForwardKernel siren_forward_kernel = {packed_size, forward_scratch_size, pack, forward};

}  // namespace coin::COIN_ISA
