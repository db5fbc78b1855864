// Which latents show a region of a picture, as a model of its own.
#pragma once

#include <vector>

#include "decoder/view.h"
#include "latent/tile.h"

namespace coin {

// A part of a picture that shows a region of it as the whole picture does.
//
// shape: of the part, as a picture of its own. top, left: of the part, in pixels. region: within the part. needed: of
// each grid of the whole picture, finest first, the latents that matter; others may be anything.
struct Window {
  LatentShape shape;
  int top, left;
  Region region;
  std::vector<Rectangle> needed;

  // The smallest.
  static Window of(const LatentShape& shape, const Region& region);
};

}  // namespace coin
