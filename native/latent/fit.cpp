#include "latent/fit.h"

#include <algorithm>
#include <vector>

#include "base/kernels.h"
#include "base/threads.h"

namespace coin {

COIN_KERNELS(LatentFitKernel, latent_fit_kernel)

namespace {

// Rows of a grid that one thread handles at a time: a function of the model's sizes alone.
struct Band {
  int level, first, last;
};

std::vector<Band> bands_of(const LatentShape& s, int level, std::int64_t latents) {
  std::vector<Band> bands;
  const int rows = s.rows(level);
  // Even, since two rows share their features.
  const int height = std::max(2, static_cast<int>(latents / s.columns(level)) / 2 * 2);
  for (int row = 0; row < rows; row += height) bands.push_back({level, row, std::min(row + height, rows)});
  return bands;
}

std::vector<Band> all_bands(const LatentShape& s, std::int64_t latents) {
  std::vector<Band> bands;
  for (int level = 0; level < s.levels; ++level)
    for (const Band& band : bands_of(s, level, latents)) bands.push_back(band);
  return bands;
}

constexpr std::int64_t kContextBand = 12'288, kSynthesisBand = 24'576, kPlainBand = 32'768;

// Grids to what synthesis and contexts read: features and upsampled grids.
void spread(const LatentFitKernel& kernel, const LatentShape& s, const LatentArrays& a, bool features, bool backward,
            const Shares& scratch, int threads) {
  const int chains = s.levels - 2, coarsest = features && s.feature_levels() > 0 ? s.rows(s.levels - 1) : 0;
  parallel_for(threads, std::max(chains, 0) + coarsest, [&](std::int64_t task, int worker) {
    if (task < chains) {
      kernel.chain(s, a, static_cast<int>(task) + 2, scratch[worker]);
    } else {
      kernel.features(s, a, static_cast<int>(task - std::max(chains, 0)), backward, scratch[worker]);
    }
  });
}

}  // namespace

LatentFit::LatentFit(const LatentShape& shape)
    : shape_(shape), sizes_(latent_fit_kernel_in_use().sizes(shape)),
      target_(static_cast<std::size_t>(shape.channels) * shape.rows(0) * shape.padded(0)),
      latents_(shape.latents_size()), mean_(shape.latents_size()), square_(shape.latents_size()),
      z_(shape.latents_size()), slope_(shape.latents_size()), gradient_(shape.latents_size()), chains_(sizes_.chains),
      features_(sizes_.features), feature_gradient_(sizes_.features), narrow_(sizes_.narrow), packed_(sizes_.packed) {}

LatentFit::LatentFit(const LatentShape& shape, const std::uint8_t* samples) : LatentFit(shape) {
  set_target(samples, 255.0f);
}

LatentFit::LatentFit(const LatentShape& shape, const std::uint16_t* samples) : LatentFit(shape) {
  set_target(samples, 65535.0f);
}

template <class Sample>
void LatentFit::set_target(const Sample* samples, float maximum) {
  const int padded = shape_.padded(0);
  for (int row = 0; row < shape_.height; ++row)
    for (int x = 0; x < shape_.width; ++x)
      for (int c = 0; c < shape_.channels; ++c)
        target_.get()[(std::int64_t{c} * shape_.height + row) * padded + x] = static_cast<float>(*samples++) / maximum;
}

LatentFit::Guide LatentFit::guide() {
  if (goal_.size() == 0) {
    goal_ = Floats(target_.size());
    weights_ = Floats(target_.size());
    shown_ = Floats(target_.size());
    std::copy_n(target_.get(), target_.size(), goal_.get());
    std::fill_n(weights_.get(), weights_.size(), 1.0f);
  }
  return {target_.get(), goal_.get(), weights_.get(), shown_.get()};
}

LatentArrays LatentFit::arrays(const float* parameters) const {
  const bool guided = goal_.size() > 0;
  return {parameters,        guided ? goal_.get() : target_.get(), guided ? weights_.get() : nullptr,
          guided ? shown_.get() : nullptr,   z_.get(),                slope_.get(),  gradient_.get(),
          chains_.get(),     features_.get(), feature_gradient_.get(), narrow_.get(), packed_.get(),
          0,                 shape_.height};
}

void LatentFit::prepare(const float* parameters, const Quantisation& quantisation, bool backward, int threads) {
  const LatentFitKernel& kernel = latent_fit_kernel_in_use();
  kernel.pack(shape_, parameters, packed_.get());
  const std::vector<Band> bands = all_bands(shape_, kPlainBand);
  parallel_for(threads, static_cast<std::int64_t>(bands.size()), [&](std::int64_t task, int) {
    const Band& band = bands[task];
    kernel.quantise(shape_, band.level, band.first, band.last, latents_.get(), quantisation, z_.get(),
                    backward ? slope_.get() : nullptr);
  });
}

LatentCost LatentFit::evaluate(const float* parameters, const Quantisation& quantisation, int threads) {
  const LatentFitKernel& kernel = latent_fit_kernel_in_use();
  const LatentArrays a = arrays(parameters);
  scratch_.resize(threads, sizes_.scratch);
  prepare(parameters, quantisation, false, threads);
  spread(kernel, shape_, a, true, false, scratch_, threads);
  std::vector<Band> bands = bands_of(shape_, 0, kSynthesisBand);
  const std::int64_t images = static_cast<std::int64_t>(bands.size());
  for (const Band& band : all_bands(shape_, kContextBand)) bands.push_back(band);
  std::vector<double> costs(bands.size());
  parallel_for(threads, static_cast<std::int64_t>(bands.size()), [&](std::int64_t task, int worker) {
    const Band& band = bands[task];
    costs[task] = task < images
                      ? kernel.synthesis(shape_, a, band.first, band.last, false, 1, 0, nullptr, scratch_[worker])
                      : kernel.context(shape_, a, band.level, band.first, band.last, nullptr, 0, 1, 0, nullptr,
                                       scratch_[worker]);
  });
  LatentCost cost = {};
  for (std::size_t i = 0; i < costs.size(); ++i)
    (static_cast<std::int64_t>(i) < images ? cost.squared_error : cost.bits) += costs[i];
  return cost;
}

LatentCost LatentFit::step(const float* parameters, const Quantisation& quantisation, const LatentUpdate* update,
                           float lambda, int every, int phase, float* parameter_gradient, int threads) {
  const LatentFitKernel& kernel = latent_fit_kernel_in_use();
  const LatentShape& s = shape_;
  const LatentArrays a = arrays(parameters);
  scratch_.resize(threads, sizes_.scratch);
  prepare(parameters, quantisation, true, threads);
  spread(kernel, s, a, true, true, scratch_, threads);

  const std::vector<Band> images = bands_of(s, 0, kSynthesisBand), contexts = all_bands(s, kContextBand);
  const std::size_t grids = static_cast<std::size_t>(s.levels - 1);
  const std::size_t coarsest = s.feature_levels() > 0 ? static_cast<std::size_t>(s.rows(s.levels - 1)) : 0;
  const std::size_t parts = images.size() + grids + contexts.size() + coarsest;
  partials_.resize(parts, static_cast<std::size_t>(s.parameters()));
  const auto partial = [&](std::size_t i) {
    std::fill_n(partials_[i], s.parameters(), 0.0f);
    return partials_[i];
  };
  std::size_t part = 0;

  std::vector<double> errors(images.size()), bits(contexts.size());
  parallel_for(threads, static_cast<std::int64_t>(images.size()), [&](std::int64_t task, int worker) {
    errors[task] = kernel.synthesis(s, a, images[task].first, images[task].last, true, every, phase, partial(task),
                                    scratch_[worker]);
  });
  part += images.size();
  parallel_for(threads, static_cast<std::int64_t>(grids), [&](std::int64_t task, int worker) {
    kernel.chain_back(s, a, static_cast<int>(task) + 1, every, phase, partial(part + task), scratch_[worker]);
  });
  part += grids;

  above_.resize(contexts.size(), static_cast<std::size_t>(LatentShape::kRowsAbove) * s.stride(0));
  parallel_for(threads, static_cast<std::int64_t>(contexts.size()), [&](std::int64_t task, int worker) {
    const Band& band = contexts[task];
    bits[task] = kernel.context(s, a, band.level, band.first, band.last, above_[task], lambda, every, phase,
                                partial(part + task), scratch_[worker]);
  });
  part += contexts.size();
  for (std::size_t i = 0; i < contexts.size(); ++i) {
    const Band& band = contexts[i];
    if (band.first == 0) continue;
    const int stride = s.stride(band.level);
    float* rows = a.gradient + s.plane(band.level) - LatentShape::kMargin +
                  (std::int64_t{band.first} - LatentShape::kRowsAbove) * stride;
    for (int x = 0; x < LatentShape::kRowsAbove * stride; ++x) rows[x] += above_[i][x];
  }
  parallel_for(threads, static_cast<std::int64_t>(coarsest), [&](std::int64_t task, int worker) {
    kernel.features_back(s, a, static_cast<int>(task), partial(part + task), scratch_[worker]);
  });

  std::fill_n(parameter_gradient, s.parameters(), 0.0f);
  for (std::size_t i = 0; i < parts; ++i)
    for (std::ptrdiff_t k = 0; k < s.parameters(); ++k) parameter_gradient[k] += partials_[i][k];

  if (update) {
    const std::vector<Band> bands = all_bands(s, kPlainBand);
    parallel_for(threads, static_cast<std::int64_t>(bands.size()), [&](std::int64_t task, int) {
      const Band& band = bands[task];
      kernel.update(s, band.level, band.first, band.last, gradient_.get(), slope_.get(), *update, latents_.get(),
                    mean_.get(), square_.get());
    });
  }
  LatentCost cost = {};
  for (const double e : errors) cost.squared_error += e;
  for (const double b : bits) cost.bits += b;
  return cost;
}

}  // namespace coin
