#include "decoder/latent/previews.h"

namespace coin {
namespace {

class LatentPreviews final : public Previews {
 public:
  LatentPreviews(const Header& header, const Networks& networks, std::unique_ptr<LatentStream> stream,
                 const PreviewRequest& request)
      : header_(header), shape_(networks.shape), parameters_(networks.parameters()), stream_(std::move(stream)),
        request_(request), level_(shape_.levels) {
    whole_ = rendering_macs(shape_) + contexts_macs(shape_);
  }

  Result<std::unique_ptr<Preview>> next() override {
    if (level_ == 0) return std::unique_ptr<Preview>();
    const int level = level_ - 1;
    if (Error error = stream_->read_grid(level)) return error;
    if (!stream_->missing().empty()) return std::unique_ptr<Preview>();
    level_ = level;
    const LatentShape small = coarser_shape(shape_, level);
    done_ += static_cast<double>(context_macs(shape_, level)) + rendering_macs(small);
    auto preview = std::make_unique<Preview>();
    preview->width = small.width;
    preview->height = small.height;
    preview->step = 1 << level;
    preview->place = preview->step / 2.0;
    preview->work = done_ / whole_;
    // What stands before the latents, or after them but is needed to know them sound, counts from the beginning.
    preview->bytes = request_.total;
    if (level > 0) preview->bytes += stream_->ends()[static_cast<std::size_t>(shape_.levels - 1 - level)] - stream_->total();
    preview->samples = samples_memory(static_cast<std::size_t>(small.width) * small.height, header_.pixel_bytes());
    LatentSource source(small, coarser_parameters(shape_, parameters_, level), *stream_, level, header_,
                        request_.threads, request_.band, true);
    if (Error error = source.render({0, 0, small.width, small.height}, preview->samples.data())) return error;
    return preview;
  }

 private:
  const Header header_;
  const LatentShape shape_;
  const std::vector<float> parameters_;
  const std::unique_ptr<LatentStream> stream_;
  const PreviewRequest request_;
  int level_;
  double done_ = 0, whole_ = 0;
};

}  // namespace

Result<std::unique_ptr<Previews>> latent_previews(const Header& header, const LatentShape& shape,
                                                  const Sections& sections, const PreviewRequest& request) {
  const Result<Networks> networks = read_networks(shape, sections);
  if (!networks) return networks.error();
  Result<std::unique_ptr<LatentStream>> stream = LatentStream::open(*networks, sections, request.threads);
  if (!stream) return stream.error();
  return std::unique_ptr<Previews>(
      std::make_unique<LatentPreviews>(header, *networks, std::move(*stream), request));
}

}  // namespace coin
