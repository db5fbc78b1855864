// A fuzz target without libFuzzer: runs files, and damaged ones, as far as any compiler's sanitizers go.
//
//     TARGET [-runs=N] [-seed=N] FILE|FOLDER...
//
// Every file is run, then N that are made of them; the same seed makes the same ones. What was run last is kept in the
// file that -keep=PATH names, should it end the program.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

#include "asking.h"

extern "C" {
std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);
// Weak: a target may do without.
__attribute__((weak)) std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most,
                                                          unsigned seed);
__attribute__((weak)) std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* one, std::size_t one_size,
                                                            const std::uint8_t* other, std::size_t other_size,
                                                            std::uint8_t* out, std::size_t most, unsigned seed);
}

namespace {

constexpr std::size_t kMost = 4096;

std::mt19937 bits;

unsigned number() { return static_cast<unsigned>(bits()); }
std::size_t below(std::size_t n) { return number() / 256 % n; }

Bytes contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  HOLDS(file);
  return {std::istreambuf_iterator<char>(file), {}};
}

void add(const std::filesystem::path& path, std::vector<Bytes>& corpus) {
  if (!std::filesystem::is_directory(path)) return corpus.push_back(contents(path));
  std::vector<std::filesystem::path> inside;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path))
    if (entry.is_regular_file()) inside.push_back(entry.path());
  std::sort(inside.begin(), inside.end());
  for (const auto& file : inside) corpus.push_back(contents(file));
}

void run(const Bytes& input, const std::string& keep) {
  if (!keep.empty())
    std::ofstream(keep, std::ios::binary)
        .write(reinterpret_cast<const char*>(input.data()), static_cast<std::streamsize>(input.size()));
  // Its own size, so that sanitizers know its end.
  const Bytes exact(input.begin(), input.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

Bytes damaged(const std::vector<Bytes>& corpus) {
  Bytes input = corpus[below(corpus.size())];
  const std::size_t size = input.size();
  input.resize(std::max(size, kMost));
  if (LLVMFuzzerCustomCrossOver && below(5) == 0) {
    const Bytes& other = corpus[below(corpus.size())];
    const Bytes one(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(size));
    input.resize(LLVMFuzzerCustomCrossOver(one.data(), one.size(), other.data(), other.size(), input.data(),
                                           input.size(), number()));
  } else if (LLVMFuzzerCustomMutator) {
    input.resize(LLVMFuzzerCustomMutator(input.data(), size, input.size(), number()));
  } else {
    input.resize(LLVMFuzzerMutate(input.data(), size, input.size()));
  }
  return input;
}

}  // namespace

// A few bytes changed, left out or put in.
std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most) {
  const std::size_t at = below(size + 1), count = 1 + below(8);
  switch (below(4)) {
    case 0:
      if (size + count > most) break;
      std::memmove(data + at + count, data + at, size - at);
      for (std::size_t i = 0; i < count; ++i) data[at + i] = static_cast<std::uint8_t>(number());
      return size + count;
    case 1:
      if (at + count > size) break;
      std::memmove(data + at, data + at + count, size - at - count);
      return size - count;
    case 2:
      if (size > 0) data[below(size)] ^= static_cast<std::uint8_t>(1 << below(8));
      return size;
    default:
      for (std::size_t i = 0; i < count && size > 0; ++i) data[below(size)] = static_cast<std::uint8_t>(number());
  }
  return size;
}

int main(int count, char** arguments) {
  std::size_t runs = 0;
  unsigned seed = 1;
  std::string keep;
  std::vector<Bytes> corpus;
  for (int i = 1; i < count; ++i) {
    const std::string argument = arguments[i];
    const auto value = [&](const char* name) {
      return argument.rfind(name, 0) == 0 ? argument.c_str() + std::strlen(name) : nullptr;
    };
    if (const char* const times = value("-runs=")) {
      runs = std::strtoul(times, nullptr, 10);
    } else if (const char* const start = value("-seed=")) {
      seed = static_cast<unsigned>(std::strtoul(start, nullptr, 10));
    } else if (const char* const path = value("-keep=")) {
      keep = path;
    } else {
      add(argument, corpus);
    }
  }
  bits.seed(seed);
  for (const Bytes& input : corpus) run(input, keep);
  for (std::size_t i = 0; i < runs && !corpus.empty(); ++i) run(damaged(corpus), keep);
  std::printf("%zu executions\n", corpus.size() + (corpus.empty() ? 0 : runs));
}
