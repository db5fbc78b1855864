// The decoder in the Python module coincodec._native: streams to pictures, and to the numbers they hold.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "bindings.h"
#include "decoder/family.h"
#include "decoder/format/metadata.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using Samples = nb::ndarray<nb::ndim<3>, nb::c_contig, nb::device::cpu>;
using ConstSamples = nb::ndarray<nb::ro, nb::ndim<3>, nb::c_contig, nb::device::cpu>;
using Limits = std::tuple<std::uint64_t, std::uint64_t, std::uint64_t>;

coin::Limits limits_of(const Limits& limits) {
  return {std::get<0>(limits), std::get<1>(limits), std::get<2>(limits)};
}

int sample_bytes(const nb::dlpack::dtype& type) {
  if (type == nb::dtype<std::uint8_t>()) return 1;
  require(type == nb::dtype<std::uint16_t>(), "samples are uint8 or uint16");
  return 2;
}

nb::bytes as_bytes(coin::ByteSpan bytes) { return nb::bytes(bytes.data(), bytes.size()); }

nb::object bytes_or_none(const std::optional<std::vector<std::uint8_t>>& bytes) {
  return bytes ? nb::object(as_bytes(*bytes)) : nb::none();
}

nb::tuple as_tuple(const coin::Colour& c) {
  return nb::make_tuple(c.primaries, c.transfer, c.icc.empty() ? nb::none() : nb::object(as_bytes(c.icc)));
}

// (family, width, height, channels, bit depth, parameters), (type, offset, length) of each section, bytes of the header
// and of the stream.
nb::tuple read_layout(nb::object data) {
  const Buffer buffer(data);
  const coin::Layout layout = value_of(coin::read_layout(buffer.bytes()));
  const coin::Header& h = layout.header;
  nb::list sections;
  for (const auto& s : layout.sections) sections.append(nb::make_tuple(s.type, s.offset, s.length));
  return nb::make_tuple(
      nb::make_tuple(h.family, h.width, h.height, h.channels, h.bit_depth, as_bytes(h.parameters)), sections,
      layout.header_bytes, layout.total_bytes);
}

void verify(nb::object data, bool cut) {
  const Buffer buffer(data);
  const nb::gil_scoped_release release;
  const coin::Layout layout = value_of(coin::read_layout(buffer.bytes()));
  (void)value_of(coin::read_sections(buffer.bytes(), layout, cut));
}

nb::tuple read_colour(const GivenSections::Given& given, std::uint64_t most) {
  return as_tuple(value_of(coin::read_colour(GivenSections(given).get(), {0, 0, most})));
}

nb::tuple read_metadata(const GivenSections::Given& given, std::uint64_t most) {
  const coin::Metadata found = value_of(coin::read_metadata(GivenSections(given).get(), {0, 0, most}));
  nb::object resolution = nb::none();
  if (found.resolution) resolution = nb::make_tuple(found.resolution->x, found.resolution->y);
  return nb::make_tuple(bytes_or_none(found.exif), bytes_or_none(found.xmp), resolution);
}

class PyRendering {
 public:
  // view: left, top, right, bottom, width, height.
  PyRendering(nb::object data, const std::vector<int>& view, bool draft, bool partial, int threads,
              const Limits& limits, std::int64_t band)
      : data_(data) {
    require(view.size() == 6, "a view is left, top, right, bottom, width and height");
    require(band >= 1, "a band has at least one pixel");
    const coin::Request request = {
        {{view[0], view[1], view[2], view[3]}, view[4], view[5], draft}, partial, checked_threads(threads),
        limits_of(limits), band};
    const nb::gil_scoped_release release;
    rendering_ = value_of(coin::Rendering::open(data_.bytes(), request));
  }

  int band_rows() const { return rendering_->band_rows(); }
  const std::string& missing() const { return rendering_->missing(); }
  nb::tuple colour() const { return as_tuple(rendering_->colour()); }

  // The next rows, as many as there is room for.
  void read(const Samples& out) {
    const coin::Format& format = rendering_->format();
    const auto width = static_cast<std::size_t>(rendering_->width());
    require(out.shape(1) == width && out.shape(2) == static_cast<std::size_t>(format.channels) &&
                sample_bytes(out.dtype()) == format.sample_bytes,
            "samples do not fit the view");
    const int rows = static_cast<int>(out.shape(0));
    require(rows <= rendering_->height() - rendering_->next_row(), "fewer rows are left");
    const nb::gil_scoped_release release;
    (void)value_of(rendering_->read(rows, out.data(), static_cast<std::ptrdiff_t>(width * format.pixel_bytes())));
  }

 private:
  const Buffer data_;
  std::unique_ptr<coin::Rendering> rendering_;
};

class PyPreviews {
 public:
  PyPreviews(nb::object data, bool partial, int threads, const Limits& limits, std::int64_t band) : data_(data) {
    require(band >= 1, "a band has at least one pixel");
    const coin::PreviewRequest request = {partial, checked_threads(threads), limits_of(limits), 0, band};
    const coin::Header header = value_of(coin::read_layout(data_.bytes())).header;
    channels_ = static_cast<std::size_t>(header.channels);
    bit_depth_ = header.bit_depth;
    const nb::gil_scoped_release release;
    previews_ = value_of(coin::Previews::open(data_.bytes(), request));
  }

  // (samples, step, place, bytes, work), or None after the last one.
  nb::object next() {
    std::unique_ptr<coin::Preview> preview;
    {
      const nb::gil_scoped_release release;
      preview = value_of(previews_->next());
    }
    if (!preview) return nb::none();
    coin::Preview* const p = preview.get();
    const nb::capsule owner(p, [](void* address) noexcept { delete static_cast<coin::Preview*>(address); });
    preview.release();
    const std::size_t shape[3] = {static_cast<std::size_t>(p->height), static_cast<std::size_t>(p->width), channels_};
    nb::object samples = bit_depth_ == 8
                             ? nb::cast(nb::ndarray<nb::numpy, std::uint8_t>(p->samples.data(), 3, shape, owner))
                             : nb::cast(nb::ndarray<nb::numpy, std::uint16_t>(p->samples.data(), 3, shape, owner));
    return nb::make_tuple(samples, p->step, p->place, p->bytes, p->work);
  }

 private:
  const Buffer data_;
  std::unique_ptr<coin::Previews> previews_;
  std::size_t channels_;
  int bit_depth_;
};

nb::dict inspect(nb::object data, const Limits& limits, int threads) {
  const Buffer buffer(data);
  checked_threads(threads);
  coin::Inspection found;
  {
    const nb::gil_scoped_release release;
    found = value_of(coin::inspect(buffer.bytes(), limits_of(limits), threads));
  }
  nb::dict d;
  d["model"] = found.model.family;
  d["shape"] = nb::cast(found.model.shape);
  d["parts"] = nb::cast(found.model.parts);
  d["parameters"] = found.model.parameters;
  d["macs_per_pixel"] = found.model.macs;
  d["halves"] = found.model.halves;
  d["colour"] = as_tuple(found.colour);
  d["colour_bytes"] = found.colour_bytes;
  d["metadata_bytes"] = nb::make_tuple(found.metadata_bytes[0], found.metadata_bytes[1], found.metadata_bytes[2]);
  return d;
}

// box: left, top, right, bottom, within the samples.
void resize(const ConstSamples& samples, const std::tuple<double, double, double, double>& box, const Samples& out,
            int threads) {
  const auto [left, top, right, bottom] = box;
  const int bytes = sample_bytes(samples.dtype()), channels = static_cast<int>(samples.shape(2));
  const int height = static_cast<int>(samples.shape(0)), width = static_cast<int>(samples.shape(1));
  require(sample_bytes(out.dtype()) == bytes && out.shape(2) == samples.shape(2) && out.shape(0) >= 1 &&
              out.shape(1) >= 1,
          "both pictures must have the same channels and depth");
  require(0 <= left && left < right && right <= width && 0 <= top && top < bottom && bottom <= height,
          "the box is not inside the picture");
  checked_threads(threads);
  const nb::gil_scoped_release release;
  const coin::Format format = {channels, bytes};
  coin::Samples2D source(samples.data(), width, format.pixel_bytes());
  const int rows = static_cast<int>(out.shape(0)), columns = static_cast<int>(out.shape(1));
  coin::Resampler resampler(source, format, width, height, {left, top, right, bottom}, columns, rows, threads);
  auto* at = static_cast<std::uint8_t*>(out.data());
  for (int row = 0; row < rows; row += resampler.band_rows()) {
    const int last = std::min(row + resampler.band_rows(), rows);
    check(resampler.rows(row, last, at));
    at += static_cast<std::size_t>(last - row) * columns * format.pixel_bytes();
  }
}

}  // namespace

void bind_decoder(nb::module_& m) {
  m.def("read_layout", &read_layout, "data"_a);
  m.def("verify", &verify, "data"_a, "cut"_a);
  m.def("read_colour", &read_colour, "sections"_a, "most"_a);
  m.def("read_metadata", &read_metadata, "sections"_a, "most"_a);
  m.def("inspect", &inspect, "data"_a, "limits"_a, "threads"_a);
  m.def("resize", &resize, "samples"_a.noconvert(), "box"_a, "out"_a.noconvert(), "threads"_a);
  nb::class_<PyRendering>(m, "Rendering")
      .def(nb::init<nb::object, const std::vector<int>&, bool, bool, int, const Limits&, std::int64_t>(), "data"_a,
           "view"_a, "draft"_a, "partial"_a, "threads"_a, "limits"_a, "band"_a)
      .def("read", &PyRendering::read, "out"_a.noconvert())
      .def_prop_ro("band_rows", &PyRendering::band_rows)
      .def_prop_ro("missing", &PyRendering::missing)
      .def_prop_ro("colour", &PyRendering::colour);
  nb::class_<PyPreviews>(m, "Previews")
      .def(nb::init<nb::object, bool, int, const Limits&, std::int64_t>(), "data"_a, "partial"_a, "threads"_a,
           "limits"_a, "band"_a)
      .def("next", &PyPreviews::next);
}
