// One pool of worker threads for the whole process.
#pragma once

#include <cstdint>
#include <functional>

namespace coin {

inline constexpr int kMaxThreads = 256;

// How many of the machine's processors there are, at least 1 and at most kMaxThreads.
int processors();

// Calls task(i, worker) once for every i in [0, count), on up to `threads` threads, the calling one
// among them, and returns when all are done. `worker` is in [0, threads) and no two tasks run at the
// same time with the same one. Which worker gets which task is left open, so a result must not
// depend on it. In tasks subnormal floats count as 0. Tasks must not throw and must not call
// parallel_for. Calls from several threads run one after the other.
void parallel_for(int threads, std::int64_t count, const std::function<void(std::int64_t, int)>& task);

}  // namespace coin
