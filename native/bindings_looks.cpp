// The looks in the Python module coincodec._native.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <algorithm>
#include <memory>

#include "base/threads.h"
#include "looks/ssimulacra2.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using Samples = nb::ndarray<const float, nb::ndim<3>, nb::device::cpu>;
using MutableSamples = nb::ndarray<float, nb::ndim<3>, nb::device::cpu>;
using Weights = nb::ndarray<const double, nb::shape<coin::kOpponents, coin::kScales, 2, coin::kMaps>, nb::c_contig,
                            nb::device::cpu>;

void require(bool condition, const char* message) {
  if (!condition) throw nb::value_error(message);
}

void check_threads(int threads) { require(threads >= 1 && threads <= coin::kMaxThreads, "threads out of range"); }

// Samples of shape (channels, height, width), rows without gaps in them.
template <class Array>
coin::Planes planes(const Array& samples) {
  require(samples.stride(2) == 1, "the samples of a row must lie side by side");
  return {samples.data(), samples.stride(0), samples.stride(1)};
}

class PySsimulacra2 {
 public:
  PySsimulacra2(const Samples& original, const Weights& weights, int threads) {
    require(original.shape(0) == 1 || original.shape(0) == 3, "channels are 1 or 3");
    require(original.shape(1) >= 1 && original.shape(1) <= 1 << 20, "size out of range");
    require(original.shape(2) >= 1 && original.shape(2) <= 1 << 20, "size out of range");
    check_threads(threads);
    coin::LooksWeights table;
    std::copy_n(weights.data(), weights.size(), &table[0][0][0][0]);
    const coin::Planes from = planes(original);
    const int channels = static_cast<int>(original.shape(0)), height = static_cast<int>(original.shape(1)),
              width = static_cast<int>(original.shape(2));
    const nb::gil_scoped_release release;
    looks_ = std::make_unique<coin::Ssimulacra2>(height, width, channels, table, from, threads);
  }

  double distance(const Samples& shown, int threads) {
    check(shown);
    check_threads(threads);
    const coin::Planes from = planes(shown);
    const nb::gil_scoped_release release;
    return looks_->distance(from, threads);
  }

  double gradient(const Samples& shown, float factor, const MutableSamples& out, int threads) {
    check(shown);
    check(out);
    check_threads(threads);
    const coin::Planes from = planes(shown), to = planes(out);
    require(from.plane == to.plane && from.row == to.row, "the gradient must lie as the samples do");
    const nb::gil_scoped_release release;
    return looks_->gradient(from, factor, out.data(), threads);
  }

 private:
  template <class Array>
  void check(const Array& samples) const {
    require(samples.shape(0) == static_cast<std::size_t>(looks_->channels()) &&
                samples.shape(1) == static_cast<std::size_t>(looks_->height()) &&
                samples.shape(2) == static_cast<std::size_t>(looks_->width()),
            "the samples must have the original's shape");
  }

  std::unique_ptr<coin::Ssimulacra2> looks_;
};

}  // namespace

void bind_looks(nb::module_& m) {
  nb::class_<PySsimulacra2>(m, "Ssimulacra2")
      .def(nb::init<const Samples&, const Weights&, int>(), "original"_a.noconvert(), "weights"_a.noconvert(),
           "threads"_a)
      .def("distance", &PySsimulacra2::distance, "shown"_a.noconvert(), "threads"_a)
      .def("gradient", &PySsimulacra2::gradient, "shown"_a.noconvert(), "factor"_a, "out"_a.noconvert(), "threads"_a);
}
