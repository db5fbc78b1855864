// What to show of a picture: which part of it, and how large.
#pragma once

#include "decoder/format/container.h"

namespace coin {

// Columns left to right - 1 and rows top to bottom - 1, at least one of each.
struct Region {
  int left, top, right, bottom;

  int width() const { return right - left; }
  int height() const { return bottom - top; }
};

// A region at a size of its own. draft: a fraction of the work counts for more than fidelity.
struct View {
  Region region;
  int width, height;
  bool draft;

  bool scaled() const { return width != region.width() || height != region.height(); }
};

// Whether there is such a view of a picture.
Error check_view(const Header& header, const View& view);

}  // namespace coin
