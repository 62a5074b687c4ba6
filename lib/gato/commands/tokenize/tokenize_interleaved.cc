#include <memory>
#include <string>

#include "gato/commands/tokenize/image_text_tokenizer.h"
#include "gato/commands/tokenize/tokenize.h"
#include "gato/ingest/text/page_source.h"

namespace gato::commands {
namespace {

struct TokenizeInterleavedOptions {
  ImageTextOptions images;
  std::string format = "auto";
};

base::ExitStatus run_tokenize_interleaved(
    const TokenizeInterleavedOptions& options,
    const cli::CommandContext& context) {
  ImageTextTokenizer output(context, options.images, "pages");
  for (const std::string& input : context.common.inputs) {
    output.add_all(*ingest::open_pages(
        input, {options.format, options.images.image_root}));
  }
  output.commit();
  return base::ExitStatus::success;
}

constexpr const char* kDescription =
    "Every page is one document: patches and pieces in the order of the page, "
    "with </s> after the last text. A page is a JSON object, either on a line "
    "of its own or as a .json member of a .tar archive. Both kinds of input "
    "may be compressed, and lines may be read from standard input (-).\n\n"
    "gato: {\"items\": [{\"text\": TEXT}, {\"image\": PATH}, "
    "{\"image_base64\": BASE64}...]}.\n\n"
    "mmc4: \"text_list\", a list of sentences, and \"image_info\", a list of "
    "objects with \"matched_text_index\" and \"image_name\" or "
    "\"image_base64\". An image precedes the sentence that it is matched with. "
    "Sentences without an image between them are joined by a space.\n\n"
    "obelics: \"images\" and \"texts\", two lists of the same length, of which "
    "exactly one is not null at each index. An image is a path, or an object "
    "with \"path\" or with base64 data in \"bytes\". The marker "
    "END_OF_DOCUMENT_TOKEN_TO_BE_REPLACED, which OBELICS contains, becomes "
    "</s>.\n\n"
    "Paths are relative to --image-root. A data URL, or the base64 encoding of "
    "a JPEG, PNG, WebP, PBM, PGM or PPM file, may be given instead of a path. "
    "Nothing is downloaded: an image given as an http or https URL counts as "
    "missing.";

}  // namespace

cli::Command tokenize_interleaved_command() {
  cli::Command command = make_token_command(
      "interleaved",
      "convert pages of images and text (MMC4, OBELICS, JSON lines) to a token "
      "file",
      "PAGES...");
  command.description = kDescription;
  command.seed_help = cli::kUnusedOption;
  command.build = [](cli::OptionTable& table) -> cli::CommandFunction {
    auto options = std::make_shared<TokenizeInterleavedOptions>();
    options->images.task = options->images.domain = "interleaved";
    add_image_text_options(table, options->images, "each pages file");
    table
        .add("format", &options->format,
             "Format of the pages; auto detects it from the keys of each page")
        .one_of({"auto", "gato", "mmc4", "obelics"})
        .metavar("FORMAT");
    return [options](cli::CommandContext& context) {
      return run_tokenize_interleaved(*options, context);
    };
  };
  command.examples = {
      {"gato-tokenize interleaved --text-model words.model --resize 128x128 -o "
       "pages.h5 pages.jsonl.zst",
       "Pages in gato's own format"},
      {"unzip -p docs_shard_0_v3.jsonl.zip | gato-tokenize interleaved "
       "--text-model words.model --image-root mmc4 --missing-images omit -o "
       "mmc4.h5 -",
       "MMC4 from its zip files, with the images that could be downloaded"}};
  return command;
}

}  // namespace gato::commands
