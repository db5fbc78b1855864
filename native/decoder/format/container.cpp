#include "decoder/format/container.h"

#include <algorithm>

#include "decoder/format/text.h"

namespace coin {
namespace {

constexpr std::uint8_t kSignature[] = {0xC3, 'O', 'I', 'N', '\r', '\n'};
constexpr std::size_t kChecksumBytes = 4;
constexpr int kBitDepths[] = {8, 16};

}  // namespace

Result<Layout> read_layout(ByteSpan data) {
  const std::size_t there = std::min(data.size(), sizeof kSignature);
  if (there == 0 || !std::equal(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(there), kSignature))
    return Error{Code::not_coin, "not a .coin file (the signature is missing)"};
  if (there < sizeof kSignature)
    return truncated("the data ends after " + std::to_string(there) + " bytes, within the signature");

  Cursor cursor(data, "header");
  (void)cursor.take(sizeof kSignature);
  const int version = cursor.byte();
  if (cursor.error()) return cursor.error();
  if (version != kVersion)
    return unsupported("version " + std::to_string(version) + " of the .coin format; this program reads version " +
                       std::to_string(kVersion));
  const int family = cursor.byte(), format = cursor.byte();
  const std::uint32_t width = cursor.varint(), height = cursor.varint();
  const ByteSpan parameters = cursor.take(static_cast<std::size_t>(cursor.byte()));
  std::vector<Layout::Place> sections(static_cast<std::size_t>(cursor.byte()));
  for (Layout::Place& section : sections) {
    section.type = cursor.byte();
    section.length = cursor.varint();
  }
  const std::size_t end = cursor.at();
  const ByteSpan checksum = cursor.take(kChecksumBytes);
  if (cursor.error()) return cursor.error();
  if (little_endian(checksum) != crc32(data.first(end))) return corrupt("the header is damaged (checksum)");

  // Only now is a strange value known to be what the encoder wrote.
  if (format & 0xF0 || format >> 2 >= static_cast<int>(std::size(kBitDepths))) {
    constexpr char kDigits[] = "0123456789abcdef";
    return unsupported(std::string("unknown sample format 0x") + kDigits[format >> 4] + kDigits[format & 15]);
  }
  if (width < 1 || width > kMaxSide || height < 1 || height > kMaxSide)
    return corrupt("impossible size " + std::to_string(width) + "x" + std::to_string(height));
  const Header header = {family,          static_cast<int>(width),  static_cast<int>(height),
                         (format & 3) + 1, kBitDepths[format >> 2], parameters};
  std::uint64_t offset = cursor.at();
  for (Layout::Place& section : sections) {
    section.offset = offset;
    offset += section.length + kChecksumBytes;
  }
  return Layout{header, std::move(sections), cursor.at(), offset};
}

Result<Sections> read_sections(ByteSpan data, const Layout& layout, bool cut) {
  if (data.size() < layout.total_bytes && !cut)
    return truncated("the file ends after " + grouped(data.size()) + " of " + grouped(layout.total_bytes) + " bytes");
  if (data.size() > layout.total_bytes)
    return corrupt(grouped(data.size() - layout.total_bytes) + " bytes follow the end of the stream");
  Sections sections;
  sections.reserve(layout.sections.size());
  for (const Layout::Place& place : layout.sections) {
    const ByteSpan rest = place.offset < data.size() ? data.subspan(static_cast<std::size_t>(place.offset)) : ByteSpan{};
    const ByteSpan payload = rest.first(static_cast<std::size_t>(std::min<std::uint64_t>(place.length, rest.size())));
    if (rest.size() >= place.length + kChecksumBytes && little_endian(rest, payload.size()) != crc32(payload))
      return corrupt("section " + std::to_string(sections.size()) + " is damaged (checksum)");
    sections.push_back({place.type, payload, place.length - payload.size()});
  }
  return sections;
}

}  // namespace coin
