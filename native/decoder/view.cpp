#include "decoder/view.h"

#include "decoder/format/text.h"

namespace coin {

Error check_view(const Header& header, const View& view) {
  const Region& r = view.region;
  if (!(0 <= r.left && r.left < r.right && r.right <= header.width && 0 <= r.top && r.top < r.bottom &&
        r.bottom <= header.height))
    return bad_use("the region " + std::to_string(r.left) + "," + std::to_string(r.top) + "," +
                   std::to_string(r.right) + "," + std::to_string(r.bottom) + " is not inside a picture of " +
                   size_text(header.width, header.height));
  if (view.width < 1 || view.width > kMaxSide || view.height < 1 || view.height > kMaxSide)
    return bad_use("a side must have 1 to " + grouped(kMaxSide) + " pixels, not " + size_text(view.width, view.height));
  return {};
}

}  // namespace coin
