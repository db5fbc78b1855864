// zlib streams (RFC 1950) unpacked, without zlib.
#pragma once

#include <vector>

#include "decoder/format/bytes.h"

namespace coin {

// All that is in a stream, of at most `most` bytes, which is checked as it is unpacked. name: of what is in it, for
// errors: `corrupt` for what is not such a stream or has more after it, `limit` for more.
Result<std::vector<std::uint8_t>> inflate(ByteSpan stream, std::uint64_t most, const char* name);

}  // namespace coin
