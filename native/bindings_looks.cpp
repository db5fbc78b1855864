// The looks in the Python module coincodec._native.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/pair.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "bindings.h"
#include "looks/aim.h"
#include "looks/ssimulacra2.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using Samples = nb::ndarray<const float, nb::ndim<3>, nb::device::cpu>;
using MutableSamples = nb::ndarray<float, nb::ndim<3>, nb::device::cpu>;
using Weights = nb::ndarray<const double, nb::shape<coin::kOpponents, coin::kScales, 2, coin::kMaps>, nb::c_contig,
                            nb::device::cpu>;

// Samples of shape (channels, height, width), rows without gaps in them.
template <class Array>
coin::Planes planes(const Array& samples) {
  require(samples.stride(2) == 1, "the samples of a row must lie side by side");
  return {samples.data(), samples.stride(0), samples.stride(1)};
}

void check_size(const Samples& samples) {
  for (const std::size_t axis : {std::size_t{1}, std::size_t{2}})
    require(samples.shape(axis) >= 1 && samples.shape(axis) <= 1 << 20, "size out of range");
}

template <class Looks, class Array>
void check_shape(const Looks& looks, const Array& samples) {
  require(samples.shape(0) == static_cast<std::size_t>(looks.channels()) &&
              samples.shape(1) == static_cast<std::size_t>(looks.height()) &&
              samples.shape(2) == static_cast<std::size_t>(looks.width()),
          "the samples must have the original's shape");
}

struct Table {
  explicit Table(const Weights& weights) { std::copy_n(weights.data(), weights.size(), &values[0][0][0][0]); }
  coin::LooksWeights values;
};

class PySsimulacra2 {
 public:
  PySsimulacra2(const Samples& original, const Weights& weights, int threads) {
    require(original.shape(0) == 1 || original.shape(0) == 3, "channels are 1 or 3");
    check_size(original);
    checked_threads(threads);
    const Table table(weights);
    const coin::Planes from = planes(original);
    const int channels = static_cast<int>(original.shape(0)), height = static_cast<int>(original.shape(1)),
              width = static_cast<int>(original.shape(2));
    const nb::gil_scoped_release release;
    looks_ = std::make_unique<coin::Ssimulacra2>(height, width, channels, table.values, from, threads);
  }

  double distance(const Samples& shown, int threads) {
    check_shape(*looks_, shown);
    checked_threads(threads);
    const coin::Planes from = planes(shown);
    const nb::gil_scoped_release release;
    return looks_->distance(from, threads);
  }

  double gradient(const Samples& shown, float factor, const MutableSamples& out, int threads) {
    check_shape(*looks_, shown);
    check_shape(*looks_, out);
    checked_threads(threads);
    const coin::Planes from = planes(shown), to = planes(out);
    require(from.plane == to.plane && from.row == to.row, "the gradient must lie as the samples do");
    const nb::gil_scoped_release release;
    return looks_->gradient(from, factor, out.data(), threads);
  }

 private:
  std::unique_ptr<coin::Ssimulacra2> looks_;
};

class PyAim {
 public:
  PyAim(const Samples& original, const Samples& weights, const Weights& table, float mix, int threads)
      : original_(original), weights_(weights) {
    require(original.shape(0) >= 1 && original.shape(0) <= 4, "channels are 1 to 4");
    check_size(original);
    checked_threads(threads);
    require(mix >= 0 && mix <= 1, "the mix is 0 to 1");
    const Table of_metric(table);
    const coin::Planes from = planes(original), weighed = planes(weights);
    for (std::size_t axis = 0; axis < 3; ++axis)
      require(weights.shape(axis) == original.shape(axis), "the weights must have the original's shape");
    require(weighed.plane == from.plane && weighed.row == from.row, "the weights must lie as the original does");
    const int channels = static_cast<int>(original.shape(0)), height = static_cast<int>(original.shape(1)),
              width = static_cast<int>(original.shape(2));
    const nb::gil_scoped_release release;
    aim_ = std::make_unique<coin::Aim>(height, width, channels, of_metric.values, from, weights_.data(), mix, threads);
  }

  double distance(const Samples& shown, int threads) {
    check_shape(*aim_, shown);
    checked_threads(threads);
    const coin::Planes own = planes(original_), from = planes(shown);
    require(from.plane == own.plane && from.row == own.row, "the samples must lie as the original does");
    const nb::gil_scoped_release release;
    return aim_->distance(from, threads);
  }

  std::pair<double, double> take(const Samples& shown, const MutableSamples& goal, int threads) {
    check_shape(*aim_, shown);
    check_shape(*aim_, goal);
    checked_threads(threads);
    const coin::Planes own = planes(original_), from = planes(shown), to = planes(goal);
    require(from.plane == own.plane && from.row == own.row, "the samples must lie as the original does");
    require(to.plane == own.plane && to.row == own.row, "the goal must lie as the original does");
    const nb::gil_scoped_release release;
    const coin::Aim::Found found = aim_->take(from, goal.data(), threads);
    return {found.distance, found.squared_error};
  }

  double scale() const { return aim_->scale(); }
  void set_scale(double scale) { aim_->set_scale(scale); }

 private:
  Samples original_, weights_;  // keeps them alive
  std::unique_ptr<coin::Aim> aim_;
};

}  // namespace

void bind_looks(nb::module_& m) {
  nb::class_<PySsimulacra2>(m, "Ssimulacra2")
      .def(nb::init<const Samples&, const Weights&, int>(), "original"_a.noconvert(), "weights"_a.noconvert(),
           "threads"_a)
      .def("distance", &PySsimulacra2::distance, "shown"_a.noconvert(), "threads"_a)
      .def("gradient", &PySsimulacra2::gradient, "shown"_a.noconvert(), "factor"_a, "out"_a.noconvert(), "threads"_a);
  nb::class_<PyAim>(m, "Aim")
      .def(nb::init<const Samples&, const Samples&, const Weights&, float, int>(), "original"_a.noconvert(),
           "weights"_a.noconvert(), "table"_a.noconvert(), "mix"_a, "threads"_a)
      .def("distance", &PyAim::distance, "shown"_a.noconvert(), "threads"_a)
      .def_prop_rw("scale", &PyAim::scale, &PyAim::set_scale)
      .def("take", &PyAim::take, "shown"_a.noconvert(), "goal"_a.noconvert(), "threads"_a);
}
