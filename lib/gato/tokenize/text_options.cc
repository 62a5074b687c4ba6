#include "gato/tokenize/text_options.h"

#include <utility>

#include "gato/base/error.h"

namespace gato {

void add_text_options(cli::OptionTable& table, TextSourceOptions& options,
                      std::vector<std::string> formats) {
  table
      .add("format", &options.format,
           "How the inputs are written; auto goes by the names")
      .one_of(std::move(formats))
      .named("FORMAT");
  table
      .add("text-key", &options.text_key,
           "Key of the text in each object of JSON lines")
      .named("KEY");
  table
      .add("document-separator", &options.document_separator,
           "What ends a document of plain text: file (nothing, a file is one "
           "document), blank-lines, lines, or any other text, such as "
           "<|endoftext|>, which then belongs to no document")
      .named("TEXT");
  table.check([&options] {
    if (options.document_separator.empty()) {
      throw usage_error(
          "option --document-separator: the text is empty; use file for one "
          "document a file");
    }
  });
}

}  // namespace gato
