// A `siren` picture from coarse to fine.
#pragma once

#include "decoder/previews.h"
#include "decoder/siren/picture.h"

namespace coin {

// Samples are pixels of the picture, every one computed once. shape: from accept_siren.
Result<std::unique_ptr<Previews>> siren_previews(const Header& header, const SirenShape& shape,
                                                 const Sections& sections, const PreviewRequest& request);

}  // namespace coin
