// A `latent` stream's sizes: what the header says of them, what they cost, and models of coarser grids alone.
#pragma once

#include <vector>

#include "decoder/format/limits.h"
#include "decoder/view.h"
#include "latent/shape.h"

namespace coin {

inline constexpr int kLatentFamily = 2;

// What an upsampling filter is where its levels are 0: bicubic interpolation (Keys 1981, a = -1/2) at a quarter of a
// pixel.
inline constexpr float kBicubic[kTaps] = {-0.0234375f, 0.2265625f, 0.8671875f, -0.0703125f};

// The sizes of docs/format.md, "Family 2".
Result<LatentShape> read_latent_shape(const Header& header);

// Multiply-accumulates that predict the latents of a grid; of all grids; that show the picture.
std::int64_t context_macs(const LatentShape& shape, int level);
double contexts_macs(const LatentShape& shape);
double rendering_macs(const LatentShape& shape);

// The grids from `level` on, as those of a picture of the size of that grid.
LatentShape coarser_shape(const LatentShape& shape, int level);

// The parameters of the model that shows what grids from `level` on say of the picture, at the size of that grid. Finer
// grids count as 0, and what their filters would do to a plain area is done to the weights. The context model is left
// out.
std::vector<float> coarser_parameters(const LatentShape& shape, const std::vector<float>& parameters, int level);

// The finest grid that a view needs: all of them, or for a draft those that have up to twice its resolution. A picture
// from these alone loses more than resolution, since a fit spreads everything over all grids; one that is twice too fine
// loses less.
int finest_grid(const LatentShape& shape, const View& view);

}  // namespace coin
