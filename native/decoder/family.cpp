#include "decoder/family.h"

#include <cmath>

#include "decoder/latent/picture.h"
#include "decoder/latent/previews.h"
#include "decoder/siren/picture.h"
#include "decoder/siren/previews.h"

namespace coin {
namespace {

class Siren final : public Family {
 public:
  explicit Siren(const Header& header) : header_(header) {}

  const char* name() const override { return "siren"; }

  Error accept(const View& view, const Limits& limits) override {
    const Result<SirenShape> shape = accept_siren(header_, view, limits);
    if (!shape) return shape.error();
    shape_ = *shape;
    return {};
  }

  Result<Shown> show(const Sections& sections, const Request& request) override {
    return show_siren(header_, shape_, sections, request.view, request.threads, request.band);
  }

  Result<std::unique_ptr<Previews>> previews(const Sections& sections, const PreviewRequest& request) override {
    return siren_previews(header_, shape_, sections, request);
  }

  Result<Model> inspect(const Sections& sections, const Limits&, int) override {
    const Result<SirenShape> shape = read_siren_shape(header_);
    if (!shape) return shape.error();
    const Result<std::vector<float>> parameters = read_siren_weights(*shape, sections);
    if (!parameters) return parameters.error();
    const Result<Section> weights = siren_weights_section(sections);
    return Model{name(),        {shape->layers, shape->width},     {weights->payload.size()}, shape->parameters(),
                 siren_macs(*shape), weights->type == kWeightsHalf};
  }

 private:
  const Header& header_;
  SirenShape shape_ = {};
};

class Latent final : public Family {
 public:
  explicit Latent(const Header& header) : header_(header) {}

  const char* name() const override { return "latent"; }

  Error accept(const View& view, const Limits& limits) override {
    const Result<LatentShape> shape = accept_latent(header_, view, limits);
    if (!shape) return shape.error();
    shape_ = *shape;
    return {};
  }

  Result<Shown> show(const Sections& sections, const Request& request) override {
    return show_latent(header_, shape_, sections, request.view, request.threads, request.band);
  }

  Result<std::unique_ptr<Previews>> previews(const Sections& sections, const PreviewRequest& request) override {
    return latent_previews(header_, shape_, sections, request);
  }

  Result<Model> inspect(const Sections& sections, const Limits& limits, int threads) override {
    const View whole = {{0, 0, header_.width, header_.height}, header_.width, header_.height, false};
    const Result<LatentShape> shape = accept_latent(header_, whole, limits);
    if (!shape) return shape.error();
    const Result<Networks> networks = read_networks(*shape, sections);
    if (!networks) return networks.error();
    Result<std::unique_ptr<LatentStream>> stream = LatentStream::open(*networks, sections, threads);
    if (!stream) return stream.error();
    if (Error error = (*stream)->read_all()) return error;
    std::vector<std::uint64_t> parts = (*stream)->sizes();
    parts.push_back(networks_section(sections)->payload.size());
    std::reverse(parts.begin(), parts.end());
    const double pixels = static_cast<double>(shape->height) * shape->width;
    const double macs = std::nearbyint((contexts_macs(*shape) + rendering_macs(*shape)) / pixels);
    return Model{name(),
                 {shape->levels, shape->neighbours, shape->features, shape->hidden, shape->block},
                 std::move(parts),
                 shape->parameters(),
                 static_cast<std::int64_t>(macs),
                 false};
  }

 private:
  const Header& header_;
  LatentShape shape_ = {};
};

}  // namespace

Result<std::unique_ptr<Family>> family_of(const Header& header) {
  if (header.family == kSirenFamily) return std::unique_ptr<Family>(std::make_unique<Siren>(header));
  if (header.family == kLatentFamily) return std::unique_ptr<Family>(std::make_unique<Latent>(header));
  return unsupported("unknown model family " + std::to_string(header.family));
}

Result<Sections> of_model(const Sections& sections) {
  Sections found;
  bool begun = false;
  for (const Section& section : sections) {
    if (is_colour(section)) {
      if (begun) return corrupt("a section of colour follows those of the model");
      continue;
    }
    begun = begun || !(section.type & kAncillary);
    found.push_back(section);
  }
  return found;
}

}  // namespace coin
