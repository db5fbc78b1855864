// What one instruction set offers for the `siren` family: tables of plain functions over packed
// weights. forward.cpp and gradient.cpp own threads, memory and policy; a kernel owns the arithmetic.
#pragma once

#include <cstddef>
#include <cstdint>

namespace coin {

inline constexpr int kMaxInputs = 8;
inline constexpr int kMaxOutputs = 16;
inline constexpr int kMaxLayers = 64;
inline constexpr int kMaxWidth = 256;

// Sizes of x -> h = sin(W x + b), `layers` times, then y = W h + b. Parameters are stored layer by
// layer, row by row: the weights of an output, then its bias.
struct SirenShape {
  int inputs;
  int outputs;
  int layers;
  int width;

  int fan_in(int layer) const { return layer == 0 ? inputs : width; }
  int fan_out(int layer) const { return layer == layers ? outputs : width; }
  std::ptrdiff_t parameters() const {
    std::ptrdiff_t n = 0;
    for (int l = 0; l <= layers; ++l) n += std::ptrdiff_t{fan_out(l)} * (fan_in(l) + 1);
    return n;
  }
};

// Points of a separable grid: the coordinates of sample (i0, i1, ...) are (axis[0][i0], axis[1][i1],
// ...), and samples are numbered in C order. With `index`, sample k of the list is number index[k].
struct Samples {
  int dims;
  const float* axis[kMaxInputs];
  std::int64_t extent[kMaxInputs];
  const std::int64_t* index;
  std::int64_t count;
};

enum class SampleType { u8, u16, f32 };

// Values of the whole grid, `outputs` of them per sample; integers stand for value / maximum.
struct Values {
  void* data;
  SampleType type;
};

struct SirenForwardKernel {
  // Floats of the packed weights, and of one thread's scratch memory.
  std::size_t (*packed_size)(const SirenShape&);
  std::size_t (*scratch_size)(const SirenShape&);

  void (*pack)(const SirenShape&, const float* parameters, float* packed);

  // Writes the values of samples [first, last) of the list to places [first, last) of `out`.
  void (*forward)(const SirenShape&, const float* packed, const Samples&, std::int64_t first,
                  std::int64_t last, Values out, float* scratch);
};

struct SirenGradientKernel {
  // Floats of one partial gradient, and of one thread's scratch memory.
  std::size_t (*partial_size)(const SirenShape&);
  std::size_t (*scratch_size)(const SirenShape&);

  // Returns the sum of squared errors of samples [first, last) and sets `partial` to its gradient
  // times `scale` / 2, in the kernel's own order. packed: by SirenForwardKernel.
  double (*gradient)(const SirenShape&, const float* packed, const Samples&, std::int64_t first,
                     std::int64_t last, Values targets, float scale, float* partial, float* scratch);

  // Puts a gradient (or a sum of them) from the kernel's order into that of the parameters.
  void (*unpack)(const SirenShape&, const float* partial, float* gradient);

  // Multiply-adds per second of one core at full speed, timed by the caller: runs `rounds` rounds of
  // kPeakFmas fused multiply-adds per round and returns something that depends on them.
  float (*peak)(std::int64_t rounds, std::int64_t* fmas_per_round);
};

}  // namespace coin
