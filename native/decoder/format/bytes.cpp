#include "decoder/format/bytes.h"

#include <array>

namespace coin {
namespace {

constexpr std::array<std::uint32_t, 256> kTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t c = i;
    for (int bit = 0; bit < 8; ++bit) c = c & 1 ? c >> 1 ^ 0xEDB88320u : c >> 1;
    table[i] = c;
  }
  return table;
}();

}  // namespace

std::uint32_t crc32(ByteSpan bytes) {
  std::uint32_t c = 0xFFFFFFFFu;
  for (const std::uint8_t byte : bytes) c = kTable[(c ^ byte) & 0xFF] ^ c >> 8;
  return c ^ 0xFFFFFFFFu;
}

ByteSpan Cursor::take(std::size_t count) {
  if (error_) return {};
  if (count > bytes_.size() - at_) {
    error_ = truncated("the data ends after " + std::to_string(bytes_.size()) + " bytes, within the " + where_);
    return {};
  }
  at_ += count;
  return bytes_.subspan(at_ - count, count);
}

int Cursor::byte() {
  const ByteSpan one = take(1);
  return one.empty() ? 0 : one[0];
}

std::uint32_t Cursor::varint() {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 35; shift += 7) {
    const int next = byte();
    if (error_) return 0;
    value |= static_cast<std::uint64_t>(next & 0x7F) << shift;
    if (next < 0x80) {
      if (value > 0xFFFFFFFF || (next == 0 && shift > 0)) break;
      return static_cast<std::uint32_t>(value);
    }
  }
  error_ = corrupt(std::string("a number in the ") + where_ + " is malformed");
  return 0;
}

}  // namespace coin
