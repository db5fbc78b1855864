#include "base/floats.h"
#include "base/kernels.h"
#include "base/threads.h"
#include "siren/partition.h"
#include "siren/siren.h"

namespace coin {

COIN_KERNELS(SirenForwardKernel, siren_forward_kernel)

void siren_forward(const SirenShape& shape, const float* parameters, const Samples& samples, Values out, int threads) {
  const SirenForwardKernel& kernel = siren_forward_kernel_in_use();
  const std::size_t packed_size = whole_lines(kernel.packed_size(shape));
  const std::size_t scratch_size = whole_lines(kernel.scratch_size(shape));
  const Partition partition(samples.count, 1024, 1 << 20);
  threads = static_cast<int>(std::clamp<std::int64_t>(threads, 1, partition.tasks));

  const Floats memory(packed_size + threads * scratch_size);
  float* packed = memory.get();
  float* scratch = packed + packed_size;
  kernel.pack(shape, parameters, packed);
  parallel_for(threads, partition.tasks, [&](std::int64_t task, int worker) {
    kernel.forward(shape, packed, samples, partition.first(task), partition.first(task + 1), out,
                   scratch + worker * scratch_size);
  });
}

}  // namespace coin
