#include "decoder/previews.h"

#include "decoder/family.h"

namespace coin {

Result<std::unique_ptr<Previews>> Previews::open(ByteSpan data, PreviewRequest request) {
  const Result<Layout> layout = read_layout(data);
  if (!layout) return layout.error();
  const Header& header = layout->header;
  Result<std::unique_ptr<Family>> family = family_of(header);
  if (!family) return family.error();
  if (Error error = (*family)->accept(whole_view(header), request.limits)) return error;
  const Result<Sections> sections = read_sections(data, *layout, request.partial);
  if (!sections) return sections.error();
  request.total = layout->total_bytes;
  const Result<Sections> model = of_model(*sections);
  if (!model) return model.error();
  return (*family)->previews(*model, request);
}

}  // namespace coin
