// How samples are cut into tasks.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace coin {

// Rounds up to a whole number of cache lines.
inline std::size_t whole_lines(std::size_t floats) { return (floats + 15) / 16 * 16; }

// How the samples are cut into tasks: a function of their number alone, never of the threads.
struct Partition {
  static constexpr std::int64_t kStrip = 32;
  std::int64_t samples, strips, tasks;

  Partition(std::int64_t n, std::int64_t least, std::int64_t most)
      : samples(n), strips((n + kStrip - 1) / kStrip), tasks(std::clamp<std::int64_t>(n / least, 1, most)) {}
  std::int64_t first(std::int64_t task) const { return std::min(samples, task * strips / tasks * kStrip); }
};

}  // namespace coin
