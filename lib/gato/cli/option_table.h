// One table of options feeds the parser, --help, the man page, completion, the
// TOML configuration and --dump-config.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace gato::cli {

// Where an option's value goes. Its type says how a text is parsed: bool is a
// flag; a vector takes the values up to the next option (but leaves the
// operands that the command requires), may be repeated, and splits each value
// at commas; optional stays empty when not given; KEY=VALUE pairs go to a map.
using OptionTarget = std::variant<
    bool*, int64_t*, uint64_t*, double*, std::string*, std::optional<int64_t>*,
    std::optional<double>*, std::optional<std::string>*, std::vector<int64_t>*,
    std::vector<std::string>*, std::map<std::string, std::string>*>;

// What may happen to an option's value when a run is resumed.
enum class OnResume {
  unspecified,     // of commands that do not resume
  fixed,           // must be what the run was started with
  may_change,      // the new value replaces the old one
  per_invocation,  // not part of the run: each call has its own
};

struct Option {
  std::string name;       // long name without dashes; the TOML key
  char short_letter = 0;  // 0: none
  OptionTarget target;
  std::string help;  // one sentence; the default is added by itself
  std::string group = "Options";
  std::string metavar_name;  // FILE, N, P ...
  double minimum = -std::numeric_limits<double>::infinity();
  double maximum = std::numeric_limits<double>::infinity();
  std::vector<std::string> choices;
  bool is_required = false;
  OnResume on_resume = OnResume::unspecified;
  bool is_in_config = true;  // false: concerns this run alone, no TOML key
  bool takes_files = false;
  bool takes_one_value = false;  // of a list: one value each time it is given
  bool is_operand = false;       // the operands; they have no --name
  std::string default_text;      // the target's value when it was added

  // Chained setters, so that a table reads as a table.
  Option& short_name(char letter);
  Option& metavar(std::string value);
  Option& range(double low, double high);  // inclusive, checked when parsed
  Option& one_of(std::vector<std::string> values);
  Option& required();
  // What --resume does with the option; every option of a command that resumes
  // says one of the three, unless it is not in the configuration.
  Option& fixed_on_resume();
  Option& may_change_on_resume();
  Option& per_invocation();
  Option& not_in_config();  // is_in_config = false
  Option& files();          // globs are expanded, commas kept
  Option& repeatable();     // takes_one_value
};

// Exactly one of these options must be given, unless one of `unless` is.
struct ExclusiveGroup {
  std::vector<std::string> names, unless;
};

class OptionTable {
 public:
  // The target keeps its present value as the default. The reference stays
  // valid while the table lives.
  Option& add(std::string name, OptionTarget target, std::string help);
  // Options added from now on stand under this heading.
  void begin_group(std::string title);
  // Runs when all values are assigned and before the configuration is dumped
  // or work starts. It may throw Error (usage) where values do not fit
  // together, and may change targets.
  void add_check(std::function<void()> add_check);
  // Exactly one of these options must be given, unless a flag of `unless` is:
  // help says so, and it is checked before work starts. Their targets can be
  // empty (value.h).
  void require_exactly_one(std::vector<std::string> names,
                           std::vector<std::string> unless = {});
  // Names configuration files that are read beneath those of --config, the
  // first one deepest: a preset, say. Called when the given values, which may
  // choose the files, are assigned; what they are not given comes from there.
  void set_base_config_files(std::function<std::vector<std::string>()> files);
  const std::vector<std::unique_ptr<Option>>& options() const {
    return options_;
  }
  const std::vector<std::function<void()>>& checks() const { return checks_; }
  const std::vector<ExclusiveGroup>& exclusive_groups() const {
    return exclusive_groups_;
  }
  // Null where the option is not one of alternatives.
  const ExclusiveGroup* find_exclusive_group(const Option& option) const;
  std::vector<std::string> base_config_files() const;
  // Null where no option has this name.
  const Option* find(const std::string& name) const;

 private:
  std::vector<std::unique_ptr<Option>> options_;
  std::vector<std::function<void()>> checks_;
  std::vector<ExclusiveGroup> exclusive_groups_;
  std::function<std::vector<std::string>()> base_config_files_;
  std::string group_ = "Options";
};

}  // namespace gato::cli
