// A range coder with carry (Martin 1979; the byte-wise carry handling is Subbotin's): integers to bytes and back.
//
// A symbol is an interval [start, start + size) of [0, 2^bits). The coder keeps an interval [low, low + range) of
// 40-bit fractions, so that with bits <= 16 the rounding of range >> bits costs less than 0.0003 % of the code.
// docs/format.md states the decoder's arithmetic, which is normative.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace coin {

inline constexpr int kProbabilityBits = 16;
inline constexpr std::uint32_t kProbabilityOne = 1u << kProbabilityBits;

class RangeEncoder {
 public:
  // size >= 1, start + size <= 2^bits, bits <= 16.
  void encode(std::uint32_t start, std::uint32_t size, int bits) {
    const std::uint64_t unit = range_ >> bits;
    low_ += unit * start;
    range_ = unit * size;
    while (range_ < kBottom) {
      shift_out();
      range_ <<= 8;
    }
  }

  // `count` bits of `value`, all values being as likely; high bits first, 16 at a time.
  void encode_raw(std::uint32_t value, int count) {
    while (count > 16) {
      count -= 16;
      encode(value >> count & 0xFFFF, 1, 16);
    }
    encode(value & ((1u << count) - 1), 1, count);
  }

  // Bytes so far, those that a carry may still reach among them.
  std::size_t size() const { return bytes_.size() + run_ + (started_ ? 1 : 0); }

  // Ends the code with as few bytes as say it, and returns all of it. Nothing may be encoded after.
  const std::vector<std::uint8_t>& finish() {
    // The value of the interval with the most trailing zeros: a decoder reads zeros past the end.
    for (int zeros = 40;; --zeros) {
      const std::uint64_t mask = (std::uint64_t{1} << zeros) - 1;
      const std::uint64_t value = (low_ + mask) & ~mask;
      if (value < low_ + range_) {
        low_ = value;
        break;
      }
    }
    for (int byte = 0; byte < 6; ++byte) shift_out();
    while (!bytes_.empty() && bytes_.back() == 0) bytes_.pop_back();
    return bytes_;
  }

 private:
  static constexpr std::uint64_t kBottom = std::uint64_t{1} << 32;
  static constexpr std::uint64_t kTop = std::uint64_t{1} << 40;

  // Moves the top byte of low out. A byte that a carry may still reach waits in held_, the 0xFF bytes after it
  // in run_.
  void shift_out() {
    if (low_ < 0xFFull << 32 || low_ >= kTop) {
      const auto carry = static_cast<std::uint8_t>(low_ >> 40);
      if (started_) bytes_.push_back(static_cast<std::uint8_t>(held_ + carry));
      for (; run_ > 0; --run_) bytes_.push_back(static_cast<std::uint8_t>(0xFF + carry));
      held_ = static_cast<std::uint8_t>(low_ >> 32);
      started_ = true;
    } else {
      ++run_;
    }
    low_ = (low_ & (kBottom - 1)) << 8;
  }

  std::vector<std::uint8_t> bytes_;
  std::uint64_t low_ = 0;
  std::uint64_t range_ = kTop;
  std::size_t run_ = 0;
  std::uint8_t held_ = 0;
  bool started_ = false;
};

class RangeDecoder {
 public:
  // `bytes` must outlive the decoder. Past their end it reads zeros.
  RangeDecoder(const std::uint8_t* bytes, std::size_t count) : bytes_(bytes), count_(count) {
    for (int byte = 0; byte < 5; ++byte) code_ = code_ << 8 | next();
  }

  // Where in [0, 2^bits) the next symbol lies. take() must follow, with the interval that holds it.
  std::uint32_t peek(int bits) {
    unit_ = range_ >> bits;
    const std::uint64_t place = code_ / unit_;
    const std::uint64_t last = (std::uint64_t{1} << bits) - 1;
    return static_cast<std::uint32_t>(place < last ? place : last);
  }

  void take(std::uint32_t start, std::uint32_t size) {
    code_ -= unit_ * start;
    range_ = unit_ * size;
    while (range_ < kBottom) {
      code_ = code_ << 8 | next();
      range_ <<= 8;
    }
  }

  std::uint32_t decode_raw(int count) {
    std::uint32_t value = 0;
    while (count > 0) {
      const int part = count > 16 ? 16 : count;
      const std::uint32_t bits = peek(part);
      take(bits, 1);
      value = value << part | bits;
      count -= part;
    }
    return value;
  }

  // Bytes read so far.
  std::size_t position() const { return at_; }

  // Whether zeros were read for bytes that are not there.
  bool past_end() const { return past_end_; }

  // Whether the bytes are what an encoder writes for what was decoded: none left over, and no zero at the end.
  // Damaged bytes that decode to something else of the same length are beyond it; sections have checksums.
  bool complete() const { return at_ == count_ && (count_ == 0 || bytes_[count_ - 1] != 0); }

 private:
  static constexpr std::uint64_t kBottom = std::uint64_t{1} << 32;

  std::uint8_t next() {
    if (at_ < count_) return bytes_[at_++];
    past_end_ = true;
    return 0;
  }

  const std::uint8_t* bytes_;
  std::size_t count_;
  std::size_t at_ = 0;
  bool past_end_ = false;
  std::uint64_t code_ = 0;
  std::uint64_t range_ = std::uint64_t{1} << 40;
  std::uint64_t unit_ = 0;
};

}  // namespace coin
