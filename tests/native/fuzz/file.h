// A file taken apart, to be damaged behind its checksums. Not the decoder's reader: what it makes need not be right.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

struct File {
  using Bytes = std::vector<std::uint8_t>;

  // claimed: the length that the header says, where it is not that of the payload.
  struct Section {
    std::uint8_t type;
    Bytes payload;
    std::optional<std::uint32_t> claimed;
  };

  std::uint8_t version, family, format;
  std::uint32_t width, height;
  Bytes parameters;
  std::vector<Section> sections;

  // Nothing for what has not all of its parts.
  static std::optional<File> take_apart(const std::uint8_t* data, std::size_t size);

  // With checksums that are right.
  Bytes put_together() const;
};
