#include <algorithm>
#include <chrono>
#include <memory>
#include <new>
#include <vector>

#include "base/kernels.h"
#include "base/threads.h"
#include "siren/partition.h"
#include "siren/siren.h"

namespace coin {

COIN_KERNELS(SirenForwardKernel, siren_forward_kernel)
COIN_KERNELS(SirenGradientKernel, siren_gradient_kernel)

namespace {

// Working memory of the calling thread, kept from call to call: a fit makes thousands of calls, and
// fresh pages would cost each of them more than the thread pool does.
float* workspace(std::size_t floats) {
  constexpr std::align_val_t kAlignment{64};
  struct Free {
    void operator()(float* p) const { ::operator delete[](p, kAlignment); }
  };
  thread_local std::unique_ptr<float[], Free> memory;
  thread_local std::size_t size = 0;
  if (size < floats) {
    memory.reset();
    size = 0;
    memory.reset(static_cast<float*>(::operator new[](floats * sizeof(float), kAlignment)));
    size = floats;
  }
  return memory.get();
}

}  // namespace

double siren_loss_and_gradient(const SirenShape& shape, const float* parameters, const Samples& samples,
                               Values targets, float* gradient, int threads) {
  constexpr int kMaxTasks = 64;
  const SirenForwardKernel& forward = siren_forward_kernel_in_use();
  const SirenGradientKernel& kernel = siren_gradient_kernel_in_use();
  const std::size_t packed_size = whole_lines(forward.packed_size(shape));
  const std::size_t partial_size = whole_lines(kernel.partial_size(shape));
  const std::size_t scratch_size = whole_lines(kernel.scratch_size(shape));
  const Partition partition(samples.count, 512, kMaxTasks);
  threads = static_cast<int>(std::clamp<std::int64_t>(threads, 1, partition.tasks));

  float* packed = workspace(packed_size + partition.tasks * partial_size + threads * scratch_size);
  float* partials = packed + packed_size;
  float* scratch = partials + partition.tasks * partial_size;
  forward.pack(shape, parameters, packed);

  const double values = static_cast<double>(samples.count) * shape.outputs;
  const float scale = static_cast<float>(2 / values);
  double errors[kMaxTasks];
  parallel_for(threads, partition.tasks, [&](std::int64_t task, int worker) {
    errors[task] = kernel.gradient(shape, packed, samples, partition.first(task), partition.first(task + 1), targets,
                                   scale, partials + task * partial_size, scratch + worker * scratch_size);
  });

  constexpr std::int64_t kChunk = 4096;
  const std::int64_t floats = static_cast<std::int64_t>(partial_size);
  parallel_for(threads, (floats + kChunk - 1) / kChunk, [&](std::int64_t chunk, int) {
    float* total = partials + chunk * kChunk;
    const std::int64_t n = std::min(kChunk, floats - chunk * kChunk);
    for (std::int64_t task = 1; task < partition.tasks; ++task) {
      const float* partial = total + task * partial_size;
      for (std::int64_t i = 0; i < n; ++i) total[i] += partial[i];
    }
  });
  kernel.unpack(shape, partials, gradient);

  double error = 0;
  for (std::int64_t task = 0; task < partition.tasks; ++task) error += errors[task];
  return error / values;
}

double fma_peak(int threads) {
  using Clock = std::chrono::steady_clock;
  constexpr std::int64_t kRounds = 4'000'000;
  const SirenGradientKernel& kernel = siren_gradient_kernel_in_use();
  std::vector<float> results(threads);
  double best = 0;
  for (int repeat = 0; repeat < 5; ++repeat) {
    std::int64_t fmas_per_round = 0;
    const auto start = Clock::now();
    parallel_for(threads, threads, [&](std::int64_t task, int) {
      std::int64_t fmas;
      results[task] = kernel.peak(kRounds, &fmas);
      if (task == 0) fmas_per_round = fmas;
    });
    const std::chrono::duration<double> elapsed = Clock::now() - start;
    best = std::max(best, static_cast<double>(kRounds * fmas_per_round) * threads / elapsed.count());
  }
  return best;
}

}  // namespace coin
