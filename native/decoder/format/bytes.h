// Bytes that are somebody else's, and reading forward through them.
#pragma once

#include <cstdint>
#include <span>

#include "decoder/format/error.h"

namespace coin {

using ByteSpan = std::span<const std::uint8_t>;

// That of zlib and PNG.
std::uint32_t crc32(ByteSpan bytes);

// The four bytes at `at`, least significant first.
inline std::uint32_t little_endian(ByteSpan bytes, std::size_t at = 0) {
  return static_cast<std::uint32_t>(bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16) |
         static_cast<std::uint32_t>(bytes[at + 3]) << 24;
}

// Reads forward. After an error, which stays, all that is read is 0.
class Cursor {
 public:
  // where: what the bytes are, for errors.
  Cursor(ByteSpan bytes, const char* where) : bytes_(bytes), where_(where) {}

  ByteSpan take(std::size_t count);
  int byte();

  // A number below 2^32 in groups of seven bits (docs/format.md); in the fewest bytes, else it is an error.
  std::uint32_t varint();

  std::size_t at() const { return at_; }
  const Error& error() const { return error_; }

 private:
  ByteSpan bytes_;
  const char* where_;
  std::size_t at_ = 0;
  Error error_;
};

}  // namespace coin
