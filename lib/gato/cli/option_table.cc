// Options are stored by pointer, so that the reference that add() returns stays
// valid when more options are added.
#include "gato/cli/option_table.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "gato/cli/option_value.h"

namespace gato::cli {

Option& Option::short_name(char letter) {
  short_letter = letter;
  return *this;
}

Option& Option::metavar(std::string value) {
  metavar_name = std::move(value);
  return *this;
}

Option& Option::range(double low, double high) {
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

Option& Option::fixed_on_resume() {
  on_resume = OnResume::fixed;
  return *this;
}

Option& Option::fixed_on_resume_with(std::string name) {
  fixed_only_with = std::move(name);
  return fixed_on_resume();
}

Option& Option::may_change_on_resume() {
  on_resume = OnResume::may_change;
  return *this;
}

Option& Option::per_invocation() {
  on_resume = OnResume::per_invocation;
  return *this;
}

Option& Option::not_in_config() {
  is_in_config = false;
  return *this;
}

Option& Option::repeatable() {
  takes_one_value = true;
  return *this;
}

Option& Option::files() {
  takes_files = true;
  return *this;
}

Option& Option::default_is(std::string description) {
  shown_default = std::move(description);
  return *this;
}

Option& OptionTable::add(std::string name, OptionTarget target,
                         std::string help) {
  if (find(name)) {
    throw std::logic_error("option added twice: --" + name);
  }
  auto option = std::make_unique<Option>();
  option->name = std::move(name);
  option->target = target;
  option->help = std::move(help);
  option->group = group_;
  option->metavar_name = default_metavar(target);
  option->default_value = target_to_json(target);
  options_.push_back(std::move(option));
  return *options_.back();
}

void OptionTable::begin_group(std::string title) { group_ = std::move(title); }

void OptionTable::add_check(std::function<void()> check) {
  checks_.push_back(std::move(check));
}

void OptionTable::require_exactly_one(std::vector<std::string> names,
                                      std::vector<std::string> unless) {
  exclusive_groups_.push_back({std::move(names), std::move(unless)});
}

void OptionTable::require_at_least_one(std::vector<std::string> names,
                                       std::vector<std::string> unless) {
  exclusive_groups_.push_back(
      {std::move(names), std::move(unless), /*allows_several=*/true});
}

const ExclusiveGroup* OptionTable::find_exclusive_group(
    const Option& option) const {
  for (const ExclusiveGroup& group : exclusive_groups_) {
    if (std::ranges::find(group.names, option.name) != group.names.end()) {
      return &group;
    }
  }
  return nullptr;
}

void OptionTable::set_base_config_files(
    std::function<std::vector<std::string>()> files) {
  base_config_files_ = std::move(files);
}

std::vector<std::string> OptionTable::base_config_files() const {
  return base_config_files_ ? base_config_files_() : std::vector<std::string>{};
}

const Option* OptionTable::find(const std::string& name) const {
  for (const auto& option : options_) {
    if (option->name == name) {
      return option.get();
    }
  }
  return nullptr;
}

OnResume OptionTable::on_resume(const Option& option) const {
  return !option.fixed_only_with.empty() &&
                 is_empty(find(option.fixed_only_with)->target)
             ? OnResume::may_change
             : option.on_resume;
}

}  // namespace gato::cli
