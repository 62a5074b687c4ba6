#include <memory>
#include <string>

#include "gato/commands/image_text_tokenizer.h"
#include "gato/commands/tokenize.h"
#include "gato/ingest/text/caption_source.h"

namespace gato::commands {
namespace {

struct TokenizeCaptionsOptions {
  ImageTextOptions images;
  ingest::CaptionSourceOptions source;
};

base::ExitStatus tokenize_captions(const TokenizeCaptionsOptions& options,
                                   const cli::CommandContext& context) {
  ImageTextTokenizer output(context, options.images, "captions");
  ingest::CaptionSourceOptions source = options.source;
  source.image_root = options.images.image_root;
  for (const std::string& input : context.common.inputs) {
    output.add_all(*ingest::open_captions(input, source));
  }
  output.commit();
  return base::ExitStatus::success;
}

void add_source_options(cli::OptionTable& table,
                        ingest::CaptionSourceOptions& options) {
  table
      .add("format", &options.format,
           "How the inputs are written; auto goes by the names: .json is coco, "
           ".tsv tsv, .tar, .tgz and - webdataset")
      .one_of({"auto", "coco", "tsv", "webdataset"})
      .metavar("FORMAT");
  table.begin_group("Options for tsv");
  table
      .add("caption-column", &options.tsv.caption_column,
           "Column of the captions: its number, from 1, or its name in the "
           "first line; found out where not given")
      .metavar("COLUMN");
  table
      .add("image-column", &options.tsv.image_column,
           "Column of the paths of the images, below --image-root, likewise; "
           "without one, --image-name names them")
      .metavar("COLUMN");
  table
      .add("image-name", &options.tsv.image_name_format,
           "Path of a row's image below --image-root: {row} counts the rows "
           "from 0, {shard} is row / 10000, {index} row % 10000, {name} the "
           "last part of the URL; the default is what img2dataset gives")
      .metavar("TEMPLATE");
  table.begin_group("Options for webdataset");
  table
      .add("caption-key", &options.webdataset.caption_key,
           "Key of the caption in the json of a sample without txt")
      .metavar("KEY");
  table.add_check([&options] {
    ingest::check_tsv_image_name_format(options.tsv.image_name_format);
  });
}

constexpr const char* kDescription =
    "Every caption is a document: the image's patches, the caption's pieces, "
    "</s>. JPEG, WebP and PNG pictures are turned as their EXIF mark says; "
    "alpha is dropped.\n\n"
    "coco: the captions JSON of COCO, \"images\" with \"id\" and "
    "\"file_name\", \"annotations\" with \"id\", \"image_id\" and \"caption\". "
    "Documents are in the order of the images, those of one image in the order "
    "of the annotations.\n\n"
    "tsv: tab-separated values, such as Conceptual Captions: caption and URL "
    "(CC3M), URL and caption (CC12M), or columns that the first line names. "
    "Nothing is downloaded: without --image-column, the image of row N, from "
    "0, is where img2dataset puts it with --output_format files, N = 12345 in "
    "00001/000012345.jpg. Rows whose download failed have none: see "
    "--missing-images.\n\n"
    "webdataset: tar archives whose members belong to a sample by their name "
    "up to the first dot. The image is the member .jpg, .jpeg, .png, .webp, "
    ".ppm, .pgm or .pbm, the caption .txt or .caption, else a key in .json.\n\n"
    "The latter two may be compressed, and read from the standard input (-).";

}  // namespace

cli::Command tokenize_captions_command() {
  cli::Command command = make_token_command(
      "captions",
      "pictures with captions (COCO, Conceptual Captions, WebDataset) to a "
      "token file",
      "CAPTIONS...");
  command.description = kDescription;
  command.build = [](cli::OptionTable& table) -> cli::CommandFunction {
    auto options = std::make_shared<TokenizeCaptionsOptions>();
    options->images.task = options->images.domain = "captions";
    add_image_text_options(table, options->images, "each captions file");
    add_source_options(table, options->source);
    return [options](cli::CommandContext& context) {
      return tokenize_captions(*options, context);
    };
  };
  command.examples = {
      {"gato-tokenize captions --text-model words.model --image-root train2017 "
       "--resize 128x128 -o coco.h5 annotations/captions_train2017.json",
       "COCO captions, pictures of 64 patches each"},
      {"gato-tokenize captions --text-model words.model --image-root cc3m "
       "--missing-images omit -o cc3m.h5 Train_GCC-training.tsv",
       "Conceptual Captions, downloaded by img2dataset as files"},
      {"gato-tokenize captions --text-model words.model -o laion.h5 "
       "'laion/{00000..00147}.tar'",
       "The shards of a WebDataset"}};
  return command;
}

}  // namespace gato::commands
