// What the parts of the Python module share: checks, bytes, errors.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "base/threads.h"
#include "decoder/format/container.h"
#include "latent/shape.h"

inline void require(bool condition, const char* message) {
  if (!condition) throw nanobind::value_error(message);
}

inline int checked_threads(int threads) {
  require(threads >= 1 && threads <= coin::kMaxThreads, "threads out of range");
  return threads;
}

// (height, width, channels, levels, neighbours, features, hidden, block, magnitudes).
coin::LatentShape checked_latent_shape(nanobind::tuple shape);  // bindings_latent.cpp

// The memory of any object with contiguous bytes, as long as this lives.
class Buffer {
 public:
  explicit Buffer(nanobind::handle object) {
    if (PyObject_GetBuffer(object.ptr(), &view_, PyBUF_SIMPLE) != 0) nanobind::raise_python_error();
  }
  ~Buffer() { PyBuffer_Release(&view_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  coin::ByteSpan bytes() const {
    return {static_cast<const std::uint8_t*>(view_.buf), static_cast<std::size_t>(view_.len)};
  }

 private:
  Py_buffer view_;
};

// Sections as Python has them, (type, payload, missing bytes), as long as this lives.
class GivenSections {
 public:
  using Given = std::vector<std::tuple<int, nanobind::object, std::uint64_t>>;

  explicit GivenSections(const Given& given) {
    for (const auto& [type, payload, missing] : given) {
      buffers_.push_back(std::make_unique<Buffer>(payload));
      sections_.push_back({type, buffers_.back()->bytes(), missing});
    }
  }

  GivenSections(const GivenSections&) = delete;
  GivenSections& operator=(const GivenSections&) = delete;

  const coin::Sections& get() const { return sections_; }

 private:
  std::vector<std::unique_ptr<Buffer>> buffers_;
  coin::Sections sections_;
};

// An error of the core, on its way to its class of coincodec.errors.
struct DecodingError {
  coin::Error error;
};

inline void check(coin::Error error) {
  if (error) throw DecodingError{std::move(error)};
}

template <class T>
T value_of(coin::Result<T> result) {
  if (!result) throw DecodingError{result.error()};
  return std::move(*result);
}
