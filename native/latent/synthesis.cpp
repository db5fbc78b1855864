#include "latent/synthesis.h"

#include "latent/matmul.h"
#include "latent/upsample.h"
#include "simd/math.h"

namespace coin::COIN_ISA {
namespace {

constexpr int kChunk = 256;
constexpr int kSide = 16;  // room on both sides of a row for its border
constexpr int kRing = 4;   // rows kept of everything that a row's neighbours need

// A row of the block's adjoint: the rows of the block's hidden gradient it takes, and by which row of the 3x3 kernel.
struct AdjointRow {
  int row[3], kernel[3];
  AdjointRow(int y, int rows) {
    int count = 0;
    for (int q = y - 1; q <= y + 1; ++q) {
      if (q < 0 || q >= rows) continue;
      for (int dy = -1; dy <= 1; ++dy) {
        const int seen = q + dy < 0 ? 0 : q + dy < rows ? q + dy : rows - 1;
        if (seen == y) {
          row[count] = q;
          kernel[count++] = dy + 1;
        }
      }
    }
  }
};

struct Packed {
  std::ptrdiff_t first, second, block, mix, hidden_back, grids_back, block_back, mix_back, size;
  explicit Packed(const LatentShape& s) {
    const std::ptrdiff_t c = s.channels, w = s.hidden, b = s.block, g = s.levels;
    first = 0;
    second = first + w * (g + 1);
    block = second + c * (w + g + 1);
    mix = block + b * (9 * c + 1);             // [W | 0]
    hidden_back = mix + c * (b + 1);           // [second's columns of the hidden layer, transposed | 0]
    grids_back = hidden_back + w * (c + 1);    // [first, transposed | second's columns of the grids, transposed | 0]
    block_back = grids_back + g * (w + c + 1); // four cases: in the middle, first, last, only row
    mix_back = block_back + 4 * c * (9 * b + 1);
    size = mix_back + b * (c + 1);
  }
};

int adjoint_case(int row, int rows) { return rows == 1 ? 3 : row == 0 ? 1 : row == rows - 1 ? 2 : 0; }

struct AddStore {
  const float* add;
  float* out;
  int stride;
  void operator()(int row, int x, Vector v) const {
    const int at = row * stride + x;
    store(out + at, load(add + at) + v);
  }
};

void clear(float* p, std::ptrdiff_t n) {
  for (std::ptrdiff_t i = 0; i < n; i += kLanes) store(p + i, Vector{});
}

// Passes rows through the synthesis from top to bottom, and errors back. Rows live in rings of kRing.
class Synthesis {
 public:
  Synthesis(const LatentShape& shape, const SynthesisInput& input, float* scratch) : s(shape), in(input), at(shape) {
    std::ptrdiff_t used = 0;
    const auto take = [&used, scratch](std::ptrdiff_t floats, int side = 0) {
      float* const here = scratch ? scratch + used + side : nullptr;
      used += (floats + 15) / 16 * 16;
      return here;
    };
    columns = s.columns(0);
    padded = s.padded(0);
    wide = padded + 2 * kSide;
    grids = take(std::ptrdiff_t{kRing} * s.levels * wide, kSide);
    middle = take(std::ptrdiff_t{kRing} * s.channels * wide);
    hidden = take(std::ptrdiff_t{s.hidden} * kChunk);
    block = take(std::ptrdiff_t{s.block} * wide);
    output = take(std::ptrdiff_t{s.channels} * wide);
    error = take(std::ptrdiff_t{kRing} * s.channels * wide);
    block_gradient = take(std::ptrdiff_t{kRing} * s.block * wide);
    middle_gradient = take(std::ptrdiff_t{s.channels} * wide);
    hidden_gradient = take(std::ptrdiff_t{s.hidden} * kChunk);
    grid_gradient = take(std::ptrdiff_t{s.levels} * wide);
    vertical = take(s.stride(1), kSide);
    narrow = take(2 * (s.stride(1) + 64));
    sums = reinterpret_cast<Vector*>(take(s.parameters() * kLanes));
    size = static_cast<std::size_t>(used);
  }

  std::size_t size;

  // Rows that stages read beyond what they wrote must hold something finite, and gradients must end in zeros.
  void begin(bool parameters) {
    clear(grids - kSide, std::ptrdiff_t{kRing} * s.levels * wide);
    clear(block, std::ptrdiff_t{s.block} * wide);
    clear(block_gradient, std::ptrdiff_t{kRing} * s.block * wide);
    clear(middle, std::ptrdiff_t{kRing} * s.channels * wide);
    clear(grid_gradient, std::ptrdiff_t{s.levels} * wide);
    if (parameters) clear(reinterpret_cast<float*>(sums), s.parameters() * kLanes);
  }

  // y of a row.
  void mix_grids(int row) {
    const float* u[kMaxLevels];
    grid_rows(row, u);
    for (int level = 1; level < s.levels; ++level) {
      Upsampling up(s, 0, in.parameters);
      upsample_vertically(up, at_level_1(s, in.rows, in.latents, in.chains, level, up), row, vertical);
      upsample_horizontally(up, vertical, const_cast<float*>(u[level]));
    }
    float* y = middle_row(row);
    for (int x = 0; x < padded; x += kChunk) {
      const int n = padded - x < kChunk ? padded - x : kChunk;
      const float* inputs[kMaxHidden + kMaxLevels];
      hidden_and_grids(u, x, n, inputs);
      product(in.packed + at.second, s.channels, inputs, s.hidden + s.levels, n, Store{y + x, wide});
    }
    for (int c = 0; c < s.channels; ++c) {
      float* border = y + c * wide;
      border[-1] = border[0];
      border[columns] = border[columns - 1];
    }
  }

  // v of a row, from y of it and its neighbours. Returns planes `wide` apart.
  const float* add_block(int row) {
    const float* y = middle_row(row);
    if (s.block == 0) return y;
    const float* around[9 * kMaxChannels];
    neighbourhood(row, around);
    product(in.packed + at.block, s.block, around, 9 * s.channels, padded, StoreRelu{block + kSide, wide});
    const float* inside[kMaxBlock];
    row_pointers(block + kSide, s.block, wide, inside);
    product(in.packed + at.mix, s.channels, inside, s.block, padded, AddStore{y, output + kSide, wide});
    return output + kSide;
  }

  // Squared error of a row, and its gradient as far as the block's hidden layer. `counted`: the row adds to the
  // parameters' gradient.
  double row_error(int row, const SynthesisBand& band, bool own, bool counted) {
    const float* v = add_block(row);
    float* e = error_row(row);
    const float scale = 2.0f / static_cast<float>(s.channels);
    Vector total{};
    for (int c = 0; c < s.channels; ++c) {
      const std::int64_t place = c * target_plane(s) + std::int64_t{row} * padded;
      const float* target = band.target + place;
      const float* weights = band.weights ? band.weights + place : nullptr;
      float* shown = own && band.shown ? band.shown + place : nullptr;
      for (int x = 0; x < padded; x += kLanes) {
        const Vector clamped = maximum(minimum(load(v + c * wide + x), broadcast(1.0f)), Vector{});
        if (shown) store(shown + x, clamped);
        Vector off = clamped - load(target + x);
        if (x + kLanes > columns)
          for (int i = 0; i < kLanes; ++i) off[i] = x + i < columns ? off[i] : 0.0f;
        const Vector weighted = weights ? load(weights + x) * off : off;
        total = fma(weighted, off, total);
        store(e + c * wide + x, broadcast(scale) * weighted);
      }
    }
    if (s.block > 0 && band.narrow) {
      const float* errors[kMaxChannels];
      row_pointers(e, s.channels, wide, errors);
      product(in.packed + at.mix_back, s.block, errors, s.channels, padded,
              StoreGated{block_row(row), block + kSide, wide});
      if (counted) {
        const float *around[9 * kMaxChannels], *inside[kMaxBlock], *gradients[kMaxBlock];
        neighbourhood(row, around);
        row_pointers(block + kSide, s.block, wide, inside);
        row_pointers(block_row(row), s.block, wide, gradients);
        outer(gradients, s.block, around, 9 * s.channels, padded, sums + s.block_at(), 9 * s.channels + 1);
        outer(errors, s.channels, inside, s.block, padded, sums + s.mix_at(), s.block);
      }
    }
    return own ? sum(total) : 0.0;
  }

  // Gradient of a row from its neighbours' errors down to the grids.
  void row_gradient(int row, const SynthesisBand& band, bool counted) {
    middle_errors(row);
    const float *u[kMaxLevels], *middle_gradients[kMaxChannels];
    grid_rows(row, u);
    Upsampling up(s, 0, in.parameters);
    float* grid0 = band.latent_gradient + s.plane(0) + std::int64_t{row} * s.stride(0);
    for (int x = 0; x < padded; x += kChunk) {
      const int n = padded - x < kChunk ? padded - x : kChunk;
      const float *inputs[kMaxHidden + kMaxLevels], *gradients[kMaxHidden + kMaxChannels], *shifted[kMaxLevels];
      hidden_and_grids(u, x, n, inputs);
      row_pointers(middle_gradient + kSide + x, s.channels, wide, middle_gradients);
      product(in.packed + at.hidden_back, s.hidden, middle_gradients, s.channels, n,
              StoreGated{hidden_gradient, hidden, kChunk});
      row_pointers(hidden_gradient, s.hidden, kChunk, gradients);
      for (int c = 0; c < s.channels; ++c) gradients[s.hidden + c] = middle_gradients[c];
      product(in.packed + at.grids_back, s.levels, gradients, s.hidden + s.channels, n,
              Store{grid_gradient + kSide + x, wide});
      if (counted) {
        for (int level = 0; level < s.levels; ++level) shifted[level] = u[level] + x;
        outer(gradients, s.hidden, shifted, s.levels, n, sums + s.first_at(), s.levels + 1);
        outer(middle_gradients, s.channels, inputs, s.hidden + s.levels, n, sums + s.second_at(),
              s.hidden + s.levels + 1);
      }
    }
    for (int x = 0; x < padded; x += kLanes) store(grid0 + x, load(grid_gradient + kSide + x));
    for (int level = 1; level < s.levels; ++level) {
      if (counted) upsample_vertically(up, at_level_1(s, in.rows, in.latents, in.chains, level, up), row, vertical);
      float* out = band.narrow + (level - 1) * narrow_plane(s) + LatentShape::kMargin + std::int64_t{row} * s.stride(1);
      downsample_horizontally(up, grid_gradient + level * wide + kSide, out, vertical,
                              counted ? sums + s.filter_at(0) : nullptr, narrow);
    }
  }

  void finish(float scale, float* partial) const {
    if (s.levels > 1)
      for (int k = 0; k < kTaps; ++k) partial[s.filter_at(0) + k] += scale * sum(sums[s.filter_at(0) + k]);
    for (std::ptrdiff_t i = s.first_at(); i < s.parameters(); ++i) partial[i] += scale * sum(sums[i]);
  }

 private:
  float* middle_row(int row) { return middle + row % kRing * s.channels * std::ptrdiff_t{wide} + kSide; }
  float* error_row(int row) { return error + row % kRing * s.channels * std::ptrdiff_t{wide} + kSide; }
  float* block_row(int row) { return block_gradient + row % kRing * s.block * std::ptrdiff_t{wide} + kSide; }

  // Rows of the grids at the picture's size; grid 0 is that already.
  void grid_rows(int row, const float** u) {
    u[0] = in.latents + s.plane(0) + std::int64_t{row} * s.stride(0);
    for (int level = 1; level < s.levels; ++level)
      u[level] = grids + (row % kRing * s.levels + level) * std::ptrdiff_t{wide};
  }

  // Computes the hidden layer of n pixels from x on; `inputs` of the second layer.
  void hidden_and_grids(const float* const* u, int x, int n, const float** inputs) {
    const float* shifted[kMaxLevels];
    for (int level = 0; level < s.levels; ++level) shifted[level] = u[level] + x;
    product(in.packed + at.first, s.hidden, shifted, s.levels, n, StoreRelu{hidden, kChunk});
    row_pointers(hidden, s.hidden, kChunk, inputs);
    for (int level = 0; level < s.levels; ++level) inputs[s.hidden + level] = shifted[level];
  }

  // The nine places around each pixel, channel by channel, row by row.
  void neighbourhood(int row, const float** around) {
    for (int c = 0; c < s.channels; ++c)
      for (int dy = -1; dy <= 1; ++dy) {
        const int r = row + dy < 0 ? 0 : row + dy < s.height ? row + dy : s.height - 1;
        for (int dx = -1; dx <= 1; ++dx) around[(c * 3 + dy + 1) * 3 + dx + 1] = middle_row(r) + c * wide + dx;
      }
  }

  // middle_gradient: of y in a row.
  void middle_errors(int row) {
    float* out = middle_gradient + kSide;
    const float* e = error_row(row);
    if (s.block == 0) {
      for (int c = 0; c < s.channels; ++c)
        for (int x = 0; x < padded; x += kLanes) store(out + c * wide + x, load(e + c * wide + x));
      return;
    }
    const AdjointRow uses(row, s.height);
    const float* weights = in.packed + at.block_back + adjoint_case(row, s.height) * s.channels * (9 * s.block + 1);
    const float* inputs[9 * kMaxBlock];
    for (int i = 0; i < 3; ++i)
      for (int k = 0; k < s.block; ++k)
        for (int dx = -1; dx <= 1; ++dx)
          inputs[(i * s.block + k) * 3 + dx + 1] = block_row(uses.row[i]) + k * wide - dx;
    product(weights, s.channels, inputs, 9 * s.block, padded, AddStore{e, out, wide});
    for (int c = 0; c < s.channels; ++c) {
      // What a border looked for beyond itself.
      float left = 0, right = 0;
      for (int i = 0; i < 3; ++i)
        for (int k = 0; k < s.block; ++k) {
          const float* w = weights + c * (9 * s.block + 1) + (i * s.block + k) * 3;
          const float* gradient = block_row(uses.row[i]) + k * wide;
          left += w[0] * gradient[0];
          right += w[2] * gradient[columns - 1];
        }
      out[c * wide] += left;
      out[c * wide + columns - 1] += right;
      for (int x = columns; x < padded; ++x) out[c * wide + x] = 0;
    }
  }

  const LatentShape& s;
  const SynthesisInput& in;
  Packed at;
  int columns, padded, wide;
  float *grids, *middle, *hidden, *block, *output, *error, *block_gradient, *middle_gradient, *hidden_gradient;
  float *grid_gradient, *vertical, *narrow;
  Vector* sums;
};

}  // namespace

std::size_t synthesis_packed_size(const LatentShape& s) { return Packed(s).size; }

std::size_t synthesis_scratch_size(const LatentShape& s) {
  const SynthesisInput none = {nullptr, nullptr, nullptr, nullptr, {s, 0, s.height}};
  return Synthesis(s, none, nullptr).size;
}

void synthesis_pack(const LatentShape& s, const float* parameters, float* packed) {
  const Packed at(s);
  const int c = s.channels, w = s.hidden, b = s.block, g = s.levels;
  const float* first = parameters + s.first_at();
  const float* second = parameters + s.second_at();
  const float* block = parameters + s.block_at();
  const float* mix = parameters + s.mix_at();
  for (int i = 0; i < w * (g + 1); ++i) packed[at.first + i] = first[i];
  for (int i = 0; i < c * (w + g + 1); ++i) packed[at.second + i] = second[i];
  for (int i = 0; i < b * (9 * c + 1); ++i) packed[at.block + i] = block[i];
  for (int o = 0; o < c; ++o) {
    for (int k = 0; k < b; ++k) {
      packed[at.mix + o * (b + 1) + k] = mix[o * b + k];
      packed[at.mix_back + k * (c + 1) + o] = mix[o * b + k];
    }
    packed[at.mix + o * (b + 1) + b] = 0;
    for (int h = 0; h < w; ++h) packed[at.hidden_back + h * (c + 1) + o] = second[o * (w + g + 1) + h];
    for (int l = 0; l < g; ++l) packed[at.grids_back + l * (w + c + 1) + w + o] = second[o * (w + g + 1) + w + l];
  }
  for (int k = 0; k < b; ++k) packed[at.mix_back + k * (c + 1) + c] = 0;
  for (int h = 0; h < w; ++h) packed[at.hidden_back + h * (c + 1) + c] = 0;
  for (int l = 0; l < g; ++l) {
    for (int h = 0; h < w; ++h) packed[at.grids_back + l * (w + c + 1) + h] = first[h * (g + 1) + l];
    packed[at.grids_back + l * (w + c + 1) + w + c] = 0;
  }
  const int rows[4] = {3, 3, 3, 1}, row[4] = {1, 0, 2, 0};  // an example of each case
  for (int kind = 0; kind < 4; ++kind) {
    const AdjointRow uses(row[kind], rows[kind]);
    for (int o = 0; o < c; ++o) {
      float* out = packed + at.block_back + (kind * c + o) * (9 * b + 1);
      for (int i = 0; i < 3; ++i)
        for (int k = 0; k < b; ++k)
          for (int dx = 0; dx < 3; ++dx)
            out[(i * b + k) * 3 + dx] = block[k * (9 * c + 1) + (o * 3 + uses.kernel[i]) * 3 + dx];
      out[9 * b] = 0;
    }
  }
}

double synthesis_band(const LatentShape& s, const SynthesisInput& in, const SynthesisBand& band, float* partial,
                      float* scratch) {
  Synthesis synthesis(s, in, scratch);
  const bool backward = band.narrow != nullptr;
  synthesis.begin(partial != nullptr);
  const int reach = s.block > 0 ? 1 : 0;
  const auto inside = [&](int row) { return row < 0 ? 0 : row < s.height ? row : s.height - 1; };
  const auto counted = [&](int row) {
    return partial && row >= band.first && row < band.last && (row + band.phase) % band.every == 0;
  };
  // Errors are wanted `reach` rows beyond the band, where there are any, and y another `reach` beyond them.
  const int from = backward ? inside(band.first - reach) : band.first;
  const int to = backward ? inside(band.last - 1 + reach) + 1 : band.last;
  double total = 0;
  int mixed = inside(from - reach), judged = from;
  for (int row = band.first; row < band.last; ++row) {
    for (; judged < to && judged <= row + (backward ? reach : 0); ++judged) {
      for (; mixed <= inside(judged + reach); ++mixed) synthesis.mix_grids(mixed);
      total += synthesis.row_error(judged, band, judged >= band.first && judged < band.last, counted(judged));
    }
    if (backward) synthesis.row_gradient(row, band, counted(row));
  }
  if (partial) synthesis.finish(static_cast<float>(band.every), partial);
  return total;
}

void synthesis_rows(const LatentShape& s, const SynthesisInput& in, int first, int last, float* out, std::int64_t plane,
                    float* scratch) {
  Synthesis synthesis(s, in, scratch);
  synthesis.begin(false);
  const int reach = s.block > 0 ? 1 : 0, padded = s.padded(0);
  const auto inside = [&](int row) { return row < 0 ? 0 : row < s.height ? row : s.height - 1; };
  int mixed = inside(first - reach);
  for (int row = first; row < last; ++row) {
    for (; mixed <= inside(row + reach); ++mixed) synthesis.mix_grids(mixed);
    const float* v = synthesis.add_block(row);
    for (int c = 0; c < s.channels; ++c)
      for (int x = 0; x < padded; x += kLanes)
        store(out + c * plane + std::int64_t{row - first} * padded + x, load(v + c * (padded + 2 * kSide) + x));
  }
}

}  // namespace coin::COIN_ISA
