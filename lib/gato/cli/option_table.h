// The table of a command's options. The parser, --help, the man page, shell
// completion, the TOML configuration and --dump-config all use the same table.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace gato::cli {

// The variable that receives an option's value. Its type determines how the
// text is parsed:
// - A bool is a flag.
// - A scalar takes one value, and is an error if it is given twice on a command
//   line.
// - A vector takes all values up to the next option, except for the operands
//   that the command requires. The option may be repeated, and each value is
//   split at commas.
// - An optional stays empty if the option is not given.
// - A map takes one KEY=VALUE pair per occurrence, each key once.
using OptionTarget = std::variant<
    bool*, int64_t*, uint64_t*, double*, std::string*, std::optional<int64_t>*,
    std::optional<double>*, std::optional<std::string>*, std::vector<int64_t>*,
    std::vector<std::string>*, std::map<std::string, std::string>*>;

// The ways in which an option's value may change when a run is resumed.
enum class OnResume {
  unspecified,     // the command does not resume runs
  fixed,           // must equal the value that the run was started with
  may_change,      // the new value replaces the old one
  per_invocation,  // not a property of the run: each invocation sets it
};

// One option, or the operands of a command.
struct Option {
  std::string name;       // long name without dashes; the TOML key
  char short_letter = 0;  // 0 if there is none
  OptionTarget target;
  std::string help;  // one sentence; the default is appended automatically
  std::string group = "Options";
  std::string metavar_name;  // FILE, N, P ...
  double minimum = -std::numeric_limits<double>::infinity();
  double maximum = std::numeric_limits<double>::infinity();
  std::vector<std::string> choices;
  bool is_required = false;
  OnResume on_resume = OnResume::unspecified;
  // If not empty, `fixed` applies only if this option is given; otherwise the
  // value may change.
  std::string fixed_only_with;
  bool is_in_config = true;  // false: applies to this run only, no TOML key
  bool takes_files = false;
  // Makes each occurrence of a list one value, which is not split at commas.
  bool takes_one_value = false;
  bool is_operand = false;       // these are the operands, without a --name
  nlohmann::json default_value;  // the target's value when it was added
  std::string shown_default;  // what the help calls the default, if not empty

  // Chained setters, so that a table reads as a table.
  Option& short_name(char letter);
  Option& metavar(std::string value);
  Option& range(double low, double high);  // inclusive, checked when parsed
  Option& one_of(std::vector<std::string> values);
  Option& required();
  // Set how the value may change on --resume. Every option of a command that
  // resumes runs calls one of them, unless it is not in the configuration;
  // build_option_table() makes sure of it.
  Option& fixed_on_resume();
  // Fixed if the option `name` is given, whose target can be empty (is_empty()
  // in option_value.h). Otherwise the value may change.
  Option& fixed_on_resume_with(std::string name);
  Option& may_change_on_resume();
  Option& per_invocation();
  Option& not_in_config();  // is_in_config = false
  Option& files();          // expands globs, does not split at commas
  Option& repeatable();     // takes_one_value
  // Sets shown_default, for a value that is determined later.
  Option& default_is(std::string description);
};

// Options of which exactly one must be given, unless one of `unless` is given.
struct ExclusiveGroup {
  std::vector<std::string> names, unless;
  bool allows_several = false;  // at least one must be given
};

class OptionTable {
 public:
  // Adds an option. The current value of its target is the default. The
  // returned reference is valid as long as the table exists.
  Option& add(std::string name, OptionTarget target, std::string help);
  // Puts the options that are added later under this heading.
  void begin_group(std::string title);
  // Adds a check that is called after all values have been assigned, before the
  // configuration is dumped or the work starts. It may change targets, and
  // throws Error(usage) if values are inconsistent.
  void add_check(std::function<void()> check);
  // Requires exactly one of these options, unless a flag in `unless` is given.
  // The help mentions it, and it is checked before the work starts. The targets
  // must be of types that can be empty (is_empty() in option_value.h).
  void require_exactly_one(std::vector<std::string> names,
                           std::vector<std::string> unless = {});
  // The same for at least one of the options.
  void require_at_least_one(std::vector<std::string> names,
                            std::vector<std::string> unless = {});
  // Sets a function that returns configuration files of lower precedence than
  // those of --config, for example a preset. The first file has the lowest
  // precedence. The function is called after the given values, which may select
  // the files, have been assigned; the files supply the values that were not
  // given.
  void set_base_config_files(std::function<std::vector<std::string>()> files);
  const std::vector<std::unique_ptr<Option>>& options() const {
    return options_;
  }
  const std::vector<std::function<void()>>& checks() const { return checks_; }
  const std::vector<ExclusiveGroup>& exclusive_groups() const {
    return exclusive_groups_;
  }
  // Returns the group that the option belongs to, or null if there is none.
  const ExclusiveGroup* find_exclusive_group(const Option& option) const;
  // Calls the function of set_base_config_files(), if there is one.
  std::vector<std::string> base_config_files() const;
  // Returns the option of this name, or null if there is none.
  const Option* find(const std::string& name) const;
  // Returns how the value of an option of this table may change on --resume,
  // given the current values of the others.
  OnResume on_resume(const Option& option) const;

 private:
  std::vector<std::unique_ptr<Option>> options_;
  std::vector<std::function<void()>> checks_;
  std::vector<ExclusiveGroup> exclusive_groups_;
  std::function<std::vector<std::string>()> base_config_files_;
  std::string group_ = "Options";
};

}  // namespace gato::cli
