// What goes wrong with a stream, or with what is asked of it: a code, and a text for people.
#pragma once

#include <optional>
#include <string>
#include <utility>

namespace coin {

// Those of docs/format.md's readers in every language; the numbers are part of the C API.
enum class Code {
  ok = 0,
  not_coin = 1,     // the data does not begin with the signature
  truncated = 2,    // the data ends before the stream does
  corrupt = 3,      // a checksum does not match, or a field holds what no encoder writes
  unsupported = 4,  // a later version, family or feature
  limit = 5,        // more pixels, work or metadata than the limits allow
  usage = 6,        // what was asked makes no sense
  cancelled = 7,    // the caller said so
  memory = 8,       // there is not enough
};

struct [[nodiscard]] Error {
  Code code = Code::ok;
  std::string text;

  explicit operator bool() const { return code != Code::ok; }
};

inline Error corrupt(std::string text) { return {Code::corrupt, std::move(text)}; }
inline Error truncated(std::string text) { return {Code::truncated, std::move(text)}; }
inline Error unsupported(std::string text) { return {Code::unsupported, std::move(text)}; }
inline Error over_limit(std::string text) { return {Code::limit, std::move(text)}; }
inline Error bad_use(std::string text) { return {Code::usage, std::move(text)}; }

// A value, or what kept it from being one.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  Result(Error error) : error_(std::move(error)) {}

  explicit operator bool() const { return value_.has_value(); }
  T& operator*() { return *value_; }
  const T& operator*() const { return *value_; }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }
  const Error& error() const { return error_; }

 private:
  std::optional<T> value_;
  Error error_;
};

}  // namespace coin
