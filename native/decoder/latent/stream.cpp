#include "decoder/latent/stream.h"

#include <algorithm>

namespace coin {
namespace {

Result<Section> one_of(const Sections& sections, std::initializer_list<int> kinds) {
  const Section* found = nullptr;
  int count = 0;
  for (const Section& section : sections) {
    if (std::find(kinds.begin(), kinds.end(), section.type) != kinds.end()) {
      found = &section;
      ++count;
    } else if (!(section.type & kAncillary) && (section.type < kNetworks || section.type > kCodes)) {
      return unsupported("unknown section type " + std::to_string(section.type));
    }
  }
  if (count == 1) return *found;
  std::string names;
  for (const int kind : kinds) names += (names.empty() ? "" : " or ") + std::to_string(kind);
  return corrupt("a latent stream has one section of type " + names + ", not " + std::to_string(count));
}

}  // namespace

Result<Section> networks_section(const Sections& sections) {
  Result<Section> found = one_of(sections, {kNetworks, kDifferences, kCodes});
  if (!found) return found;
  const auto of_model = [](const Section& section) { return !(section.type & kAncillary); };
  if (std::find_if(sections.begin(), sections.end(), of_model)->type != found->type)
    return corrupt("the latents come before the networks");
  return found;
}

Result<Networks> read_networks(const LatentShape& shape, const Sections& sections) {
  const Result<Section> section = networks_section(sections);
  if (!section) return section.error();
  if (section->missing > 0)
    return truncated("the stream ends within the networks, without which there is no picture");
  if (section->type == kCodes) return read_coded_networks(shape, section->payload);
  return read_networks(shape, section->payload, section->type == kDifferences);
}

Result<std::unique_ptr<LatentStream>> LatentStream::open(const Networks& networks, const Sections& sections,
                                                         int threads) {
  const Result<Section> section = one_of(sections, {kLatents, kTiles});
  if (!section) return section.error();
  std::unique_ptr<LatentStream> stream(new LatentStream(networks.shape, *section, threads));
  const ContextModel model(networks.shape, networks.integers());
  ByteSpan codes = section->payload;
  if (section->type == kTiles) {
    Result<TileTable> tiles = read_tiles(networks.shape, *section);
    if (!tiles) return tiles.error();
    codes = codes.subspan(tiles->start);
    stream->decoder_.emplace(model, tiles->tiling, tiles->lengths, codes.data(), codes.size());
    stream->tiles_ = std::move(*tiles);
  } else {
    stream->decoder_.emplace(model, codes.data(), codes.size(), section->missing > 0);
  }
  return stream;
}

Error LatentStream::read(const std::vector<Rectangle>& wanted, int finest) {
  std::vector<Rectangle> rectangles(static_cast<std::size_t>(shape_.levels));
  std::copy(wanted.begin(), wanted.end(), rectangles.begin() + finest);
  const LatentDecoder::Outcome found = decoder_->read(std::move(rectangles), threads_);
  if (!found.sound) return corrupt("the latents are not what an encoder writes");
  if (found.level >= 0 && missing_.empty()) {
    missing_ = "grid 1:" + std::to_string(1 << found.level) + " from row " + std::to_string(found.row) + " of " +
               std::to_string(shape_.rows(found.level)) + " on";
    if (found.level > finest) missing_ += " and " + std::to_string(found.level - finest) + " finer grids";
  }
  return {};
}

Error LatentStream::read_grid(int level) {
  return read({{0, 0, shape_.rows(level), shape_.columns(level)}}, level);
}

Error LatentStream::read_all() {
  std::vector<Rectangle> all;
  for (int level = 0; level < shape_.levels; ++level)
    all.push_back({0, 0, shape_.rows(level), shape_.columns(level)});
  return read(all, 0);
}

Floats LatentStream::window(const Window& window, int finest) const {
  const LatentShape& s = window.shape;
  Floats latents(static_cast<std::size_t>(s.latents_size()));
  for (int level = 0; level < s.levels; ++level) {
    const Rectangle& from = window.needed[level];
    if (from.empty()) continue;
    const int above = window.top >> level, before = window.left >> level;
    float* out = latents.get() + s.plane(level) + std::int64_t{from.top - above} * s.stride(level) + from.left - before;
    decoder_->copy(finest + level, from, out, s.stride(level));
  }
  return latents;
}

void LatentStream::forget_above(const Window& window, int finest) {
  for (int level = 0; level < window.shape.levels; ++level) decoder_->forget(finest + level, window.needed[level].top);
}

std::vector<std::uint64_t> LatentStream::ends() const {
  std::vector<std::uint64_t> ends;
  if (!tiles_) {
    for (const std::int64_t end : decoder_->ends())
      ends.push_back(std::min<std::uint64_t>(static_cast<std::uint64_t>(end), length_));
    return ends;
  }
  std::uint64_t at = tiles_->start;
  std::size_t next = 0;
  for (int level = shape_.levels - 1; level >= 0; --level) {
    for (std::size_t i = tiles_->tiling.count(level); i > 0; --i)
      at += static_cast<std::uint64_t>(tiles_->lengths[next++]);
    ends.push_back(at);
  }
  return ends;
}

std::vector<std::uint64_t> LatentStream::sizes() const {
  std::vector<std::uint64_t> found = ends();
  found.back() = length_;
  for (std::size_t i = found.size() - 1; i > 0; --i) found[i] -= found[i - 1];
  std::reverse(found.begin(), found.end());
  return found;
}

}  // namespace coin
