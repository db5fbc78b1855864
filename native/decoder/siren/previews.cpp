#include "decoder/siren/previews.h"

#include <bit>
#include <cstring>

namespace coin {
namespace {

// Samples along the longer side of the first preview, at least.
constexpr int kCoarsest = 24;

std::vector<float> every(const std::vector<float>& axis, int first, int step) {
  std::vector<float> part;
  for (std::size_t i = static_cast<std::size_t>(first); i < axis.size(); i += static_cast<std::size_t>(step))
    part.push_back(axis[i]);
  return part;
}

class SirenPreviews final : public Previews {
 public:
  SirenPreviews(const Header& header, const SirenShape& shape, std::vector<float> parameters,
                const PreviewRequest& request)
      : header_(header), pixel_bytes_(header.pixel_bytes()), total_(request.total),
        down_(axis(header.height)), across_(axis(header.width)),
        source_(shape, std::move(parameters), header.bit_depth, down_, across_, request.threads, request.band) {
    const int longer = std::max(header.height, header.width) / kCoarsest;
    step_ = 1 << std::max(0, static_cast<int>(std::bit_width(static_cast<unsigned>(longer))) - 1);
  }

  Result<std::unique_ptr<Preview>> next() override {
    if (done_) return std::unique_ptr<Preview>();
    if (known_.empty()) {
      resize();
      source_.at(every(down_, 0, step_), every(across_, 0, step_), known_.data());
    } else {
      step_ /= 2;
      finer();
    }
    done_ = step_ == 1;
    auto preview = std::make_unique<Preview>();
    preview->width = columns_;
    preview->height = rows_;
    preview->step = step_;
    preview->place = 0.5;
    preview->work = static_cast<double>(rows_) * columns_ / (static_cast<double>(header_.height) * header_.width);
    preview->bytes = total_;
    preview->samples = known_;
    return preview;
  }

 private:
  std::vector<float> axis(int n) const {
    return pixel_axis(n, std::max(header_.height, header_.width), 0, n, n);
  }

  std::uint8_t* at(std::vector<std::uint16_t>& samples, int row, int column, int columns) const {
    return reinterpret_cast<std::uint8_t*>(samples.data()) +
           (static_cast<std::size_t>(row) * columns + column) * pixel_bytes_;
  }

  void resize() {
    rows_ = (header_.height + step_ - 1) / step_;
    columns_ = (header_.width + step_ - 1) / step_;
    known_ = samples_memory(static_cast<std::size_t>(rows_) * columns_, pixel_bytes_);
  }

  // Twice as many samples along both sides: between the known columns, then between rows.
  void finer() {
    std::vector<std::uint16_t> coarse = std::move(known_);
    const int coarse_rows = rows_, coarse_columns = columns_;
    resize();
    spread(coarse, coarse_rows, coarse_columns, 0);
    // Where a side has one sample there is none between.
    if (columns_ > 1) {
      const std::vector<float> down = every(down_, 0, 2 * step_), across = every(across_, step_, 2 * step_);
      std::vector<std::uint16_t> samples = at_places(down, across);
      spread(samples, static_cast<int>(down.size()), static_cast<int>(across.size()), 1);
    }
    if (rows_ > 1) {
      const std::vector<float> down = every(down_, step_, 2 * step_), across = every(across_, 0, step_);
      std::vector<std::uint16_t> samples = at_places(down, across);
      for (int r = 0; r < static_cast<int>(down.size()); ++r)
        std::memcpy(at(known_, 2 * r + 1, 0, columns_), at(samples, r, 0, columns_), columns_ * pixel_bytes_);
    }
  }

  std::vector<std::uint16_t> at_places(const std::vector<float>& down, const std::vector<float>& across) const {
    std::vector<std::uint16_t> samples = samples_memory(down.size() * across.size(), pixel_bytes_);
    source_.at(down, across, samples.data());
    return samples;
  }

  // To every second row, and every second column from `first` on.
  void spread(std::vector<std::uint16_t>& samples, int rows, int columns, int first) {
    for (int r = 0; r < rows; ++r)
      for (int c = 0; c < columns; ++c)
        std::memcpy(at(known_, 2 * r, 2 * c + first, columns_), at(samples, r, c, columns), pixel_bytes_);
  }

  const Header header_;
  const std::size_t pixel_bytes_;
  const std::uint64_t total_;
  const std::vector<float> down_, across_;
  SirenSource source_;
  int step_ = 1, rows_ = 0, columns_ = 0;
  bool done_ = false;
  std::vector<std::uint16_t> known_;
};

}  // namespace

Result<std::unique_ptr<Previews>> siren_previews(const Header& header, const SirenShape& shape,
                                                 const Sections& sections, const PreviewRequest& request) {
  Result<std::vector<float>> parameters = read_siren_weights(shape, sections);
  if (!parameters) return parameters.error();
  return std::unique_ptr<Previews>(
      std::make_unique<SirenPreviews>(header, shape, std::move(*parameters), request));
}

}  // namespace coin
