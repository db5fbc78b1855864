#include "decoder/latent/model.h"

#include <algorithm>

#include "decoder/format/text.h"

namespace coin {
namespace {

// Parameters that every stream has; a sixth says that the context model's layers take magnitudes.
constexpr std::size_t kSizes = 5;
constexpr int kMagnitudes = 1;

}  // namespace

Result<LatentShape> read_latent_shape(const Header& header) {
  const ByteSpan p = header.parameters;
  if (p.size() > kSizes + 1 || (p.size() == kSizes + 1 && p[kSizes] != kMagnitudes))
    return unsupported("a latent stream with parameters this version does not know");
  if (p.size() < kSizes) return corrupt("a latent stream must give its five sizes");
  const LatentShape shape = {header.height, header.width, header.channels, p[0], p[1], p[2], p[3], p[4],
                             p.size() > kSizes};
  if (shape.levels < 1 || shape.levels > kMaxLevels || shape.neighbours < 1 || shape.neighbours > kMaxNeighbours ||
      shape.features > kMaxFeatures || shape.hidden < 1 || shape.hidden > kMaxHidden || shape.block > kMaxBlock)
    return corrupt("impossible model of " + std::to_string(shape.levels) + " grids and sizes " +
                   std::to_string(shape.neighbours) + ", " + std::to_string(shape.features) + ", " +
                   std::to_string(shape.hidden) + ", " + std::to_string(shape.block));
  return shape;
}

std::int64_t context_macs(const LatentShape& s, int level) {
  const std::int64_t n = s.context(), latents = std::int64_t{s.rows(level)} * s.columns(level);
  std::int64_t features = 0;
  if (level < s.feature_levels())
    features = std::int64_t{s.features} * (s.levels - 1 - level) * s.rows(level + 1) * s.columns(level + 1);
  return (2 * n * n + 4 * n) * latents + features;
}

double contexts_macs(const LatentShape& shape) {
  double macs = 0;
  for (int level = 0; level < shape.levels; ++level) macs += static_cast<double>(context_macs(shape, level));
  return macs;
}

double rendering_macs(const LatentShape& s) {
  double macs = 0;
  for (int level = 0; level + 1 < s.levels; ++level)
    macs += static_cast<double>(s.levels - 1 - level) * kTaps * s.rows(level) *
            (s.columns(level + 1) + s.columns(level));
  const int synthesis = s.hidden * s.levels + s.channels * (s.hidden + s.levels) + s.block * 10 * s.channels;
  return macs + static_cast<double>(synthesis) * s.height * s.width;
}

LatentShape coarser_shape(const LatentShape& shape, int level) {
  LatentShape small = shape;
  small.height = shape.rows(level);
  small.width = shape.columns(level);
  small.levels = shape.levels - level;
  return small;
}

std::vector<float> coarser_parameters(const LatentShape& shape, const std::vector<float>& parameters, int level) {
  if (level == 0) return parameters;
  const LatentShape small = coarser_shape(shape, level);
  std::vector<float> values(static_cast<std::size_t>(small.parameters()));
  float gain = 1;
  for (int l = 0; l < level; ++l) {
    const float* filter = parameters.data() + shape.filter_at(l);
    const float sum = filter[0] + filter[1] + filter[2] + filter[3];
    gain *= sum * sum;
  }
  const auto theirs = [&](std::ptrdiff_t at) { return parameters.begin() + at; };
  const auto ours = [&](std::ptrdiff_t at) { return values.begin() + at; };
  std::copy_n(theirs(shape.filter_at(level)), std::ptrdiff_t{kTaps} * (small.levels - 1), ours(small.filter_at(0)));
  for (int h = 0; h < shape.hidden; ++h) {
    const auto from = theirs(shape.first_at() + std::ptrdiff_t{h} * (shape.levels + 1));
    const auto to = ours(small.first_at() + std::ptrdiff_t{h} * (small.levels + 1));
    for (int l = 0; l < small.levels; ++l) to[l] = gain * from[level + l];
    to[small.levels] = from[shape.levels];
  }
  for (int c = 0; c < shape.channels; ++c) {
    const auto from = theirs(shape.second_at() + std::ptrdiff_t{c} * (shape.hidden + shape.levels + 1));
    const auto to = ours(small.second_at() + std::ptrdiff_t{c} * (shape.hidden + small.levels + 1));
    std::copy_n(from, shape.hidden, to);
    for (int l = 0; l < small.levels; ++l) to[shape.hidden + l] = gain * from[shape.hidden + level + l];
    to[shape.hidden + small.levels] = from[shape.hidden + shape.levels];
  }
  std::copy(theirs(shape.block_at()), parameters.end(), ours(small.block_at()));
  return values;
}

int finest_grid(const LatentShape& shape, const View& view) {
  int level = 0;
  while (view.draft && level < shape.levels - 2) {
    const int shift = level + 2, round = (1 << shift) - 1;
    if ((view.region.width() + round) >> shift < view.width || (view.region.height() + round) >> shift < view.height)
      break;
    ++level;
  }
  return level;
}

}  // namespace coin
