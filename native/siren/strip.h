// Between the caller's arrays and a strip: coordinates and targets in, values out. Compiled once per
// instruction set, like the kernel.
#pragma once

#include "siren/kernel.h"

namespace coin::COIN_ISA {

// Samples that go through the network together: a strip's values of one feature are kStrip consecutive floats.
inline constexpr int kStrip = 32;

// Number of the k-th sample of the list, the last one again past the end (strips are always whole).
inline std::int64_t number_of(const Samples& samples, std::int64_t k, std::int64_t last) {
  if (k >= last) k = last - 1;
  return samples.index ? samples.index[k] : k;
}

inline void find(const Samples& samples, std::int64_t number, std::int64_t* at) {
  for (int d = samples.dims - 1; d >= 0; --d) {
    const std::int64_t q = number / samples.extent[d];
    at[d] = number - q * samples.extent[d];
    number = q;
  }
}

// Samples in order are found by counting, which is several times as fast as dividing.
inline void advance(const Samples& samples, std::int64_t* at) {
  for (int d = samples.dims - 1; d >= 0 && ++at[d] == samples.extent[d]; --d) at[d] = 0;
}

inline void load_coordinates(const Samples& samples, std::int64_t first, std::int64_t last, float* x) {
  std::int64_t at[kMaxInputs];
  find(samples, number_of(samples, first, last), at);
  for (int lane = 0; lane < kStrip; ++lane) {
    for (int d = 0; d < samples.dims; ++d) x[d * kStrip + lane] = samples.axis[d][at[d]];
    const std::int64_t next = first + lane + 1;
    if (next >= last) continue;
    if (samples.index)
      find(samples, samples.index[next], at);
    else
      advance(samples, at);
  }
}

template <class T>
void gather(const T* values, float unit, const Samples& samples, std::int64_t first, std::int64_t last, int channels,
            float* t) {
  for (int lane = 0; lane < kStrip; ++lane) {
    const T* value = values + number_of(samples, first + lane, last) * channels;
    for (int c = 0; c < channels; ++c) t[c * kStrip + lane] = unit * static_cast<float>(value[c]);
  }
}

inline void load_targets(Values targets, const Samples& samples, std::int64_t first, std::int64_t last, int channels,
                         float* t) {
  switch (targets.type) {
    case SampleType::u8:
      return gather(static_cast<const std::uint8_t*>(targets.data), 1.0f / 255, samples, first, last, channels, t);
    case SampleType::u16:
      return gather(static_cast<const std::uint16_t*>(targets.data), 1.0f / 65535, samples, first, last, channels, t);
    case SampleType::f32:
      return gather(static_cast<const float*>(targets.data), 1.0f, samples, first, last, channels, t);
  }
}

// Rounds half up after clamping to [0, 1]. The comparisons are written so that NaN becomes 0.
template <class T>
void scatter_rounded(const float* y, float maximum, T* out, int channels, int count) {
  for (int lane = 0; lane < count; ++lane)
    for (int c = 0; c < channels; ++c) {
      const float v = y[c * kStrip + lane] * maximum;
      *out++ = static_cast<T>((v > 0 ? v < maximum ? v : maximum : 0) + 0.5f);
    }
}

inline void store_values(const float* y, Values out, std::int64_t first, int channels, int count) {
  const std::int64_t at = first * channels;
  switch (out.type) {
    case SampleType::u8:
      return scatter_rounded(y, 255.0f, static_cast<std::uint8_t*>(out.data) + at, channels, count);
    case SampleType::u16:
      return scatter_rounded(y, 65535.0f, static_cast<std::uint16_t*>(out.data) + at, channels, count);
    case SampleType::f32: {
      float* p = static_cast<float*>(out.data) + at;
      for (int lane = 0; lane < count; ++lane)
        for (int c = 0; c < channels; ++c) *p++ = y[c * kStrip + lane];
    }
  }
}

inline int lanes_left(std::int64_t first, std::int64_t last) {
  return last - first < kStrip ? static_cast<int>(last - first) : kStrip;
}

}  // namespace coin::COIN_ISA
