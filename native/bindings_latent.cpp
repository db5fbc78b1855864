// The `latent` family in the Python module coincodec._native.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bindings.h"
#include "entropy/laplace.h"
#include "latent/coder.h"
#include "latent/fit.h"
#include "latent/picture.h"

namespace nb = nanobind;
using namespace nb::literals;

coin::LatentShape checked_latent_shape(nb::tuple t) {
  require(t.size() == 9, "shape is (height, width, channels, levels, neighbours, features, hidden, block, magnitudes)");
  const auto at = [&t](std::size_t i) { return nb::cast<int>(t[i]); };
  const coin::LatentShape s = {at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7), at(8) != 0};
  require(s.height >= 1 && s.height <= 1 << 20 && s.width >= 1 && s.width <= 1 << 20, "size out of range");
  require(s.channels >= 1 && s.channels <= coin::kMaxChannels, "channels out of range");
  require(s.levels >= 1 && s.levels <= coin::kMaxLevels, "levels out of range");
  require(s.neighbours >= 1 && s.neighbours <= coin::kMaxNeighbours, "neighbours out of range");
  require(s.features >= 0 && s.features <= coin::kMaxFeatures, "features out of range");
  require(s.hidden >= 1 && s.hidden <= coin::kMaxHidden, "hidden out of range");
  require(s.block >= 0 && s.block <= coin::kMaxBlock, "block out of range");
  return s;
}

namespace {

using Parameters = nb::ndarray<const float, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using MutableParameters = nb::ndarray<float, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Integers = nb::ndarray<const std::int32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Samples = nb::ndarray<nb::ro, nb::ndim<3>, nb::c_contig, nb::device::cpu>;
using MutableSamples = nb::ndarray<nb::ndim<3>, nb::c_contig, nb::device::cpu>;
using Latents = nb::ndarray<nb::numpy, float, nb::ndim<1>, nb::c_contig>;

template <class Array>
void check_samples(const coin::LatentShape& s, const Array& samples) {
  require(samples.shape(0) == static_cast<std::size_t>(s.height) &&
              samples.shape(1) == static_cast<std::size_t>(s.width) &&
              samples.shape(2) == static_cast<std::size_t>(s.channels),
          "samples must have the shape (height, width, channels)");
}

template <class Array>
bool is_byte(const Array& samples) {
  if (samples.dtype() == nb::dtype<std::uint8_t>()) return true;
  require(samples.dtype() == nb::dtype<std::uint16_t>(), "samples are uint8 or uint16");
  return false;
}

coin::Quantisation checked_quantisation(const std::optional<nb::tuple>& soft) {
  if (!soft) return {false, 1, 0, 0};
  require(soft->size() == 3, "soft is (temperature, noise, seed)");
  const coin::Quantisation q = {true, nb::cast<float>((*soft)[0]), nb::cast<float>((*soft)[1]),
                                nb::cast<std::uint32_t>((*soft)[2])};
  require(q.temperature > 0 && q.noise >= 0, "temperature or noise out of range");
  return q;
}

class PyLatentFit {
 public:
  PyLatentFit(nb::tuple shape_tuple, const Samples& samples) {
    const coin::LatentShape shape = checked_latent_shape(shape_tuple);
    check_samples(shape, samples);
    require(shape.magnitudes, "the contexts of a fit take magnitudes");
    const bool bytes = is_byte(samples);
    const nb::gil_scoped_release release;
    fit_ = bytes ? std::make_unique<coin::LatentFit>(shape, static_cast<const std::uint8_t*>(samples.data()))
                 : std::make_unique<coin::LatentFit>(shape, static_cast<const std::uint16_t*>(samples.data()));
  }

  Latents latents() { return like_latents(fit_->latents()); }

  // Arrays laid out as the latents: see LatentFit::moments.
  nb::tuple moments() {
    const coin::LatentFit::Moments m = fit_->moments();
    return nb::make_tuple(like_latents(m.mean), like_latents(m.square));
  }

  // Arrays of shape (channels, height, width): see LatentFit::guide.
  nb::tuple guide() {
    const coin::LatentFit::Guide g = fit_->guide();
    return nb::make_tuple(plane(const_cast<float*>(g.picture)), plane(g.goal), plane(g.weights), plane(g.shown));
  }

  std::pair<double, double> step(const Parameters& parameters, std::optional<nb::tuple> soft,
                                 std::optional<nb::tuple> update, float lambda, int every, int phase,
                                 const MutableParameters& gradient, int threads) {
    check(parameters.shape(0));
    check(gradient.shape(0));
    checked_threads(threads);
    require(every >= 1 && phase >= 0, "every or phase out of range");
    const coin::Quantisation quantisation = checked_quantisation(soft);
    coin::LatentUpdate adam = {};
    if (update) {
      require(update->size() == 6, "update is (rate, beta1, beta2, decay1, decay2, epsilon)");
      const auto at = [&update](std::size_t i) { return nb::cast<float>((*update)[i]); };
      adam = {at(0), at(1), at(2), at(3), at(4), at(5)};
    }
    const nb::gil_scoped_release release;
    const coin::LatentCost cost = fit_->step(parameters.data(), quantisation, update ? &adam : nullptr, lambda, every,
                                             phase, gradient.data(), threads);
    return {cost.squared_error, cost.bits};
  }

  std::pair<double, double> evaluate(const Parameters& parameters, std::optional<nb::tuple> soft, int threads) {
    check(parameters.shape(0));
    checked_threads(threads);
    const coin::Quantisation quantisation = checked_quantisation(soft);
    const nb::gil_scoped_release release;
    const coin::LatentCost cost = fit_->evaluate(parameters.data(), quantisation, threads);
    return {cost.squared_error, cost.bits};
  }

 private:
  Latents like_latents(float* at) {
    return Latents(at, {static_cast<std::size_t>(fit_->shape().latents_size())}, nb::find(this));
  }

  nb::ndarray<nb::numpy, float, nb::ndim<3>> plane(float* at) {
    const coin::LatentShape& s = fit_->shape();
    const auto n = [](int x) { return static_cast<std::size_t>(x); };
    const std::int64_t strides[3] = {std::int64_t{s.height} * s.padded(0), s.padded(0), 1};
    return {at, {n(s.channels), n(s.height), n(s.width)}, nb::find(this), {strides[0], strides[1], strides[2]}};
  }

  void check(std::size_t parameters) const {
    require(static_cast<std::size_t>(fit_->shape().parameters()) == parameters, "parameters do not fit the shape");
  }

  std::unique_ptr<coin::LatentFit> fit_;
};

class PyLatentPicture {
 public:
  PyLatentPicture(nb::tuple shape_tuple, const Parameters& parameters, const Parameters& latents)
      : latents_(latents) {
    const coin::LatentShape shape = checked_latent_shape(shape_tuple);
    require(static_cast<std::size_t>(shape.parameters()) == parameters.shape(0), "parameters do not fit the shape");
    require(static_cast<std::size_t>(shape.latents_size()) == latents.shape(0), "latents do not fit the shape");
    require(reinterpret_cast<std::uintptr_t>(latents.data()) % 64 == 0, "latents must lie on a cache line");
    picture_ = std::make_unique<coin::LatentPicture>(shape, parameters.data(), latents.data());
  }

  // samples: the rows from `first` on, as many as it has.
  void rows(int first, const MutableSamples& samples, int threads) const {
    const coin::LatentShape& shape = picture_->shape();
    const bool fits = samples.ndim() == 3 && samples.shape(1) == static_cast<std::size_t>(shape.width) &&
                      samples.shape(2) == static_cast<std::size_t>(shape.channels);
    require(fits && first >= 0 && first + static_cast<std::int64_t>(samples.shape(0)) <= shape.height,
            "samples do not fit the shape");
    checked_threads(threads);
    const int last = first + static_cast<int>(samples.shape(0));
    const bool bytes = is_byte(samples);
    const nb::gil_scoped_release release;
    if (bytes) {
      picture_->rows(first, last, static_cast<std::uint8_t*>(samples.data()), threads);
    } else {
      picture_->rows(first, last, static_cast<std::uint16_t*>(samples.data()), threads);
    }
  }

 private:
  Parameters latents_;  // keeps them alive
  std::unique_ptr<coin::LatentPicture> picture_;
};

// The message that says what is wrong with integer parameters, or None.
std::optional<std::string> integer_error(nb::tuple shape_tuple, const Integers& values, const std::vector<int>& bits) {
  const coin::LatentShape shape = checked_latent_shape(shape_tuple);
  require(static_cast<std::size_t>(shape.parameters()) == values.shape(0), "parameters do not fit the shape");
  require(bits.size() == 7, "bits are seven numbers");
  coin::IntegerParameters parameters = {values.data(), {}};
  std::copy(bits.begin(), bits.end(), parameters.bits);
  if (const char* error = coin::integer_parameters_error(shape, parameters)) return error;
  return std::nullopt;
}

// Nothing in it refers to the arrays.
coin::ContextModel checked_context_model(nb::tuple shape_tuple, const Integers& values, const std::vector<int>& bits) {
  const std::optional<std::string> error = integer_error(shape_tuple, values, bits);
  require(!error, error ? error->c_str() : "");
  coin::IntegerParameters parameters = {values.data(), {}};
  std::copy(bits.begin(), bits.end(), parameters.bits);
  return {checked_latent_shape(shape_tuple), parameters};
}

void check_latents(const coin::LatentShape& shape, const Parameters& latents) {
  require(static_cast<std::size_t>(shape.latents_size()) == latents.shape(0), "latents do not fit the shape");
  const float* x = latents.data();
  for (std::size_t i = 0; i < latents.shape(0); ++i)
    require(std::abs(x[i]) <= static_cast<float>(coin::kLaplaceLimit) && x[i] == std::floor(x[i]),
            "latents must be integers within the coder's range");
}

nb::bytes as_bytes(const coin::Bytes& bytes) { return nb::bytes(bytes.data(), bytes.size()); }

class PyLatentEncoder {
 public:
  PyLatentEncoder(nb::tuple shape, const Integers& values, const std::vector<int>& bits, const Parameters& latents)
      : latents_(latents), model_(checked_context_model(shape, values, bits)) {
    check_latents(model_.shape(), latents);
    const nb::gil_scoped_release release;
    encoder_ = std::make_unique<coin::LatentEncoder>(model_, latents.data());
  }

  nb::bytes code() const {
    coin::Bytes code;
    {
      const nb::gil_scoped_release release;
      code = encoder_->code();
    }
    return as_bytes(code);
  }

  nb::list tiles(int level, int bits, int threads) const {
    checked_threads(threads);
    require(level >= 0 && level < model_.shape().levels, "level out of range");
    require(bits >= 1 && bits <= coin::Tiling::kWhole, "tiles out of range");
    std::vector<coin::Bytes> codes;
    {
      const nb::gil_scoped_release release;
      codes = encoder_->tiles(level, bits, threads);
    }
    nb::list list;
    for (const coin::Bytes& code : codes) list.append(as_bytes(code));
    return list;
  }

  std::vector<double> bits() const {
    const nb::gil_scoped_release release;
    return encoder_->bits();
  }

 private:
  Parameters latents_;  // keeps them alive
  const coin::ContextModel model_;
  std::unique_ptr<coin::LatentEncoder> encoder_;
};

// Where the parts of the parameters begin, and the planes of the latents with their stride.
nb::dict layout(nb::tuple shape_tuple) {
  const coin::LatentShape s = checked_latent_shape(shape_tuple);
  nb::list planes, features, filters;
  for (int l = 0; l < s.levels; ++l) planes.append(nb::make_tuple(s.plane(l), s.stride(l)));
  for (int l = 0; l < s.feature_levels(); ++l) features.append(s.features_at(l));
  for (int l = 0; l + 1 < s.levels; ++l) filters.append(s.filter_at(l));
  nb::dict d;
  d["latents"] = s.latents_size();
  d["planes"] = planes;
  d["context"] = nb::make_tuple(s.context_at(0), s.context_at(1), s.context_at(2));
  d["features"] = features;
  d["filters"] = filters;
  d["first"] = s.first_at();
  d["second"] = s.second_at();
  d["block"] = s.block_at();
  d["mix"] = s.mix_at();
  d["parameters"] = s.parameters();
  return d;
}

}  // namespace

void bind_latent(nb::module_& m) {
  m.def("latent_layout", &layout, "shape"_a);
  m.def("latent_integer_error", &integer_error, "shape"_a, "values"_a.noconvert(), "bits"_a);
  nb::class_<PyLatentEncoder>(m, "LatentEncoder")
      .def(nb::init<nb::tuple, const Integers&, const std::vector<int>&, const Parameters&>(), "shape"_a,
           "values"_a.noconvert(), "bits"_a, "latents"_a.noconvert())
      .def("code", &PyLatentEncoder::code)
      .def("tiles", &PyLatentEncoder::tiles, "level"_a, "bits"_a, "threads"_a)
      .def("bits", &PyLatentEncoder::bits);
  nb::class_<PyLatentPicture>(m, "LatentPicture")
      .def(nb::init<nb::tuple, const Parameters&, const Parameters&>(), "shape"_a, "parameters"_a.noconvert(),
           "latents"_a.noconvert())
      .def("rows", &PyLatentPicture::rows, "first"_a, "samples"_a.noconvert(), "threads"_a);
  nb::class_<PyLatentFit>(m, "LatentFit")
      .def(nb::init<nb::tuple, const Samples&>(), "shape"_a, "samples"_a.noconvert())
      .def("latents", &PyLatentFit::latents, nb::rv_policy::reference_internal)
      .def("moments", &PyLatentFit::moments)
      .def("guide", &PyLatentFit::guide)
      .def("step", &PyLatentFit::step, "parameters"_a.noconvert(), "soft"_a.none(), "update"_a.none(), "lambda_"_a,
           "every"_a, "phase"_a, "gradient"_a.noconvert(), "threads"_a)
      .def("evaluate", &PyLatentFit::evaluate, "parameters"_a.noconvert(), "soft"_a.none(), "threads"_a);
}
