// The numbers in streams, in the Python module coincodec._native: what encoders and tests ask the decoder's readers for.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bindings.h"
#include "decoder/format/container.h"
#include "decoder/latent/model.h"
#include "decoder/latent/origin.h"
#include "decoder/latent/stream.h"
#include "decoder/siren/stream.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using Parameters = nb::ndarray<const float, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Integers = nb::ndarray<const std::int32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Integers64 = nb::ndarray<const std::int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using MutableLatents = nb::ndarray<float, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

// A NumPy array of its own.
template <class T>
nb::object as_array(std::vector<T> values) {
  auto owned = std::make_unique<std::vector<T>>(std::move(values));
  std::vector<T>* v = owned.release();
  const nb::capsule owner(v, [](void* address) noexcept { delete static_cast<std::vector<T>*>(address); });
  return nb::cast(nb::ndarray<nb::numpy, T, nb::ndim<1>>(v->data(), {v->size()}, owner));
}

using Given = GivenSections::Given;

coin::SirenShape siren_shape(const std::tuple<int, int, int, int>& shape) {
  const auto [inputs, outputs, layers, width] = shape;
  require(inputs >= 1 && inputs <= coin::kMaxInputs && outputs >= 1 && outputs <= coin::kMaxOutputs && layers >= 1 &&
              layers <= coin::kMaxLayers && width >= 1 && width <= coin::kMaxWidth,
          "shape out of range");
  return {inputs, outputs, layers, width};
}

// Layers and width.
std::pair<int, int> read_siren_shape(nb::object parameters, int channels) {
  const Buffer buffer(parameters);
  const coin::SirenShape s = value_of(coin::read_siren_shape({coin::kSirenFamily, 1, 1, channels, 8, buffer.bytes()}));
  return {s.layers, s.width};
}

nb::object siren_weights(const std::tuple<int, int, int, int>& shape, const Given& given) {
  return as_array(value_of(coin::read_siren_weights(siren_shape(shape), GivenSections(given).get())));
}

bool siren_bounded(const Parameters& parameters, const std::tuple<int, int, int, int>& shape) {
  const coin::SirenShape s = siren_shape(shape);
  require(static_cast<std::size_t>(s.parameters()) == parameters.shape(0), "parameters do not fit the shape");
  return coin::siren_bounded(s, parameters.data());
}

nb::tuple as_tuple(const coin::LatentShape& s) {
  return nb::make_tuple(s.height, s.width, s.channels, s.levels, s.neighbours, s.features, s.hidden, s.block,
                        s.magnitudes);
}

nb::tuple read_latent_shape(nb::object parameters, int height, int width, int channels) {
  const Buffer buffer(parameters);
  return as_tuple(
      value_of(coin::read_latent_shape({coin::kLatentFamily, width, height, channels, 8, buffer.bytes()})));
}

nb::tuple as_tuple(coin::Networks networks) {
  const std::vector<int> bits(networks.bits.begin(), networks.bits.end());
  return nb::make_tuple(as_array(std::move(networks.levels)), nb::tuple(nb::cast(bits)));
}

// Levels and bits of the networks in the payload of a section.
nb::tuple latent_networks(nb::tuple shape, nb::object payload, bool relative) {
  const Buffer buffer(payload);
  return as_tuple(value_of(coin::read_networks(checked_latent_shape(shape), buffer.bytes(), relative)));
}

nb::tuple latent_networks_of(nb::tuple shape, const Given& given) {
  return as_tuple(value_of(coin::read_networks(checked_latent_shape(shape), GivenSections(given).get())));
}

coin::Networks checked_networks(nb::tuple shape, const Integers& levels, const std::vector<int>& bits) {
  coin::Networks networks = {checked_latent_shape(shape), {levels.data(), levels.data() + levels.shape(0)}, {}};
  require(static_cast<std::size_t>(networks.shape.parameters()) == levels.shape(0), "levels do not fit the shape");
  require(bits.size() == networks.bits.size(), "bits of each tensor");
  std::copy(bits.begin(), bits.end(), networks.bits.begin());
  return networks;
}

// The latents of a stream, as they are asked for.
class PyLatentStream {
 public:
  PyLatentStream(nb::tuple shape, const Integers& levels, const std::vector<int>& bits, const Given& given,
                 int threads)
      : sections_(given) {
    const coin::Networks networks = checked_networks(shape, levels, bits);
    const char* error = coin::integer_parameters_error(networks.shape, networks.integers());
    require(!error, error ? error : "");
    stream_ = value_of(coin::LatentStream::open(networks, sections_.get(), checked_threads(threads)));
  }

  const std::string& missing() const { return stream_->missing(); }
  std::vector<std::uint64_t> sizes() const { return stream_->sizes(); }

  // What a region of the picture needs.
  void read(int left, int top, int right, int bottom) {
    const coin::LatentShape& s = stream_->shape();
    require(0 <= left && left < right && right <= s.width && 0 <= top && top < bottom && bottom <= s.height,
            "a region out of the picture");
    const nb::gil_scoped_release release;
    check(stream_->read(coin::Window::of(s, {left, top, right, bottom}).needed, 0));
  }

  // All latents that have been read, as LatentShape lays them out; others are 0.
  void copy(const MutableLatents& out) const {
    const coin::LatentShape& s = stream_->shape();
    require(static_cast<std::size_t>(s.latents_size()) == out.shape(0), "latents do not fit the shape");
    const coin::Floats latents = stream_->window(coin::Window::of(s, {0, 0, s.width, s.height}), 0);
    std::copy_n(latents.get(), out.shape(0), out.data());
  }

 private:
  const GivenSections sections_;
  std::unique_ptr<coin::LatentStream> stream_;
};

// For each tensor of a stream the places of its parameters.
nb::list latent_tensors(nb::tuple shape) {
  nb::list found;
  for (std::vector<std::int32_t>& places : coin::tensors_of(checked_latent_shape(shape)))
    found.append(as_array(std::vector<std::int64_t>(places.begin(), places.end())));
  return found;
}

nb::object latent_parameters(nb::tuple shape, const Integers& levels, const std::vector<int>& bits) {
  return as_array(checked_networks(shape, levels, bits).parameters());
}

nb::object latent_coarser(nb::tuple shape, const Parameters& parameters, int level) {
  const coin::LatentShape s = checked_latent_shape(shape);
  require(static_cast<std::size_t>(s.parameters()) == parameters.shape(0), "parameters do not fit the shape");
  require(level >= 0 && level < s.levels, "level out of range");
  return as_array(coin::coarser_parameters(s, {parameters.data(), parameters.data() + parameters.shape(0)}, level));
}

// Multiply-accumulates of a decode.
double latent_macs(nb::tuple shape) {
  const coin::LatentShape s = checked_latent_shape(shape);
  return coin::contexts_macs(s) + coin::rendering_macs(s);
}

// Number, name of its sizes, price and values of each start.
nb::list latent_starts() {
  nb::list starts;
  for (const coin::Start& s : coin::kStarts)
    starts.append(nb::make_tuple(s.number, s.size, s.price,
                                 as_array(std::vector<std::int32_t>(s.values.begin(), s.values.end())),
                                 as_array(std::vector<std::int16_t>(s.directions.begin(), s.directions.end())),
                                 std::vector<int>(s.scales.begin(), s.scales.end()),
                                 std::vector<int>(s.bits.begin(), s.bits.end()), s.tune));
  return starts;
}

const coin::Start& checked_start(int number, const coin::LatentShape& s) {
  const coin::Start* start = coin::find_start(number);
  require(start != nullptr, "no such start");
  const coin::LatentShape known = start->shape();
  require(known.neighbours == s.neighbours && known.features == s.features && known.hidden == s.hidden &&
              known.block == s.block,
          "a start of another size");
  return *start;
}

void check_codes(const coin::Start& start, const std::vector<std::int32_t>& codes) {
  require(codes.empty() || codes.size() == start.scales.size(), "a code for each direction, or none");
}

// values: laid out as those of the start, int64.
nb::object latent_placed(nb::tuple shape, int number, const Integers64& values) {
  const coin::LatentShape s = checked_latent_shape(shape);
  const coin::Start& start = checked_start(number, s);
  require(values.shape(0) == start.values.size(), "values do not fit the start");
  return as_array(coin::placed(start, s, {values.data(), values.shape(0)}));
}

// Products and exponents: see OriginLevels.
nb::tuple latent_origin(nb::tuple shape, int number, int step, const std::vector<std::int32_t>& codes) {
  const coin::LatentShape s = checked_latent_shape(shape);
  require(step >= coin::kLeastStep && step <= coin::kMostStep, "step out of range");
  const coin::Start& start = checked_start(number, s);
  check_codes(start, codes);
  const coin::OriginLevels levels({&start, step, codes}, s);
  const std::vector<int>& exponents = levels.exponents();
  return nb::make_tuple(as_array(levels.products()),
                        as_array(std::vector<std::int64_t>(exponents.begin(), exponents.end())));
}

nb::object latent_unit_powers(nb::tuple shape) {
  const std::vector<int> powers = coin::unit_powers(checked_latent_shape(shape));
  return as_array(std::vector<std::int64_t>(powers.begin(), powers.end()));
}

}  // namespace

void bind_streams(nb::module_& m) {
  m.attr("LATENT_START_BITS") = coin::kStartBits;
  m.attr("LATENT_UNKNOWN") = coin::kUnknown;
  m.def("read_siren_shape", &read_siren_shape, "parameters"_a, "channels"_a);
  m.def("siren_weights", &siren_weights, "shape"_a, "sections"_a);
  m.def("siren_bounded", &siren_bounded, "parameters"_a.noconvert(), "shape"_a);
  m.def("read_latent_shape", &read_latent_shape, "parameters"_a, "height"_a, "width"_a, "channels"_a);
  m.def("latent_networks", &latent_networks, "shape"_a, "payload"_a, "relative"_a);
  m.def("latent_networks_of", &latent_networks_of, "shape"_a, "sections"_a);
  m.def("latent_tensors", &latent_tensors, "shape"_a);
  m.def("latent_parameters", &latent_parameters, "shape"_a, "levels"_a.noconvert(), "bits"_a);
  m.def("latent_coarser", &latent_coarser, "shape"_a, "parameters"_a.noconvert(), "level"_a);
  m.def("latent_macs", &latent_macs, "shape"_a);
  m.def("latent_starts", &latent_starts);
  m.def("latent_placed", &latent_placed, "shape"_a, "number"_a, "values"_a.noconvert());
  m.def("latent_origin", &latent_origin, "shape"_a, "number"_a, "step"_a, "codes"_a);
  m.def("latent_unit_powers", &latent_unit_powers, "shape"_a);
  nb::class_<PyLatentStream>(m, "LatentStream")
      .def(nb::init<nb::tuple, const Integers&, const std::vector<int>&, const Given&, int>(), "shape"_a,
           "levels"_a.noconvert(), "bits"_a, "sections"_a, "threads"_a)
      .def_prop_ro("missing", &PyLatentStream::missing)
      .def("sizes", &PyLatentStream::sizes)
      .def("read", &PyLatentStream::read, "left"_a, "top"_a, "right"_a, "bottom"_a)
      .def("copy", &PyLatentStream::copy, "out"_a.noconvert());
}
