// A view of a stream, about to be computed row by row.
#pragma once

#include <memory>

#include "decoder/format/colour.h"
#include "decoder/format/limits.h"
#include "decoder/resample.h"
#include "decoder/source.h"

namespace coin {

// partial: the stream may be the beginning of a whole one. band: pixels that are computed at a time.
struct Request {
  View view;
  bool partial = false;
  int threads = 1;
  Limits limits = {};
  std::int64_t band = kBandPixels;
};

// The whole picture in its own size.
View whole_view(const Header& header);

class Rendering {
 public:
  // Everything is checked, and nothing of the picture computed yet. The stream's bytes must outlive it.
  static Result<std::unique_ptr<Rendering>> open(ByteSpan data, const Request& request);

  int width() const { return width_; }
  int height() const { return height_; }
  const Format& format() const { return format_; }
  const Colour& colour() const { return colour_; }

  // What a cut stream does not say of the view, in a few words; empty for a whole one.
  const std::string& missing() const { return missing_; }

  int next_row() const { return next_; }

  // Rows that are best read together: fewer are kept until they are asked for.
  int band_rows() const { return band_rows_; }

  // The next rows, at most so many and those that are left. stride: bytes from one to the next.
  Result<int> read(int rows, void* out, std::ptrdiff_t stride);

 private:
  Rendering(Shown shown, const Request& request, const Header& header, Colour colour);
  Error compute(int first, int last, void* out);

  const std::unique_ptr<Source> source_;
  std::optional<Resampler> resampler_;
  const Region plain_;  // of the source, if it is not resampled
  const int width_, height_;
  const Format format_;
  const Colour colour_;
  const std::string missing_;
  int band_rows_, next_ = 0;
  std::vector<std::uint16_t> kept_;  // rows [kept_first_, kept_last_)
  int kept_first_ = 0, kept_last_ = 0;
};

}  // namespace coin
