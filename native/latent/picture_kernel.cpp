// The table of the kernels that show `latent` models. Compiled once per instruction set.
#include "latent/picture_kernel.h"

#include "latent/synthesis.h"
#include "latent/upsample.h"

namespace coin::COIN_ISA {
namespace {

std::size_t scratch_size(const LatentShape& s) {
  const std::size_t synthesis = synthesis_scratch_size(s), chain = chain_forward_scratch_size(s);
  return synthesis > chain ? synthesis : chain;
}

std::size_t chains_size(const LatentShape& s, int first, int last) {
  return static_cast<std::size_t>(chain_size(s, ChainRows(s, first, last)));
}

void chain(const LatentShape& s, const PictureArrays& a, int grid, float* scratch) {
  chain_forward(s, ChainRows(s, a.first, a.last), a.parameters, a.latents, grid, a.chains, scratch);
}

void rows(const LatentShape& s, const PictureArrays& a, int first, int last, float* out, std::int64_t plane,
          float* scratch) {
  const SynthesisInput in = {a.parameters, a.packed, a.latents, a.chains, ChainRows(s, a.first, a.last)};
  synthesis_rows(s, in, first, last, out, plane, scratch);
}

}  // namespace

extern const LatentPictureKernel latent_picture_kernel;  // declared again in picture.cpp
const LatentPictureKernel latent_picture_kernel = {synthesis_packed_size, scratch_size, chains_size,
                                                   synthesis_pack,        chain,        rows};

}  // namespace coin::COIN_ISA
