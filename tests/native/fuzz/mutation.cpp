// Damages files as their format has them. Fields and payloads are changed and checksums made right again, since else
// every decoder would stop at the first one; how bytes are changed is libFuzzer's affair, or standalone.cpp's.
#include <algorithm>
#include <cstring>
#include <random>

#include "asking.h"
#include "file.h"

extern "C" {
std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);
std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed);
std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* one, std::size_t one_size, const std::uint8_t* other,
                                      std::size_t other_size, std::uint8_t* out, std::size_t most, unsigned seed);
}

namespace {

// Of types, lengths and sizes that decoders may stumble over.
constexpr std::uint8_t kTypes[] = {1, 2, 3, 4, 5, 6, 112, 113, 127, 128, 200, 240, 241, 242, 255};
constexpr std::uint32_t kNumbers[] = {0,   1,    2,       3,       5,       7,
                                      8,   9,    31,      32,      33,      64,
                                      65,  100,  1023,    1 << 14, 1 << 19, 1 << 20,
                                      127, 1000, 1 << 16, 1048577, 1u << 31, 0xFFFFFFFF};

class Dice {
 public:
  explicit Dice(unsigned seed) : bits_(seed) {}
  std::size_t below(std::size_t n) { return bits_() / 64 % n; }
  bool one_in(std::size_t n) { return below(n) == 0; }
  template <class T, std::size_t N>
  T of(const T (&list)[N]) {
    return list[below(N)];
  }

 private:
  std::minstd_rand bits_;
};

void change(Bytes& bytes, std::size_t most) {
  const std::size_t before = bytes.size();
  bytes.resize(std::max(before, most) + 1);
  bytes.resize(LLVMFuzzerMutate(bytes.data(), before, std::max(before, most)));
}

std::uint32_t side(Dice& dice) {
  return dice.one_in(5) ? dice.of(kNumbers) : static_cast<std::uint32_t>(1 + dice.below(80));
}

void change_header(File& file, Dice& dice) {
  switch (dice.below(8)) {
    case 0: file.version = static_cast<std::uint8_t>(dice.below(3)); break;
    case 1: file.family = static_cast<std::uint8_t>(dice.below(4)); break;
    case 2: file.format = static_cast<std::uint8_t>(dice.one_in(10) ? dice.below(256) : dice.below(8)); break;
    case 3: file.width = side(dice); break;
    case 4: file.height = side(dice); break;
    case 5: change(file.parameters, 8); break;
    default:
      if (const std::size_t count = file.parameters.size())
        file.parameters[dice.below(count)] = static_cast<std::uint8_t>(dice.below(dice.one_in(4) ? 256 : 20));
  }
  if (file.parameters.size() > 255) file.parameters.resize(255);
}

void change_table(File& file, Dice& dice) {
  auto& sections = file.sections;
  const std::size_t count = sections.size(), i = count ? dice.below(count) : 0;
  const auto at = sections.begin() + static_cast<std::ptrdiff_t>(i);
  switch (count == 0 ? 3 : dice.below(6)) {
    case 0: std::swap(sections[i], sections[dice.below(count)]); break;
    case 1: sections.erase(at); break;
    case 2: sections[i].type = dice.of(kTypes); break;
    case 3: {
      File::Section section = {dice.of(kTypes), Bytes(dice.below(20)), {}};
      change(section.payload, 24);
      sections.insert(at, std::move(section));
      break;
    }
    case 4: sections.insert(at, File::Section(sections[dice.below(count)])); break;
    default: sections[i].claimed = dice.of(kNumbers);
  }
  if (sections.size() > 255) sections.resize(255);
}

void change_payload(File& file, Dice& dice, std::size_t most) {
  if (file.sections.empty()) return;
  Bytes& payload = file.sections[dice.below(file.sections.size())].payload;
  if (dice.one_in(8) && !payload.empty()) {
    // What decoders read past the end of, or what they find left over.
    payload.resize(dice.below(payload.size() + 1));
  } else {
    change(payload, payload.size() + std::min<std::size_t>(most, 64));
  }
}

// The file with what is asked of it behind, or 0 if there is no room.
std::size_t put(const Bytes& file, const std::uint8_t* request, std::uint8_t* out, std::size_t most) {
  if (file.size() + kRequestBytes > most) return 0;
  std::uint8_t asked[64];
  std::copy_n(request, kRequestBytes, asked);
  std::copy(file.begin(), file.end(), out);
  std::copy_n(asked, kRequestBytes, out + file.size());
  return file.size() + kRequestBytes;
}

}  // namespace

std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  Dice dice(seed);
  if (size < kRequestBytes) return LLVMFuzzerMutate(data, size, most);
  const std::size_t file_size = size - kRequestBytes;
  std::uint8_t* const request = data + file_size;
  if (kRequestBytes > 0 && dice.one_in(4)) {
    // Nothing but what is asked.
    for (std::size_t changes = 1 + dice.below(4); changes > 0; --changes)
      request[dice.below(kRequestBytes)] = static_cast<std::uint8_t>(dice.below(256));
    return size;
  }
  std::optional<File> file = File::take_apart(data, file_size);
  if (!file || dice.one_in(30)) return LLVMFuzzerMutate(data, size, most);
  const std::size_t room = most > size ? most - size : 0;
  for (std::size_t changes = 1 + dice.below(3); changes > 0; --changes) {
    switch (dice.below(8)) {
      case 0: change_header(*file, dice); break;
      case 1: change_table(*file, dice); break;
      default: change_payload(*file, dice, room);
    }
  }
  const std::size_t changed = put(file->put_together(), request, data, most);
  return changed > 0 ? changed : size;
}

// A section of another file in the place of one of the same type, or its size or parameters.
std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* one, std::size_t one_size, const std::uint8_t* other,
                                      std::size_t other_size, std::uint8_t* out, std::size_t most, unsigned seed) {
  Dice dice(seed);
  if (one_size < kRequestBytes || other_size < kRequestBytes) return 0;
  std::optional<File> file = File::take_apart(one, one_size - kRequestBytes);
  const std::optional<File> donor = File::take_apart(other, other_size - kRequestBytes);
  if (!file || !donor) return 0;
  if (dice.one_in(4)) {
    file->width = donor->width;
    file->height = donor->height;
    file->format = donor->format;
  } else if (dice.one_in(3)) {
    file->parameters = donor->parameters;
  } else if (!donor->sections.empty()) {
    const File::Section& given = donor->sections[dice.below(donor->sections.size())];
    for (File::Section& section : file->sections)
      if (section.type == given.type) section = given;
  }
  return put(file->put_together(), one + one_size - kRequestBytes, out, most);
}
