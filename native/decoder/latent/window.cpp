#include "decoder/latent/window.h"

#include <algorithm>

namespace coin {
namespace {

// What a doubled row is made of reaches so far to both sides of the places under it.
constexpr int kReach = 2;

struct Span {
  int first, last;
};

// Of each grid the rows, or columns, that show some of the picture. side: what is seen beyond a pixel.
template <class Size>
std::vector<Span> needed_of(int levels, int first, int last, int side, const Size& size) {
  std::vector<Span> needed = {{std::max(first - side, 0), std::min(last + side, size(0))}};
  for (int level = 1; level < levels; ++level) {
    const Span finer = needed.back();
    needed.push_back({std::max((finer.first >> 1) - kReach, 0),
                      std::min(((finer.last - 1) >> 1) + 1 + kReach, size(level))});
  }
  return needed;
}

// The pixels over all of them, from one of the coarsest latents to another or to the picture's border.
Span span_of(const std::vector<Span>& needed, int size) {
  const int coarsest = static_cast<int>(needed.size()) - 1, unit = 1 << coarsest;
  int first = needed[0].first, last = needed[0].last;
  for (int level = 1; level <= coarsest; ++level) {
    first = std::min(first, needed[level].first << level);
    last = std::max(last, needed[level].last << level);
  }
  return {first / unit * unit, std::min((last + unit - 1) / unit * unit, size)};
}

}  // namespace

Window Window::of(const LatentShape& shape, const Region& region) {
  const int side = shape.block > 0 ? 1 : 0;
  const std::vector<Span> columns = needed_of(shape.levels, region.left, region.right, side,
                                              [&](int level) { return shape.columns(level); });
  const std::vector<Span> rows = needed_of(shape.levels, region.top, region.bottom, side,
                                           [&](int level) { return shape.rows(level); });
  const Span down = span_of(rows, shape.height), across = span_of(columns, shape.width);
  Window window = {shape, down.first, across.first, region, {}};
  window.shape.height = down.last - down.first;
  window.shape.width = across.last - across.first;
  window.region = {region.left - across.first, region.top - down.first, region.right - across.first,
                   region.bottom - down.first};
  for (int level = 0; level < shape.levels; ++level)
    window.needed.push_back({rows[level].first, columns[level].first, rows[level].last, columns[level].last});
  return window;
}

}  // namespace coin
