// Which instruction set the kernels use.
#pragma once

#include <string>
#include <vector>

namespace coin {

enum class Isa { baseline, avx2, avx512, native };

// Instruction sets that were compiled in and that this machine runs, the plainest first.
std::vector<std::string> supported_isas();

// The set in use: at first the last of supported_isas(). select_isa returns false for a name that
// is not among them.
Isa isa_in_use();
std::string selected_isa();
bool select_isa(const std::string& name);

}  // namespace coin
