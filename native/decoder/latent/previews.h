// A `latent` picture from coarse to fine.
#pragma once

#include "decoder/latent/picture.h"
#include "decoder/previews.h"

namespace coin {

// A grid more each time. shape: from accept_latent.
Result<std::unique_ptr<Previews>> latent_previews(const Header& header, const LatentShape& shape,
                                                  const Sections& sections, const PreviewRequest& request);

}  // namespace coin
