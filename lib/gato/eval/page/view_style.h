// The style sheet and the script of view_page().
#pragma once

namespace gato::eval {

extern const char* const kViewStyle;
extern const char* const kViewScript;

}  // namespace gato::eval
