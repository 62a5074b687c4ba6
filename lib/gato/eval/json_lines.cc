#include "gato/eval/json_lines.h"

#include <sstream>
#include <string>

#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/ingest/json_record.h"

namespace gato::eval {

void for_each_json_line(const std::filesystem::path& path,
                        const std::function<void(nlohmann::json&)>& use) {
  std::istringstream lines(base::read_file(path));
  int64_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.empty()) {
      continue;
    }
    base::with_context(fmt::format("{}:{}", path.string(), number), [&] {
      nlohmann::json object = ingest::parse_json_object(line);
      use(object);
    });
  }
}

}  // namespace gato::eval
