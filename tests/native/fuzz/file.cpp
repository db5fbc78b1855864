#include "file.h"

#include <cstring>

#include "decoder/format/bytes.h"

namespace {

constexpr std::uint8_t kSignature[] = {0xC3, 'O', 'I', 'N', '\r', '\n'};

// Reads forward; `ended` is set where there is nothing left.
struct Reader {
  const std::uint8_t* at;
  const std::uint8_t* end;
  bool ended = false;

  File::Bytes take(std::size_t count) {
    if (count > static_cast<std::size_t>(end - at)) {
      ended = true;
      return {};
    }
    at += count;
    return {at - count, at};
  }
  std::uint8_t byte() {
    const File::Bytes one = take(1);
    return one.empty() ? std::uint8_t{0} : one[0];
  }
  std::uint32_t varint() {
    std::uint32_t value = 0;
    for (int shift = 0; shift < 35; shift += 7) {
      const std::uint8_t next = byte();
      value |= static_cast<std::uint32_t>(next & 0x7F) << shift;
      if (next < 0x80) break;
    }
    return value;
  }
};

void add_varint(File::Bytes& out, std::uint32_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<std::uint8_t>(value | 0x80));
  out.push_back(static_cast<std::uint8_t>(value));
}

void add_checksum(File::Bytes& out, std::size_t from) {
  const std::uint32_t sum = coin::crc32({out.data() + from, out.size() - from});
  for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<std::uint8_t>(sum >> shift));
}

}  // namespace

std::optional<File> File::take_apart(const std::uint8_t* data, std::size_t size) {
  if (size < sizeof kSignature || std::memcmp(data, kSignature, sizeof kSignature) != 0) return std::nullopt;
  Reader reader = {data + sizeof kSignature, data + size};
  File file;
  file.version = reader.byte();
  file.family = reader.byte();
  file.format = reader.byte();
  file.width = reader.varint();
  file.height = reader.varint();
  file.parameters = reader.take(reader.byte());
  file.sections.resize(reader.byte());
  std::vector<std::uint32_t> lengths;
  for (Section& section : file.sections) {
    section.type = reader.byte();
    lengths.push_back(reader.varint());
  }
  (void)reader.take(4);
  for (std::size_t i = 0; i < file.sections.size() && !reader.ended; ++i) {
    file.sections[i].payload = reader.take(lengths[i]);
    (void)reader.take(4);
  }
  if (reader.ended) return std::nullopt;
  return file;
}

File::Bytes File::put_together() const {
  Bytes out(kSignature, kSignature + sizeof kSignature);
  out.insert(out.end(), {version, family, format});
  add_varint(out, width);
  add_varint(out, height);
  out.push_back(static_cast<std::uint8_t>(parameters.size()));
  out.insert(out.end(), parameters.begin(), parameters.end());
  out.push_back(static_cast<std::uint8_t>(sections.size()));
  for (const Section& section : sections) {
    out.push_back(section.type);
    add_varint(out, section.claimed.value_or(static_cast<std::uint32_t>(section.payload.size())));
  }
  add_checksum(out, 0);
  for (const Section& section : sections) {
    const std::size_t from = out.size();
    out.insert(out.end(), section.payload.begin(), section.payload.end());
    add_checksum(out, from);
  }
  return out;
}
