#include "gato/cli/options.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "gato/cli/value.h"

namespace gato::cli {

Option& Option::abbreviated(char letter) {
  short_name = letter;
  return *this;
}

Option& Option::named(std::string value) {
  value_name = std::move(value);
  return *this;
}

Option& Option::within(double low, double high) {
  minimum = low;
  maximum = high;
  return *this;
}

Option& Option::one_of(std::vector<std::string> values) {
  choices = std::move(values);
  return *this;
}

Option& Option::required() {
  is_required = true;
  return *this;
}

Option& Option::of_run() {
  in_config = false;
  return *this;
}

Option& Option::one_each() {
  takes_one = true;
  return *this;
}

Option& Option::files() {
  takes_files = true;
  return *this;
}

Option& OptionTable::add(std::string name, Target target, std::string help) {
  if (find(name)) throw std::logic_error("option added twice: --" + name);
  auto option = std::make_unique<Option>();
  option->name = std::move(name);
  option->target = target;
  option->help = std::move(help);
  option->group = group_;
  option->value_name = default_value_name(target);
  option->default_text = value_text(target);
  options_.push_back(std::move(option));
  return *options_.back();
}

void OptionTable::group(std::string title) { group_ = std::move(title); }

void OptionTable::check(std::function<void()> check) {
  checks_.push_back(std::move(check));
}

void OptionTable::require_one(std::vector<std::string> names,
                              std::vector<std::string> unless) {
  alternatives_.push_back({std::move(names), std::move(unless)});
}

const Alternatives* OptionTable::alternatives_of(const Option& option) const {
  for (const Alternatives& one : alternatives_) {
    if (std::ranges::find(one.names, option.name) != one.names.end()) {
      return &one;
    }
  }
  return nullptr;
}

void OptionTable::beneath(std::function<std::vector<std::string>()> files) {
  files_beneath_ = std::move(files);
}

std::vector<std::string> OptionTable::files_beneath() const {
  return files_beneath_ ? files_beneath_() : std::vector<std::string>{};
}

const Option* OptionTable::find(const std::string& name) const {
  for (const auto& option : options_) {
    if (option->name == name) return option.get();
  }
  return nullptr;
}

}  // namespace gato::cli
