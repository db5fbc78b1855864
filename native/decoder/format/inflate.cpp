#include "decoder/format/inflate.h"

#include <algorithm>
#include <array>

#include "decoder/format/text.h"

namespace coin {
namespace {

constexpr int kLongest = 15;  // bits of a code

// Bits, lowest first. Past the end they are 0 and `ended` is set.
class Bits {
 public:
  explicit Bits(ByteSpan bytes) : bytes_(bytes) {}

  unsigned take(int count) {
    while (held_ < count) {
      if (at_ == bytes_.size()) ended = true;
      bits_ |= static_cast<std::uint64_t>(at_ < bytes_.size() ? bytes_[at_++] : 0) << held_;
      held_ += 8;
    }
    const auto value = static_cast<unsigned>(bits_ & ((std::uint64_t{1} << count) - 1));
    bits_ >>= count;
    held_ -= count;
    return value;
  }

  // To the next whole byte: what was read of them is given back.
  void align() {
    bits_ >>= held_ % 8;
    held_ -= held_ % 8;
  }

  std::size_t left() const { return bytes_.size() - at_ + static_cast<std::size_t>(held_ / 8); }

  bool ended = false;

 private:
  ByteSpan bytes_;
  std::size_t at_ = 0;
  std::uint64_t bits_ = 0;
  int held_ = 0;
};

// A canonical Huffman code (RFC 1951, section 3.2.2).
class Huffman {
 public:
  // Whether the lengths make a code: none too many, and none missing but for a code of one symbol where `single` allows.
  bool set(const std::uint8_t* lengths, int symbols, bool single) {
    counts_.fill(0);
    for (int s = 0; s < symbols; ++s) ++counts_[lengths[s]];
    const bool empty = counts_[0] == symbols;
    counts_[0] = 0;
    int left = 1, longest = 0;
    for (int length = 1; length <= kLongest; ++length) {
      left = 2 * left - counts_[length];
      if (left < 0) return false;
      if (counts_[length] > 0) longest = length;
    }
    std::array<int, kLongest + 2> at{};
    for (int length = 1; length <= kLongest; ++length) at[length + 1] = at[length] + counts_[length];
    for (int s = 0; s < symbols; ++s)
      if (lengths[s] > 0) symbols_[at[lengths[s]]++] = static_cast<std::uint16_t>(s);
    return left == 0 || empty || (single && longest == 1);
  }

  // -1 for bits that are no code.
  int decode(Bits& bits) const {
    int code = 0, first = 0, index = 0;
    for (int length = 1; length <= kLongest; ++length) {
      code |= static_cast<int>(bits.take(1));
      const int count = counts_[length];
      if (code - count < first) return symbols_[index + (code - first)];
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    return -1;
  }

 private:
  std::array<int, kLongest + 1> counts_{};
  std::array<std::uint16_t, 288> symbols_{};
};

class Inflater {
 public:
  // most: bytes that there may be. kept: of which so many are kept; if there are more, they are counted alone.
  Inflater(ByteSpan stream, std::uint64_t most, std::uint64_t kept) : bits_(stream), most_(most), kept_(kept) {}

  enum class End { whole, cut, full, damaged };

  // reason: of damage.
  End run(const char*& reason) {
    const unsigned method = bits_.take(8), flags = bits_.take(8);
    if (bits_.ended) return End::cut;
    const auto damaged = [&](const char* why) {
      reason = why;
      return End::damaged;
    };
    if ((method << 8 | flags) % 31 != 0) return damaged("incorrect header check");
    if ((method & 15) != 8) return damaged("unknown compression method");
    if (method >> 4 > 7) return damaged("invalid window size");
    if (flags & 0x20) return damaged("a preset dictionary");
    for (bool last = false; !last;) {
      last = bits_.take(1) != 0;
      const unsigned kind = bits_.take(2);
      if (bits_.ended) return End::cut;
      if (kind == 3) return damaged("invalid block type");
      if (const char* why = kind == 0 ? stored() : compressed(kind == 2)) {
        if (full_) return End::full;
        if (bits_.ended) return End::cut;
        return damaged(why);
      }
    }
    bits_.align();
    std::uint32_t expected = 0;
    for (int byte = 0; byte < 4; ++byte) expected = expected << 8 | bits_.take(8);
    if (bits_.ended) return End::cut;
    if (all_kept() && expected != adler32()) return damaged("incorrect data check");
    return bits_.left() == 0 ? End::whole : End::cut;
  }

  std::uint64_t size() const { return size_; }
  bool all_kept() const { return size_ == out.size(); }

  std::vector<std::uint8_t> out;

 private:
  static constexpr const char* kStop = "";  // full, or at its end

  bool put(std::uint8_t byte) {
    full_ = size_ >= most_;
    if (full_) return false;
    if (size_++ < kept_) out.push_back(byte);
    return true;
  }

  // What is so far back, again.
  bool repeat(std::size_t distance, std::size_t length) {
    full_ = length > most_ - size_;
    if (full_) return false;
    size_ += length;
    if (size_ > kept_) return true;
    out.resize(static_cast<std::size_t>(size_));
    std::uint8_t* const to = out.data() + out.size() - length;
    for (std::size_t i = 0; i < length; ++i) to[i] = *(to - distance + i);
    return true;
  }

  const char* stored() {
    bits_.align();
    const unsigned length = bits_.take(16), complement = bits_.take(16);
    if (bits_.ended) return kStop;
    if (length != (~complement & 0xFFFF)) return "invalid stored block lengths";
    for (unsigned i = 0; i < length; ++i) {
      const auto byte = static_cast<std::uint8_t>(bits_.take(8));
      if (bits_.ended || !put(byte)) return kStop;
    }
    return nullptr;
  }

  const char* compressed(bool own_codes) {
    static constexpr std::uint16_t kLengths[] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                                 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
    static constexpr std::uint8_t kLengthBits[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                                   2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
    static constexpr std::uint16_t kDistances[] = {1,   2,   3,   4,   5,   7,    9,    13,   17,   25,
                                                   33,  49,  65,  97,  129, 193,  257,  385,  513,  769,
                                                   1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
    static constexpr std::uint8_t kDistanceBits[] = {0, 0, 0, 0, 1, 1, 2, 2,  3,  3,  4,  4,  5,  5,  6,
                                                     6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13};
    if (const char* why = own_codes ? read_codes() : usual_codes()) return why;
    for (;;) {
      const int symbol = literals_.decode(bits_);
      if (bits_.ended) return kStop;
      if (symbol == 256) return nullptr;
      if (symbol < 0 || symbol > 285) return "invalid literal/length code";
      if (symbol < 256) {
        if (!put(static_cast<std::uint8_t>(symbol))) return kStop;
        continue;
      }
      const unsigned length = kLengths[symbol - 257] + bits_.take(kLengthBits[symbol - 257]);
      const int number = distances_.decode(bits_);
      if (bits_.ended) return kStop;
      if (number < 0 || number > 29) return "invalid distance code";
      const unsigned distance = kDistances[number] + bits_.take(kDistanceBits[number]);
      if (bits_.ended) return kStop;
      if (distance > size_) return "invalid distance too far back";
      if (!repeat(distance, length)) return kStop;
    }
  }

  const char* usual_codes() {
    std::array<std::uint8_t, 288> lengths{};
    for (int s = 0; s < 288; ++s) lengths[s] = s < 144 ? 8 : s < 256 ? 9 : s < 280 ? 7 : 8;
    (void)literals_.set(lengths.data(), 288, false);
    lengths.fill(5);
    (void)distances_.set(lengths.data(), 32, false);
    return nullptr;
  }

  const char* read_codes() {
    static constexpr std::uint8_t kOrder[] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    const int literals = static_cast<int>(bits_.take(5)) + 257, distances = static_cast<int>(bits_.take(5)) + 1;
    const int own = static_cast<int>(bits_.take(4)) + 4;
    if (bits_.ended) return kStop;
    if (literals > 286 || distances > 30) return "too many length or distance symbols";
    std::array<std::uint8_t, 320> lengths{};
    for (int i = 0; i < own; ++i) lengths[kOrder[i]] = static_cast<std::uint8_t>(bits_.take(3));
    if (bits_.ended) return kStop;
    Huffman code;
    const bool some = std::any_of(lengths.begin(), lengths.begin() + 19, [](std::uint8_t n) { return n > 0; });
    if (!code.set(lengths.data(), 19, false) || !some) return "invalid code lengths set";
    lengths.fill(0);
    for (int i = 0; i < literals + distances;) {
      const int symbol = code.decode(bits_);
      if (bits_.ended) return kStop;
      if (symbol < 16) {
        lengths[i++] = static_cast<std::uint8_t>(symbol);
        continue;
      }
      if (symbol == 16 && i == 0) return "invalid bit length repeat";
      const std::uint8_t value = symbol == 16 ? lengths[i - 1] : std::uint8_t{0};
      const int times = symbol == 16   ? 3 + static_cast<int>(bits_.take(2))
                        : symbol == 17 ? 3 + static_cast<int>(bits_.take(3))
                                       : 11 + static_cast<int>(bits_.take(7));
      if (bits_.ended) return kStop;
      if (i + times > literals + distances) return "invalid bit length repeat";
      for (int k = 0; k < times; ++k) lengths[i++] = value;
    }
    if (lengths[256] == 0) return "invalid code -- missing end-of-block";
    if (!literals_.set(lengths.data(), literals, true)) return "invalid literal/lengths set";
    if (!distances_.set(lengths.data() + literals, distances, true)) return "invalid distances set";
    return nullptr;
  }

  std::uint32_t adler32() const {
    constexpr std::size_t kRun = 5552;  // bytes, after which sums still have 32 bits
    std::uint32_t a = 1, b = 0;
    for (std::size_t at = 0; at < out.size();) {
      for (const std::size_t end = std::min(at + kRun, out.size()); at < end; ++at) b += a += out[at];
      a %= 65521;
      b %= 65521;
    }
    return b << 16 | a;
  }

  Bits bits_;
  const std::uint64_t most_, kept_;
  std::uint64_t size_ = 0;
  bool full_ = false;
  Huffman literals_, distances_;
};

}  // namespace

Result<std::vector<std::uint8_t>> inflate(ByteSpan stream, std::uint64_t most, const char* name) {
  // What becomes so many times as large is counted to its end before there is memory for it.
  constexpr std::uint64_t kUsual = 64, kLittle = 1 << 16;
  const char* reason = "";
  const std::string what = std::string("the ") + name;
  Inflater first(stream, most, kUsual * stream.size() + kLittle);
  Inflater::End end = first.run(reason);
  std::vector<std::uint8_t> out = std::move(first.out);
  if (end == Inflater::End::whole && first.size() > out.size()) {
    out = {};
    Inflater again(stream, most, first.size());
    again.out.reserve(static_cast<std::size_t>(first.size()));
    end = again.run(reason);
    out = std::move(again.out);
  }
  switch (end) {
    case Inflater::End::whole: return out;
    case Inflater::End::full: return over_limit(what + " is over the limit of " + grouped(most) + " bytes");
    case Inflater::End::damaged: return corrupt(what + " is damaged: " + reason);
    default: return corrupt(what + " is damaged");
  }
}

}  // namespace coin
