// The C library knows the letters of Unicode in the locale C.UTF-8, which is
// built into it. Its mapping is that of Python's str.lower(), which the
// reference implementations of text metrics use, but for two characters whose
// lower case is not one character or depends on its neighbors.
#include "gato/eval/letter_case.h"

#include <locale.h>
#include <utf8.h>

#include <algorithm>
#include <array>
#include <cwctype>
#include <iterator>

#include "gato/base/error.h"

namespace gato::eval {
namespace {

constexpr char32_t kCapitalIWithDot = 0x130, kCombiningDot = 0x307;
constexpr char32_t kCapitalSigma = 0x3A3, kFinalSigma = 0x3C2;

locale_t utf8_locale() {
  static const locale_t locale =
      newlocale(LC_CTYPE_MASK, "C.UTF-8", static_cast<locale_t>(nullptr));
  if (locale == static_cast<locale_t>(nullptr)) {
    throw base::run_error("the C library has no locale C.UTF-8");
  }
  return locale;
}

bool is_letter(char32_t c) {
  return iswalpha_l(static_cast<wint_t>(c), utf8_locale()) != 0;
}

// Unicode's White_Space and the separators of ASCII, as str.isspace().
bool is_white_space(char32_t c) {
  constexpr std::array<char32_t, 9> kOthers = {
      0x20, 0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000};
  return (c >= 0x9 && c <= 0xD) || (c >= 0x1C && c <= 0x1F) ||
         (c >= 0x2000 && c <= 0x200A) ||
         std::ranges::find(kOthers, c) != kOthers.end();
}

std::u32string to_characters(std::string_view text) {
  std::string valid;
  utf8::replace_invalid(text.begin(), text.end(), std::back_inserter(valid));
  std::u32string characters;
  utf8::utf8to32(valid.begin(), valid.end(), std::back_inserter(characters));
  return characters;
}

}  // namespace

std::string to_lower_case(std::string_view text) {
  const std::u32string characters = to_characters(text);
  std::u32string lower;
  for (size_t i = 0; i < characters.size(); ++i) {
    const char32_t c = characters[i];
    if (c == kCapitalIWithDot) {
      lower += {U'i', kCombiningDot};
    } else if (c == kCapitalSigma && i > 0 && is_letter(characters[i - 1]) &&
               (i + 1 == characters.size() || !is_letter(characters[i + 1]))) {
      lower += kFinalSigma;
    } else {
      lower += static_cast<char32_t>(
          towlower_l(static_cast<wint_t>(c), utf8_locale()));
    }
  }
  std::string result;
  utf8::utf32to8(lower.begin(), lower.end(), std::back_inserter(result));
  return result;
}

std::string strip_white_space(std::string_view text) {
  const std::u32string characters = to_characters(text);
  const auto first = std::ranges::find_if_not(characters, is_white_space);
  auto end = characters.end();
  while (end != first && is_white_space(*(end - 1))) {
    --end;
  }
  std::string result;
  utf8::utf32to8(first, end, std::back_inserter(result));
  return result;
}

std::vector<std::string> split_at_white_space(std::string_view text) {
  std::vector<std::string> parts;
  bool is_inside = false;
  for (const char32_t c : to_characters(text)) {
    if (is_white_space(c)) {
      is_inside = false;
      continue;
    }
    if (!is_inside) {
      parts.emplace_back();
      is_inside = true;
    }
    utf8::append(static_cast<uint32_t>(c), std::back_inserter(parts.back()));
  }
  return parts;
}

}  // namespace gato::eval
