// The official script is in Python 2, where \d matches only the digits of
// ASCII. It removes periods with re.sub(..., count=re.UNICODE), that is, the
// first 32 of them. The results are compared with its own in
// tests/reference/text_metrics.json.
#include "gato/eval/vqa_accuracy.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "gato/eval/letter_case.h"

namespace gato::eval {
namespace {

// Contractions that get back an apostrophe that is missing.
constexpr std::array kContractions = {
    "'ow's'at",       "'twas",        "ain't",      "aren't",
    "can't",          "could've",     "couldn't",   "couldn't've",
    "didn't",         "doesn't",      "don't",      "hadn't",
    "hadn't've",      "hasn't",       "haven't",    "he'd",
    "he'd've",        "he's",         "how'd",      "how'll",
    "how's",          "isn't",        "it'd",       "it'd've",
    "it'll",          "ma'am",        "might've",   "mightn't",
    "mightn't've",    "must've",      "mustn't",    "needn't",
    "not've",         "o'clock",      "oughtn't",   "shan't",
    "she'd've",       "should've",    "shouldn't",  "shouldn't've",
    "somebody'd've",  "somebody'll",  "somebody's", "someone'd",
    "someone'd've",   "someone'll",   "someone's",  "something'd",
    "something'd've", "something'll", "that's",     "there'd",
    "there'd've",     "there're",     "there's",    "they'd",
    "they'd've",      "they'll",      "they're",    "they've",
    "wasn't",         "we'd've",      "we've",      "weren't",
    "what'll",        "what're",      "what's",     "what've",
    "when's",         "where'd",      "where's",    "where've",
    "who'd",          "who'd've",     "who'll",     "who's",
    "who've",         "why'll",       "why're",     "why's",
    "won't",          "would've",     "wouldn't",   "wouldn't've",
    "y'all",          "y'all'd've",   "y'all'll",   "you'd",
    "you'd've",       "you'll",       "you're",     "you've"};

using Replacements = std::unordered_map<std::string, std::string>;

Replacements make_contractions() {
  // The script takes this one away instead.
  Replacements replacements = {{"somebody'd", "somebodyd"}};
  for (const std::string contraction : kContractions) {
    for (size_t i = 0; i < contraction.size(); ++i) {
      if (contraction[i] == '\'') {
        replacements.emplace(std::string(contraction).erase(i, 1), contraction);
      }
    }
  }
  return replacements;
}

const Replacements& contractions() {
  static const Replacements replacements = make_contractions();
  return replacements;
}

const Replacements& number_words() {
  static const Replacements numbers = {
      {"none", "0"},  {"zero", "0"},  {"one", "1"},  {"two", "2"},
      {"three", "3"}, {"four", "4"},  {"five", "5"}, {"six", "6"},
      {"seven", "7"}, {"eight", "8"}, {"nine", "9"}, {"ten", "10"}};
  return numbers;
}

const std::string& replace_word(const std::string& word,
                                const Replacements& replacements) {
  const auto found = replacements.find(word);
  return found == replacements.end() ? word : found->second;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool has_comma_in_number(std::string_view text) {
  for (size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] == ',' && is_digit(text[i - 1]) && is_digit(text[i + 1])) {
      return true;
    }
  }
  return false;
}

// Removes a mark, or replaces it by a space if it only joins words.
std::string process_punctuation(const std::string& answer) {
  constexpr std::string_view kPunctuation = ";/[]\"{}()=+\\_-><@`,?!";
  const bool has_number = has_comma_in_number(answer);
  std::set<char> removed;
  for (const char mark : kPunctuation) {
    if (has_number || answer.find({mark, ' '}) != std::string::npos ||
        answer.find({' ', mark}) != std::string::npos) {
      removed.insert(mark);
    }
  }
  std::string result;
  for (const char c : answer) {
    if (kPunctuation.find(c) == std::string_view::npos) {
      result += c;
    } else if (!removed.contains(c)) {
      result += ' ';
    }
  }
  return result;
}

// Removes the first 32 periods that no digit follows.
std::string remove_periods(const std::string& text) {
  constexpr int kMaxRemoved = 32;
  std::string result;
  int removed = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool precedes_digit = i + 1 < text.size() && is_digit(text[i + 1]);
    if (text[i] == '.' && !precedes_digit && removed < kMaxRemoved) {
      ++removed;
    } else {
      result += text[i];
    }
  }
  return result;
}

std::string strip(std::string_view answer) {
  std::string text(answer);
  std::ranges::replace_if(
      text, [](char c) { return c == '\n' || c == '\t'; }, ' ');
  return strip_white_space(text);
}

}  // namespace

std::string normalize_vqa_answer(std::string_view answer) {
  const std::string text = remove_periods(process_punctuation(strip(answer)));
  std::string result;
  for (const std::string& word : split_at_white_space(to_lower_case(text))) {
    const std::string& number = replace_word(word, number_words());
    if (number == "a" || number == "an" || number == "the") {
      continue;
    }
    result +=
        (result.empty() ? "" : " ") + replace_word(number, contractions());
  }
  return result;
}

double vqa_accuracy(std::string_view answer,
                    std::span<const std::string> given_answers) {
  std::string candidate = strip(answer);
  std::vector<std::string> given;
  for (const std::string& text : given_answers) {
    given.push_back(strip(text));
  }
  if (std::ranges::count(given, given.front()) < std::ssize(given)) {
    candidate = normalize_vqa_answer(answer);
    for (std::string& text : given) {
      text = normalize_vqa_answer(text);
    }
  }
  const int64_t matches = std::ranges::count(given, candidate);
  double total = 0;
  for (const std::string& text : given) {
    const int64_t others = matches - (text == candidate ? 1 : 0);
    total += std::min(1.0, static_cast<double>(others) / 3);
  }
  return total / static_cast<double>(given.size());
}

}  // namespace gato::eval
