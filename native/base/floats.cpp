#include "base/floats.h"

#include <cstdint>
#include <new>

namespace coin {
namespace {

constexpr std::size_t kLine = 64;

}  // namespace

Floats::Floats(std::size_t count)
    : memory_(std::calloc((count * sizeof(float) + kLine - 1) / kLine * kLine + kLine, 1)), aligned_(nullptr),
      size_(count) {
  if (!memory_) throw std::bad_alloc();
  const auto address = reinterpret_cast<std::uintptr_t>(memory_.get());
  aligned_ = reinterpret_cast<float*>((address + kLine - 1) / kLine * kLine);
}

}  // namespace coin
