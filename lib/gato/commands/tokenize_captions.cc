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

base::ExitStatus run_tokenize_captions(const TokenizeCaptionsOptions& options,
                                       const cli::CommandContext& context) {
  ImageTextTokenizer output(context, options.images, "captions");
  ingest::CaptionSourceOptions source = options.source;
  source.image_root = options.images.image_root;
  const auto numbering = std::make_shared<ingest::ImageNumbering>();
  source.tsv.numbering = numbering;
  const base::Shard::Range range =
      context.common.shard.range_of(std::ssize(context.common.all_inputs));
  for (int64_t i = 0; i < range.first; ++i) {
    ingest::skip_captions(context.common.all_inputs[static_cast<size_t>(i)],
                          source);
  }
  for (const std::string& input : context.common.inputs) {
    output.add_all(*ingest::open_captions(input, source));
  }
  if (range.last == std::ssize(context.common.all_inputs)) {
    numbering->warn_of_remaining_shards();
  }
  output.commit();
  return base::ExitStatus::success;
}

void add_source_options(cli::OptionTable& table,
                        ingest::CaptionSourceOptions& options) {
  table
      .add(
          "format", &options.format,
          "Format of the inputs; auto determines it from their names: .json is "
          "coco, .tsv is tsv, and .tar, .tgz and - are webdataset")
      .one_of({"auto", "coco", "tsv", "webdataset"})
      .metavar("FORMAT");
  table.begin_group("Options for tsv");
  table
      .add("caption-column", &options.tsv.caption_column,
           "Column of the captions: its number, starting at 1, or its name in "
           "the first line; detected by default")
      .metavar("COLUMN");
  table
      .add("image-column", &options.tsv.image_column,
           "Column of the image paths, which are relative to --image-root: its "
           "number or name; without this option, --image-name determines the "
           "paths")
      .metavar("COLUMN");
  table
      .add("quoting", &options.tsv.quoting,
           "Meaning of quotes: csv (a cell that begins with a quote ends at "
           "the next quote that is not doubled, possibly on another line), "
           "none (quotes are characters like any other), or auto (like csv, "
           "but a cell is literal if it is malformed or contains other rows)")
      .one_of({"auto", "csv", "none"})
      .metavar("HOW");
  table
      .add("image-name", &options.tsv.image_name_format,
           "Path of the image of a row, relative to --image-root: {row} is the "
           "number of the row, starting at 0, {shard} is row / 10000 plus the "
           "number of shards of the inputs before, {index} is row % 10000, and "
           "{name} is the last part of the URL; the default is the layout of "
           "img2dataset")
      .metavar("TEMPLATE");
  table.begin_group("Options for webdataset");
  table
      .add(
          "caption-key", &options.webdataset.caption_key,
          "Key of the caption in the .json member of a sample that has no .txt")
      .metavar("KEY");
  table.add_check([&options] {
    ingest::check_tsv_image_name_format(options.tsv.image_name_format);
  });
}

constexpr const char* kDescription =
    "Every caption is one document: the patches of the image, the pieces of "
    "the caption, and </s>. JPEG, WebP and PNG images are rotated according to "
    "their EXIF orientation; alpha channels are dropped.\n\n"
    "coco: the captions JSON of COCO, which has \"images\" with \"id\" and "
    "\"file_name\", and \"annotations\" with \"id\", \"image_id\" and "
    "\"caption\". Documents are in the order of the images, and those of the "
    "same image in the order of the annotations.\n\n"
    "tsv: tab-separated values, such as those of Conceptual Captions: caption "
    "and URL (CC3M), URL and caption (CC12M), or columns named in the first "
    "line. Nothing is downloaded. Without --image-column, images are read from "
    "where img2dataset puts them with --output_format files. The image of a "
    "row "
    "is the one beside a .json file with the URL of the row, whatever its "
    "number. Without such files, the image of row N (starting at 0) is found "
    "by "
    "its number; for N = 12345 this is 00001/000012345.jpg. Rows are then "
    "counted as img2dataset counts them: a cell that begins with a quote ends "
    "at its closing quote, even lines later, so that lines within it have no "
    "image; and every file begins a new shard, after those of the inputs "
    "before "
    "it, which must be in the order in which they were downloaded. A row whose "
    "number is not certain, or beside whose image a .txt file contains another "
    "caption, is a bad record. Rows whose download failed have no image: see "
    "--missing-images.\n\n"
    "webdataset: tar archives. Members whose names are equal up to the first "
    "dot belong to the same sample, or up to the last dot if the names contain "
    "dots (v1.0_1.jpg). The image is the member .jpg, .jpeg, .png, .webp, "
    ".ppm, .pgm or .pbm; the caption is the member .txt or .caption, or else "
    "the value of a key of .json.\n\n"
    "Inputs of the formats tsv and webdataset may be compressed, and may be "
    "read from the standard input (-).";

}  // namespace

cli::Command tokenize_captions_command() {
  cli::Command command = make_token_command(
      "captions",
      "convert images with captions (COCO, Conceptual Captions, WebDataset) "
      "to a token file",
      "CAPTIONS...");
  command.description = kDescription;
  command.build = [](cli::OptionTable& table) -> cli::CommandFunction {
    auto options = std::make_shared<TokenizeCaptionsOptions>();
    options->images.task = options->images.domain = "captions";
    add_image_text_options(table, options->images, "each captions file");
    add_source_options(table, options->source);
    return [options](cli::CommandContext& context) {
      return run_tokenize_captions(*options, context);
    };
  };
  command.examples = {
      {"gato-tokenize captions --text-model words.model --image-root train2017 "
       "--resize 128x128 -o coco.h5 annotations/captions_train2017.json",
       "COCO captions, with images of 64 patches each"},
      {"gato-tokenize captions --text-model words.model --image-root cc3m "
       "--missing-images omit -o cc3m.h5 Train_GCC-training.tsv",
       "Conceptual Captions, as downloaded by img2dataset to files"},
      {"gato-tokenize captions --text-model words.model -o laion.h5 "
       "'laion/{00000..00147}.tar'",
       "The shards of a WebDataset"}};
  return command;
}

}  // namespace gato::commands
