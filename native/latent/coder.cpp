#include "latent/coder.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "base/memory.h"
#include "base/threads.h"
#include "entropy/laplace.h"

namespace coin {
namespace {

// parallel_for of tasks that may run out of memory.
template <class Task>
void for_all(int threads, std::size_t count, const Task& task) {
  std::atomic<bool> failed = false;
  parallel_for(threads, static_cast<std::int64_t>(count), [&](std::int64_t i, int) {
    if (!within_memory([&] { task(static_cast<std::size_t>(i)); })) failed = true;
  });
  if (failed) out_of_memory();
}

Rectangle whole(const LatentShape& s, int level) { return {0, 0, s.rows(level), s.columns(level)}; }

}  // namespace

Tiling::Tiling(const LatentShape& shape, std::vector<int> bits)
    : shape_(shape), bits_(std::move(bits)), firsts_(shape.levels) {
  for (int level = shape.levels - 2; level >= 0; --level) firsts_[level] = firsts_[level + 1] + count(level + 1);
}

bool Tiling::nested(const std::vector<int>& bits) {
  for (std::size_t level = 1; level < bits.size(); ++level)
    if (bits[level] < bits[level - 1] - 1) return false;
  return true;
}

Rectangle Tiling::place(int level, int row, int column) const {
  const int bits = bits_[level];
  return {row << bits, column << bits, std::min((row + 1) << bits, shape_.rows(level)),
          std::min((column + 1) << bits, shape_.columns(level))};
}

LatentEncoder::LatentEncoder(const ContextModel& model, const float* latents) : model_(model), latents_(latents) {
  const LatentShape& s = model.shape();
  for (int level = 0; level < s.levels; ++level) {
    Tile& grid = grids_.emplace_back(whole(s, level));
    for (int row = 0; row < grid.rows(); ++row)
      for (int column = 0; column < grid.columns(); ++column) grid.set(row, column, at(level, row, column));
  }
}

std::int32_t LatentEncoder::at(int level, int row, int column) const {
  const LatentShape& s = model_.shape();
  return static_cast<std::int32_t>(latents_[s.plane(level) + std::int64_t{row} * s.stride(level) + column]);
}

// Calls symbol(prediction, latent) for those of a tile.
template <class Symbol>
void LatentEncoder::visit(int level, const Rectangle& place, const Symbol& symbol) const {
  Tile tile(place);
  Above above[kMaxLevels];
  for (int l = level + 1; l < model_.shape().levels; ++l) {
    const int depth = l - level;
    above[depth - 1] = {grids_[l].row(place.top >> depth) + (place.left >> depth), grids_[l].stride()};
  }
  walk(model_, level, tile, above, 0, tile.rows(),
       [&](const ContextModel::Prediction& prediction, int row, int column, std::int32_t& latent) {
         latent = at(level, place.top + row, place.left + column);
         symbol(prediction, latent);
         return true;
       });
}

void LatentEncoder::encode(int level, const Rectangle& place, RangeEncoder& coder) const {
  visit(level, place, [&](const ContextModel::Prediction& p, std::int32_t latent) {
    encode_laplace(coder, p.scale, p.mean, latent);
  });
}

// Whether all of a tile are 0.
bool LatentEncoder::empty(int level, const Rectangle& place) const {
  for (int row = place.top; row < place.bottom; ++row) {
    const std::int16_t* here = grids_[level].row(row);
    if (std::any_of(here + place.left, here + place.right, [](std::int16_t v) { return v != 0; })) return false;
  }
  return true;
}

Bytes LatentEncoder::code() const {
  RangeEncoder coder;
  for (int level = model_.shape().levels - 1; level >= 0; --level) encode(level, whole(model_.shape(), level), coder);
  return coder.finish();
}

std::vector<Bytes> LatentEncoder::tiles(int level, int bits, int threads) const {
  const Tiling tiling(model_.shape(), std::vector<int>(model_.shape().levels, bits));
  std::vector<Bytes> codes(tiling.count(level));
  for_all(threads, codes.size(), [&](std::size_t i) {
    const int number = static_cast<int>(i), across = tiling.across(level);
    const Rectangle place = tiling.place(level, number / across, number % across);
    if (empty(level, place)) return;
    RangeEncoder coder;
    encode(level, place, coder);
    codes[i] = coder.finish();
    if (codes[i].empty()) codes[i].push_back(0);
  });
  return codes;
}

std::vector<double> LatentEncoder::bits() const {
  std::vector<double> bits(model_.shape().levels);
  for (int level = 0; level < model_.shape().levels; ++level)
    visit(level, whole(model_.shape(), level), [&](const ContextModel::Prediction& p, std::int32_t latent) {
      bits[level] += laplace_bits(p.scale, p.mean, latent);
    });
  return bits;
}

LatentDecoder::LatentDecoder(const ContextModel& model, const std::uint8_t* bytes, std::size_t count, bool cut)
    : model_(model), tiling_(shape()), all_(std::in_place, bytes, count),
      parts_(shape().levels, {{nullptr, 0}, cut, false, {}, 0, true}) {}

LatentDecoder::LatentDecoder(const ContextModel& model, const Tiling& tiling, const std::vector<std::int64_t>& lengths,
                             const std::uint8_t* bytes, std::size_t count)
    : model_(model), tiling_(tiling) {
  parts_.reserve(lengths.size());
  std::size_t at = 0;
  bool cut = false;
  for (const std::int64_t length : lengths) {
    const std::size_t there = std::min(static_cast<std::size_t>(length), count - at);
    // What follows a code that is cut is missing, if it has no bytes too: it can't be read without what is before.
    cut = cut || there < static_cast<std::size_t>(length);
    // What is coded in no byte at all has one byte 0, which is no byte of the code.
    const std::size_t coded = length == 1 && there == 1 && bytes[at] == 0 ? 0 : there;
    parts_.push_back({{bytes + at, coded}, cut, length == 0 && !cut, {}, 0, true});
    at += there;
  }
}

// A tile is read from its beginning; its contexts have features of the same place in coarser grids. What one code holds
// is read in its order.
void LatentDecoder::add_dependencies(std::vector<Rectangle>& wanted) const {
  const LatentShape& s = shape();
  bool finer = false;
  for (int level = 0; level < s.levels; ++level) {
    Rectangle& here = wanted[level];
    if (all_) {
      if (finer) here = whole(s, level);
      finer = finer || !here.empty();
      continue;
    }
    if (here.empty() || level >= s.feature_levels()) continue;
    const Rectangle at = tiling_.holding(level, here);
    const Rectangle first = tiling_.place(level, at.top, at.left), last = tiling_.place(level, at.top, at.right - 1);
    const Rectangle read = {first.top, first.left, here.bottom, last.right};
    for (int l = level + 1; l < s.levels; ++l) wanted[l] = wanted[l].with(read.coarser(l - level));
  }
}

LatentDecoder::Outcome LatentDecoder::read(std::vector<Rectangle> wanted, int threads) {
  const LatentShape& s = shape();
  add_dependencies(wanted);
  Outcome outcome = {true, -1, 0};
  for (int level = s.levels - 1; level >= 0 && outcome.level < 0; --level) {
    const Rectangle& here = wanted[level];
    if (here.empty()) continue;
    struct Job {
      int row, last;
      std::size_t part;
    };
    std::vector<Job> jobs;
    const Rectangle at = tiling_.holding(level, here);
    for (int row = at.top; row < at.bottom; ++row)
      for (int column = at.left; column < at.right; ++column) {
        const Rectangle place = tiling_.place(level, row, column);
        const Job job = {row, std::min(place.bottom, here.bottom) - place.top, tiling_.number(level, row, column)};
        Part& part = parts_[job.part];
        if (part.rows >= job.last) continue;
        if (!part.tile) part.tile.emplace(place);
        jobs.push_back(job);
      }
    for_all(threads, jobs.size(), [&](std::size_t i) { read_part(level, parts_[jobs[i].part], jobs[i].last); });
    for (const Job& job : jobs) {
      const Part& part = parts_[job.part];
      if (!part.sound) return {false, level, 0};
      const int row = (job.row << tiling_.bits(level)) + part.rows;
      if (part.rows < job.last && (outcome.level < 0 || row < outcome.row)) outcome = {true, level, row};
    }
  }
  return outcome;
}

void LatentDecoder::read_part(int level, Part& part, int last) {
  const LatentShape& s = shape();
  Tile& tile = *part.tile;
  if (part.empty) {
    part.rows = tile.rows();
    return;
  }
  Above above[kMaxLevels];
  if (level < s.feature_levels())
    for (int l = level + 1; l < s.levels; ++l) {
      const int depth = l - level;
      const Rectangle place = tile.place().coarser(depth), at = tiling_.holding(l, place);
      const Tile& coarse = *parts_[tiling_.number(l, at.top, at.left)].tile;
      above[depth - 1] = {coarse.row(place.top - coarse.place().top) + (place.left - coarse.place().left),
                          coarse.stride()};
    }
  // A copy: parts lie side by side, and other threads write to the next one.
  RangeDecoder code = all_ ? *all_ : part.code;
  bool sound = true;
  part.rows = walk(model_, level, tile, above, part.rows, last,
                   [&](const ContextModel::Prediction& p, int, int, std::int32_t& latent) {
                     sound = decode_laplace(code, p.scale, p.mean, latent);
                     // In a cut stream zeros that stand for missing bytes may have decided the symbol.
                     return sound && !(part.cut && code.past_end());
                   });
  (all_ ? *all_ : part.code) = code;
  if (part.rows == tile.rows()) {
    if (all_) ends_.push_back(static_cast<std::int64_t>(code.position()));
    if (!part.cut && (!all_ || level == 0)) sound = sound && code.complete();
  }
  part.sound = sound;
}

void LatentDecoder::copy(int level, const Rectangle& from, float* out, std::ptrdiff_t stride) const {
  const Rectangle at = tiling_.holding(level, from);
  for (int row = at.top; row < at.bottom; ++row)
    for (int column = at.left; column < at.right; ++column)
      if (const Part& part = parts_[tiling_.number(level, row, column)]; part.tile) part.tile->copy(from, out, stride);
}

void LatentDecoder::forget(int level, int row) {
  for (int r = 0; r < tiling_.down(level) && tiling_.place(level, r, 0).bottom <= row; ++r)
    for (int c = 0; c < tiling_.across(level); ++c) parts_[tiling_.number(level, r, c)].tile.reset();
}

}  // namespace coin
