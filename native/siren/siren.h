// The `siren` family for callers: any number of threads, the best instruction set, nothing to free.
#pragma once

#include "siren/kernel.h"

namespace coin {

// Writes the network's values at every sample to `out`; integers are value * maximum, clamped, and
// rounded half up.
void siren_forward(const SirenShape& shape, const float* parameters, const Samples& samples, Values out, int threads);

// Returns the mean squared error over samples and outputs and writes its gradient. Bit for bit the
// same for every number of threads.
double siren_loss_and_gradient(const SirenShape& shape, const float* parameters, const Samples& samples,
                               Values targets, float* gradient, int threads);

// Fused multiply-adds of one float per second, all of `threads` threads together.
double fma_peak(int threads);

}  // namespace coin
