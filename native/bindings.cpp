// The Python module coincodec._native. Checks every argument, releases the GIL, calls the core.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "base/isa.h"
#include "bindings.h"
#include "entropy/laplace.h"
#include "entropy/logistic.h"
#include "entropy/range_coder.h"
#include "siren/siren.h"

namespace nb = nanobind;
using namespace nb::literals;

void bind_decoder(nb::module_& m);  // bindings_decoder.cpp
void bind_latent(nb::module_& m);   // bindings_latent.cpp
void bind_looks(nb::module_& m);    // bindings_looks.cpp
void bind_streams(nb::module_& m);  // bindings_streams.cpp

namespace {

using Floats = nb::ndarray<const float, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using MutableFloats = nb::ndarray<float, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Indices = nb::ndarray<const std::int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Integers = nb::ndarray<const std::int32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using MutableIntegers = nb::ndarray<std::int32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using MutableDoubles = nb::ndarray<double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Table = nb::ndarray<nb::ro, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using MutableTable = nb::ndarray<nb::ndim<2>, nb::c_contig, nb::device::cpu>;

coin::SirenShape checked_shape(nb::tuple shape) {
  require(shape.size() == 4, "shape is (inputs, outputs, layers, width)");
  const coin::SirenShape s = {nb::cast<int>(shape[0]), nb::cast<int>(shape[1]), nb::cast<int>(shape[2]),
                              nb::cast<int>(shape[3])};
  require(s.inputs >= 1 && s.inputs <= coin::kMaxInputs, "inputs out of range");
  require(s.outputs >= 1 && s.outputs <= coin::kMaxOutputs, "outputs out of range");
  require(s.layers >= 1 && s.layers <= coin::kMaxLayers, "layers out of range");
  require(s.width >= 1 && s.width <= coin::kMaxWidth, "width out of range");
  return s;
}

void check_parameters(const coin::SirenShape& shape, std::size_t size) {
  require(static_cast<std::size_t>(shape.parameters()) == size, "parameters do not fit the shape");
}

coin::Samples checked_samples(const coin::SirenShape& shape, const std::vector<Floats>& axes,
                              const std::optional<Indices>& index) {
  require(axes.size() == static_cast<std::size_t>(shape.inputs), "one axis per input is needed");
  coin::Samples samples = {};
  samples.dims = shape.inputs;
  std::int64_t total = 1;
  for (int d = 0; d < shape.inputs; ++d) {
    const auto extent = static_cast<std::int64_t>(axes[d].shape(0));
    require(extent >= 1, "an axis is empty");
    require(total <= std::numeric_limits<std::int64_t>::max() / 1024 / extent, "the grid is too large");
    samples.axis[d] = axes[d].data();
    samples.extent[d] = extent;
    total *= extent;
  }
  samples.count = total;
  if (index) {
    samples.index = index->data();
    samples.count = static_cast<std::int64_t>(index->shape(0));
    require(samples.count >= 1, "the index is empty");
    require(std::all_of(samples.index, samples.index + samples.count,
                        [total](std::int64_t i) { return i >= 0 && i < total; }),
            "an index lies outside the grid");
  }
  return samples;
}

std::int64_t grid_size(const coin::Samples& samples) {
  std::int64_t total = 1;
  for (int d = 0; d < samples.dims; ++d) total *= samples.extent[d];
  return total;
}

template <class Array>
coin::SampleType sample_type(const Array& array) {
  if (array.dtype() == nb::dtype<std::uint8_t>()) return coin::SampleType::u8;
  if (array.dtype() == nb::dtype<std::uint16_t>()) return coin::SampleType::u16;
  require(array.dtype() == nb::dtype<float>(), "values are uint8, uint16 or float32");
  return coin::SampleType::f32;
}

void siren_forward(Floats parameters, nb::tuple shape_tuple, const std::vector<Floats>& axes, MutableTable out,
                   int threads) {
  const coin::SirenShape shape = checked_shape(shape_tuple);
  check_parameters(shape, parameters.shape(0));
  const coin::Samples samples = checked_samples(shape, axes, std::nullopt);
  require(out.shape(0) == static_cast<std::size_t>(samples.count) &&
              out.shape(1) == static_cast<std::size_t>(shape.outputs),
          "out must have the shape (samples, outputs)");
  const coin::Values values = {out.data(), sample_type(out)};
  checked_threads(threads);
  const nb::gil_scoped_release release;
  coin::siren_forward(shape, parameters.data(), samples, values, threads);
}

double siren_loss_and_gradient(Floats parameters, nb::tuple shape_tuple, const std::vector<Floats>& axes,
                               Table targets, std::optional<Indices> index, MutableFloats gradient, int threads) {
  const coin::SirenShape shape = checked_shape(shape_tuple);
  check_parameters(shape, parameters.shape(0));
  check_parameters(shape, gradient.shape(0));
  const coin::Samples samples = checked_samples(shape, axes, index);
  require(targets.shape(0) == static_cast<std::size_t>(grid_size(samples)) &&
              targets.shape(1) == static_cast<std::size_t>(shape.outputs),
          "targets must have the shape (grid samples, outputs)");
  const coin::Values values = {const_cast<void*>(targets.data()), sample_type(targets)};
  checked_threads(threads);
  const nb::gil_scoped_release release;
  return coin::siren_loss_and_gradient(shape, parameters.data(), samples, values, gradient.data(), threads);
}

double fma_peak(int threads) {
  checked_threads(threads);
  const nb::gil_scoped_release release;
  return coin::fma_peak(threads);
}

int checked_scale(int scale) {
  require(scale >= 0 && scale < coin::kLogisticScales, "scale out of range");
  return scale;
}

void check_integers(const Integers& values) {
  require(std::all_of(values.data(), values.data() + values.shape(0),
                      [](std::int32_t v) { return v >= -coin::kLogisticLimit && v <= coin::kLogisticLimit; }),
          "an integer is out of range");
}

// Scales and means for as many values.
void check_laplace(const Integers& scales, const Integers& means, std::size_t count) {
  require(scales.shape(0) == count && means.shape(0) == count, "a scale and a mean are needed for each value");
  require(std::all_of(scales.data(), scales.data() + count,
                      [](std::int32_t s) { return s >= 0 && s < coin::kLaplaceScales; }),
          "scale out of range");
  constexpr std::int32_t kMost = coin::kMeanLimit << coin::kMeanBits;
  require(std::all_of(means.data(), means.data() + count, [](std::int32_t m) { return m >= -kMost && m <= kMost; }),
          "mean out of range");
}

void check_laplace_values(const Integers& values) {
  require(std::all_of(values.data(), values.data() + values.shape(0),
                      [](std::int32_t v) { return v >= -coin::kLaplaceLimit && v <= coin::kLaplaceLimit; }),
          "an integer is out of range");
}

class PyRangeEncoder {
 public:
  void logistic(const Integers& values, int scale) {
    require(!finished_, "the code is finished");
    checked_scale(scale);
    check_integers(values);
    for (std::size_t i = 0; i < values.shape(0); ++i) coin::encode_logistic(coder_, scale, values.data()[i]);
  }

  void laplace(const Integers& values, const Integers& scales, const Integers& means) {
    require(!finished_, "the code is finished");
    check_laplace(scales, means, values.shape(0));
    check_laplace_values(values);
    for (std::size_t i = 0; i < values.shape(0); ++i)
      coin::encode_laplace(coder_, scales.data()[i], means.data()[i], values.data()[i]);
  }

  nb::bytes finish() {
    require(!finished_, "the code is finished");
    finished_ = true;
    const auto& bytes = coder_.finish();
    return nb::bytes(bytes.data(), bytes.size());
  }

 private:
  coin::RangeEncoder coder_;
  bool finished_ = false;
};

class PyRangeDecoder {
 public:
  explicit PyRangeDecoder(const nb::bytes& data)
      : data_(data), coder_(static_cast<const std::uint8_t*>(data_.data()), data_.size()) {}

  bool logistic(MutableIntegers out, int scale) {
    checked_scale(scale);
    for (std::size_t i = 0; i < out.shape(0); ++i) {
      if (!coin::decode_logistic(coder_, scale, out.data()[i])) return false;
    }
    return true;
  }

  bool laplace(MutableIntegers out, const Integers& scales, const Integers& means) {
    check_laplace(scales, means, out.shape(0));
    for (std::size_t i = 0; i < out.shape(0); ++i) {
      if (!coin::decode_laplace(coder_, scales.data()[i], means.data()[i], out.data()[i])) return false;
    }
    return true;
  }

  bool complete() const { return coder_.complete(); }

 private:
  nb::bytes data_;
  coin::RangeDecoder coder_;
};

void logistic_bits(const Integers& values, int scale, MutableDoubles out) {
  checked_scale(scale);
  check_integers(values);
  require(values.shape(0) == out.shape(0), "out must be as long as the values");
  for (std::size_t i = 0; i < values.shape(0); ++i) out.data()[i] = coin::logistic_bits(scale, values.data()[i]);
}

void laplace_bits(const Integers& values, const Integers& scales, const Integers& means, MutableDoubles out) {
  check_laplace(scales, means, values.shape(0));
  check_laplace_values(values);
  require(values.shape(0) == out.shape(0), "out must be as long as the values");
  for (std::size_t i = 0; i < values.shape(0); ++i)
    out.data()[i] = coin::laplace_bits(scales.data()[i], means.data()[i], values.data()[i]);
}

const char* error_class(coin::Code code) {
  switch (code) {
    case coin::Code::not_coin: return "NotCoinError";
    case coin::Code::truncated: return "TruncatedError";
    case coin::Code::corrupt: return "CorruptError";
    case coin::Code::unsupported: return "UnsupportedError";
    case coin::Code::limit: return "LimitError";
    case coin::Code::usage: return "UsageError";
    default: return "CoincodecError";
  }
}

}  // namespace

NB_MODULE(_native, m) {
  m.attr("MAX_INPUTS") = coin::kMaxInputs;
  m.attr("MAX_OUTPUTS") = coin::kMaxOutputs;
  m.attr("MAX_LAYERS") = coin::kMaxLayers;
  m.attr("MAX_WIDTH") = coin::kMaxWidth;
  m.attr("MAX_THREADS") = coin::kMaxThreads;
  m.attr("LOGISTIC_SCALES") = coin::kLogisticScales;
  m.attr("LOGISTIC_LIMIT") = coin::kLogisticLimit;
  m.def("supported_isas", &coin::supported_isas);
  m.def("selected_isa", &coin::selected_isa);
  m.def("select_isa", [](const std::string& name) { require(coin::select_isa(name), "unknown instruction set"); },
        "name"_a);
  m.def("fma_peak", &fma_peak, "threads"_a);
  // noconvert: a silent copy would lose what is written to it, and hide the cost of one that is read.
  m.def("siren_forward", &siren_forward, "parameters"_a.noconvert(), "shape"_a, "axes"_a.noconvert(),
        "out"_a.noconvert(), "threads"_a);
  m.def("siren_loss_and_gradient", &siren_loss_and_gradient, "parameters"_a.noconvert(), "shape"_a,
        "axes"_a.noconvert(), "targets"_a.noconvert(), "index"_a.noconvert().none(), "gradient"_a.noconvert(),
        "threads"_a);
  m.def("logistic_bits", &logistic_bits, "values"_a.noconvert(), "scale"_a, "out"_a.noconvert());
  m.attr("LAPLACE_SCALES") = coin::kLaplaceScales;
  m.attr("LAPLACE_LIMIT") = coin::kLaplaceLimit;
  m.attr("LAPLACE_MEAN_LIMIT") = coin::kMeanLimit;
  m.def("laplace_bits", &laplace_bits, "values"_a.noconvert(), "scales"_a.noconvert(), "means"_a.noconvert(),
        "out"_a.noconvert());
  nb::class_<PyRangeEncoder>(m, "RangeEncoder")
      .def(nb::init<>())
      .def("logistic", &PyRangeEncoder::logistic, "values"_a.noconvert(), "scale"_a)
      .def("laplace", &PyRangeEncoder::laplace, "values"_a.noconvert(), "scales"_a.noconvert(), "means"_a.noconvert())
      .def("finish", &PyRangeEncoder::finish);
  nb::class_<PyRangeDecoder>(m, "RangeDecoder")
      .def(nb::init<const nb::bytes&>(), "data"_a)
      .def("logistic", &PyRangeDecoder::logistic, "out"_a.noconvert(), "scale"_a)
      .def("laplace", &PyRangeDecoder::laplace, "out"_a.noconvert(), "scales"_a.noconvert(), "means"_a.noconvert())
      .def("complete", &PyRangeDecoder::complete);
  // Each code of the core is a class of coincodec.errors.
  nb::register_exception_translator([](const std::exception_ptr& thrown, void*) {
    try {
      std::rethrow_exception(thrown);
    } catch (const DecodingError& caught) {
      const char* name = error_class(caught.error.code);
      const nb::object type = nb::module_::import_("coincodec.errors").attr(name);
      PyErr_SetString(type.ptr(), caught.error.text.c_str());
    }
  });
  bind_decoder(m);
  bind_latent(m);
  bind_looks(m);
  bind_streams(m);
}
