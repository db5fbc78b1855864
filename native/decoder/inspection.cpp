#include "decoder/inspection.h"

#include "decoder/family.h"
#include "decoder/format/metadata.h"

namespace coin {

Result<Inspection> inspect(ByteSpan data, const Limits& limits, int threads) {
  const Result<Layout> layout = read_layout(data);
  if (!layout) return layout.error();
  const Result<Sections> sections = read_sections(data, *layout, false);
  if (!sections) return sections.error();
  Result<std::unique_ptr<Family>> family = family_of(layout->header);
  if (!family) return family.error();
  const Result<Sections> of_family = of_model(*sections);
  if (!of_family) return of_family.error();
  Result<Model> model = (*family)->inspect(*of_family, limits, threads);
  if (!model) return model.error();
  Result<Colour> colour = read_colour(*sections, limits);
  if (!colour) return colour.error();
  Inspection found = {std::move(*model), std::move(*colour), 0, {}};
  for (const Section& section : *sections) {
    if (is_colour(section)) found.colour_bytes += section.length();
    if (is_metadata(section)) found.metadata_bytes[section.type - kExif] += section.length();
  }
  return found;
}

}  // namespace coin
