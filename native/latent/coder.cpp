#include "latent/coder.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/kernels.h"
#include "entropy/laplace.h"

namespace coin {

COIN_KERNELS(IntegerKernel, integer_kernel)

namespace {

enum Bits { kWeights1, kBiases1, kWeights2, kBiases2, kWeightsLast, kBiasesLast, kFeatures };

// A sum of value * weight in units of 2^-(kValueBits + weight bits) is shifted by this much for its use.
constexpr int kMeanShift = kValueBits - 8, kScaleShift = kValueBits - 4;
constexpr int kScaleMiddle = 32;  // code of 2^-kScaleOffset

std::int64_t half(int shift) { return shift > 0 ? std::int64_t{1} << (shift - 1) : 0; }
std::int64_t bias_at(std::int32_t bias, int bits, int weight_bits) {
  return static_cast<std::int64_t>(bias) * (std::int64_t{1} << (kValueBits + weight_bits - bits));
}

// Rows [W | b]; with a residual the unit is added to the diagonal.
std::int64_t weight_of(const std::int32_t* row, int o, int i, bool residual, int bits) {
  return std::int64_t{row[i]} + (residual && i == o ? std::int64_t{1} << bits : 0);
}

const char* layer_error(const std::int32_t* w, int outputs, int inputs, bool residual, int bits, int bias_bits) {
  if (bits < 1 || bits > 14) return "context weights have an impossible precision";
  if (bias_bits < 0 || bias_bits > kValueBits + bits) return "context biases are finer than their sums";
  for (int o = 0; o < outputs; ++o) {
    const std::int32_t* row = w + o * (inputs + 1);
    std::int64_t sum = 0;
    for (int i = 0; i < inputs; ++i) {
      const std::int64_t weight = weight_of(row, o, i, residual, bits);
      if (weight < -kValueLimit || weight > kValueLimit) return "a context weight is too large";
      sum += std::abs(weight);
    }
    if (row[inputs] < -(1 << 24) || row[inputs] > 1 << 24) return "a context bias is too large";
    sum = sum * kValueLimit + std::abs(bias_at(row[inputs], bias_bits, bits)) + half(kValueBits + bits);
    if (sum >= std::int64_t{1} << 31) return "the context model could overflow";
  }
  return nullptr;
}

// Puts weights into pairs, `lanes` outputs apart.
void pack(const std::int32_t* w, int row_stride, int first, int outputs, int inputs, bool residual, int bits, int lanes,
          std::int32_t* out) {
  for (int o = 0; o < outputs; ++o)
    for (int i = 0; i < inputs; ++i) {
      const std::int64_t full = weight_of(w + o * row_stride + first, o, i, residual, bits);
      const std::uint32_t weight = static_cast<std::uint32_t>(full) & 0xFFFF;
      std::int32_t& pair = out[i / 2 * lanes + o];
      pair = static_cast<std::int32_t>(static_cast<std::uint32_t>(pair) | weight << (i % 2 * 16));
    }
}

IntegerContext make_context(const LatentShape& s, const IntegerParameters& p) {
  IntegerContext m = {};
  const int n = s.context();
  m.pairs = (n + 1) / 2;
  m.outputs = (n + 7) / 8 * 8;
  m.shift1 = p.bits[kWeights1];
  m.shift2 = p.bits[kWeights2];
  m.fold = s.magnitudes ? -1 : 0;
  const std::int32_t* w1 = p.values + s.context_at(0);
  const std::int32_t* w2 = p.values + s.context_at(1);
  const std::int32_t* last = p.values + s.context_at(2);
  pack(w1, n + 1, 0, n, n, true, m.shift1, m.outputs, m.weights1);
  pack(w2, n + 1, 0, n, n, true, m.shift2, m.outputs, m.weights2);
  pack(last, 2 * n + 1, 0, 2, n, false, 0, IntegerContext::kLast, m.last_hidden);
  pack(last, 2 * n + 1, n, 2, n, false, 0, IntegerContext::kLast, m.last_context);
  for (int o = 0; o < n; ++o) {
    m.start1[o] =
        static_cast<std::int32_t>(bias_at(w1[o * (n + 1) + n], p.bits[kBiases1], m.shift1) + half(m.shift1));
    m.start2[o] =
        static_cast<std::int32_t>(bias_at(w2[o * (n + 1) + n], p.bits[kBiases2], m.shift2) + half(m.shift2));
  }
  for (int o = 0; o < 2; ++o)
    m.start_last[o] =
        static_cast<std::int32_t>(bias_at(last[o * (2 * n + 1) + 2 * n], p.bits[kBiasesLast], p.bits[kWeightsLast]));
  return m;
}

std::int32_t shifted(std::int64_t value, int shift) {
  return static_cast<std::int32_t>(shift > 0 ? (value + half(shift)) >> shift : value << -shift);
}

std::int16_t limited(std::int64_t v) {
  return static_cast<std::int16_t>(std::clamp<std::int64_t>(v, -kValueLimit, kValueLimit));
}

std::int16_t seen(std::int32_t latent) {
  return static_cast<std::int16_t>(std::clamp(latent, -kLatentLimit, kLatentLimit) * (1 << kValueBits));
}

}  // namespace

// Goes through grids in the order of the code, coarsest first.
class LatentWalk {
 public:
  LatentWalk(const LatentShape& shape, const IntegerParameters& parameters)
      : s_(shape), model_(make_context(shape, parameters)), kernel_(integer_kernel_in_use()), planes_(shape.levels),
        feature_weights_(parameters.values + shape.features_at(0),
                         parameters.values + shape.features_at(shape.feature_levels())),
        weight_bits_(parameters.bits[kWeightsLast]), feature_bits_(parameters.bits[kFeatures]) {}

  // Calls symbol(scale, mean, row, column) for each latent of the next grid, which returns its value, or nothing to stop.
  // Returns whether it came to the end.
  template <class Symbol>
  bool grid(int level, const Symbol& symbol) {
    const LatentShape& s = s_;
    const int rows = s.rows(level), columns = s.columns(level), stride = s.stride(level), pairs = model_.pairs;
    std::vector<std::int16_t>& plane = planes_[level];
    plane.assign(static_cast<std::size_t>(s.plane_size(level)), 0);
    const bool has_features = level < s.feature_levels();
    const int half_columns = (columns + 1) / 2;
    features_.assign(static_cast<std::size_t>(s.features) * half_columns, 0);
    alignas(64) std::int16_t context[2 * IntegerContext::kPairs] = {};
    for (int row = 0; row < rows; ++row) {
      if (has_features && row % 2 == 0) set_features(level, row, half_columns);
      std::int16_t* here = plane.data() + std::int64_t{LatentShape::kRowsAbove + row} * stride + LatentShape::kMargin;
      for (int column = 0; column < columns; ++column) {
        for (int j = 0; j < s.neighbours; ++j)
          context[j] = here[column + std::int64_t{kNeighbours[j].row} * stride + kNeighbours[j].column];
        for (int f = 0; f < s.features; ++f)
          context[s.neighbours + f] = features_[static_cast<std::size_t>(f) * half_columns + column / 2];
        std::int32_t joined[IntegerContext::kPairs], out[2];
        for (int i = 0; i < pairs; ++i)
          joined[i] = static_cast<std::int32_t>(static_cast<std::uint16_t>(context[2 * i]) |
                                                static_cast<std::uint32_t>(context[2 * i + 1]) << 16);
        kernel_(model_, joined, out);
        const int mean = std::clamp(shifted(out[0], weight_bits_ + kMeanShift), -(kMeanLimit << kMeanBits),
                                    kMeanLimit << kMeanBits);
        const int scale = std::clamp(shifted(out[1], weight_bits_ + kScaleShift) + kScaleMiddle, 0, kLaplaceScales - 1);
        const std::optional<std::int32_t> value = symbol(scale, mean, row, column);
        if (!value) return false;
        here[column] = seen(*value);
      }
    }
    return true;
  }

 private:
  // What two rows are told of coarser grids.
  void set_features(int level, int row, int half_columns) {
    const LatentShape& s = s_;
    const std::int32_t* w = feature_weights_.data() + (s.features_at(level) - s.features_at(0));
    const int inputs = s.levels - 1 - level;
    for (int f = 0; f < s.features; ++f)
      for (int x = 0; x < half_columns; ++x) {
        std::int64_t sum = 0;
        for (int i = 0; i < inputs; ++i) {
          const int grid = level + 1 + i;
          const int above = LatentShape::kRowsAbove + (row >> (i + 1));
          const std::int64_t at = std::int64_t{above} * s.stride(grid) + LatentShape::kMargin;
          sum += std::int64_t{w[f * inputs + i]} * planes_[grid][at + (x >> i)];
        }
        features_[static_cast<std::size_t>(f) * half_columns + x] = limited((sum + half(feature_bits_)) >> feature_bits_);
      }
  }

  const LatentShape s_;
  const IntegerContext model_;
  const IntegerKernel kernel_;
  std::vector<std::vector<std::int16_t>> planes_;  // as contexts see them
  std::vector<std::int16_t> features_;
  std::vector<std::int32_t> feature_weights_;
  int weight_bits_, feature_bits_;
};

namespace {

// All latents, through symbol(level, scale, mean, value), with end(level) after each grid.
template <class Symbol, class End>
void visit(const LatentShape& s, const IntegerParameters& p, const float* latents, const Symbol& symbol,
           const End& end) {
  LatentWalk walk(s, p);
  for (int level = s.levels - 1; level >= 0; --level) {
    const float* plane = latents + s.plane(level);
    const int stride = s.stride(level);
    walk.grid(level, [&](int scale, int mean, int row, int column) -> std::optional<std::int32_t> {
      const auto value = static_cast<std::int32_t>(plane[std::int64_t{row} * stride + column]);
      symbol(level, scale, mean, value);
      return value;
    });
    end();
  }
}

}  // namespace

const char* integer_parameters_error(const LatentShape& s, const IntegerParameters& p) {
  const int n = s.context();
  for (int layer = 0; layer < 2; ++layer)
    if (const char* error =
            layer_error(p.values + s.context_at(layer), n, n, true, p.bits[2 * layer], p.bits[2 * layer + 1]))
      return error;
  if (const char* error =
          layer_error(p.values + s.context_at(2), 2, 2 * n, false, p.bits[kWeightsLast], p.bits[kBiasesLast]))
    return error;
  if (p.bits[kFeatures] < 0 || p.bits[kFeatures] > 14) return "features have an impossible precision";
  for (std::ptrdiff_t i = s.features_at(0); i < s.features_at(s.feature_levels()); ++i)
    if (p.values[i] < -(1 << 20) || p.values[i] > 1 << 20) return "a feature's weight is too large";
  return nullptr;
}

std::vector<std::uint8_t> encode_latents(const LatentShape& s, const IntegerParameters& p, const float* latents,
                                         std::vector<std::int64_t>& ends) {
  RangeEncoder coder;
  visit(
      s, p, latents, [&](int, int scale, int mean, std::int32_t value) { encode_laplace(coder, scale, mean, value); },
      [&] { ends.push_back(static_cast<std::int64_t>(coder.size())); });
  return coder.finish();
}

std::vector<double> latent_bits(const LatentShape& s, const IntegerParameters& p, const float* latents) {
  std::vector<double> bits(s.levels);
  visit(
      s, p, latents,
      [&](int level, int scale, int mean, std::int32_t value) { bits[level] += laplace_bits(scale, mean, value); },
      [] {});
  return bits;
}

LatentDecoder::LatentDecoder(const LatentShape& shape, const IntegerParameters& parameters, const std::uint8_t* bytes,
                             std::size_t count, bool cut)
    : shape_(shape), cut_(cut), walk_(std::make_unique<LatentWalk>(shape, parameters)), coder_(bytes, count),
      level_(shape.levels - 1) {}

LatentDecoder::~LatentDecoder() = default;

LatentDecoder::Grid LatentDecoder::next_grid(float* plane) {
  const int stride = shape_.stride(level_);
  Grid grid = {0, true};
  const bool whole = walk_->grid(level_, [&](int scale, int mean, int row, int column) -> std::optional<std::int32_t> {
    grid.rows = row;
    std::int32_t value;
    grid.sound = decode_laplace(coder_, scale, mean, value);
    // In a cut stream zeros that stand for missing bytes may have decided the symbol.
    if (!grid.sound || (cut_ && coder_.past_end())) return std::nullopt;
    plane[std::int64_t{row} * stride + column] = static_cast<float>(value);
    return value;
  });
  if (whole) grid.rows = shape_.rows(level_--);
  return grid;
}

}  // namespace coin
