// What a decoder asks of a model family. The families know nothing of each other.
#pragma once

#include <functional>
#include <memory>

#include "decoder/inspection.h"
#include "decoder/previews.h"
#include "decoder/rendering.h"

namespace coin {

class Family {
 public:
  virtual ~Family() = default;

  virtual const char* name() const = 0;

  // Whether the header alone shows that a view can be computed within the limits. To be called before the others.
  virtual Error accept(const View& view, const Limits& limits) = 0;

  virtual Result<Shown> show(const Sections& sections, const Request& request) = 0;
  virtual Result<std::unique_ptr<Previews>> previews(const Sections& sections, const PreviewRequest& request) = 0;
  virtual Result<Model> inspect(const Sections& sections, const Limits& limits, int threads) = 0;
};

// The family of a header, which must outlive it.
Result<std::unique_ptr<Family>> family_of(const Header& header);

// Sections that are the family's affair.
Result<Sections> of_model(const Sections& sections);

}  // namespace coin
