#include <memory>
#include <string>

#include "gato/commands/tokenize/image_text_tokenizer.h"
#include "gato/commands/tokenize/tokenize.h"
#include "gato/ingest/text/caption_source.h"

namespace gato::commands {
namespace {

struct TokenizeCaptionsOptions {
  ImageTextOptions images;
  ingest::CaptionSourceOptions source;
  bool trusts_row_order = false;
};

base::ExitStatus run_tokenize_captions(const TokenizeCaptionsOptions& options,
                                       const cli::CommandContext& context) {
  ImageTextTokenizer output(context, options.images, "captions");
  ingest::CaptionSourceOptions source = options.source;
  source.image_root = options.images.image_root;
  const auto numbering =
      std::make_shared<ingest::ImageNumbering>(options.trusts_row_order);
  source.tsv.numbering = numbering;
  for (const std::string& input : context.common.all_inputs) {
    ingest::announce_captions(input, source);
  }
  const base::Shard::Range range =
      context.common.shard.range_of(std::ssize(context.common.all_inputs));
  for (int64_t i = 0; i < range.first; ++i) {
    ingest::skip_captions(context.common.all_inputs[static_cast<size_t>(i)],
                          source);
  }
  for (const std::string& input : context.common.inputs) {
    output.add_all(*ingest::open_captions(input, source));
  }
  output.finish();
  numbering->check_unproven_rows();
  output.commit();
  return base::ExitStatus::success;
}

void add_source_options(cli::OptionTable& table,
                        TokenizeCaptionsOptions& command_options) {
  ingest::CaptionSourceOptions& options = command_options.source;
  table
      .add("format", &options.format,
           "Format of the inputs; auto detects it from their names: .json is "
           "coco, .tsv is tsv, and .tar, .tgz and - are webdataset")
      .one_of({"auto", "coco", "tsv", "webdataset"})
      .metavar("FORMAT");
  table.begin_group("Options for tsv");
  table
      .add("caption-column", &options.tsv.caption_column,
           "Column of the captions: its number, starting at 1, or its name in "
           "the header line")
      .metavar("COLUMN")
      .default_is("detected");
  table
      .add("image-column", &options.tsv.image_column,
           "Column of the image paths, which are relative to --image-root: its "
           "number or name")
      .metavar("COLUMN")
      .default_is("none; paths follow from --image-name");
  table
      .add("quoting", &options.tsv.quoting,
           "Meaning of quotes: csv (a cell that begins with a quote ends at "
           "the next quote that is not doubled, possibly on another line), "
           "none (quotes have no special meaning), or auto (like csv, but a "
           "cell is literal if it is malformed or contains other rows)")
      .one_of({"auto", "csv", "none"})
      .metavar("HOW");
  table
      .add("image-name", &options.tsv.image_name_format,
           "Path of the image of a row, relative to --image-root: {row} is the "
           "number of the row, starting at 0, {shard} is row / 10000 plus the "
           "number of shards in the preceding inputs, {index} is row % 10000, "
           "and {name} is the last part of the URL")
      .metavar("TEMPLATE")
      .default_is(options.tsv.image_name_format +
                  ", as img2dataset names them");
  table.add("trust-row-order", &command_options.trusts_row_order,
            "Find images by the numbers of the rows even if no file next to "
            "the images proves that this is right: the inputs are in the order "
            "in which img2dataset downloaded them, in shards of 10000 rows, "
            "with no row missing except at the end");
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
    "coco: COCO's captions JSON, which has \"images\" with \"id\" and "
    "\"file_name\", and \"annotations\" with \"id\", \"image_id\" and "
    "\"caption\". Documents are in the order of the images, and those of the "
    "same image in the order of the annotations.\n\n"
    "tsv: tab-separated values, such as those of Conceptual Captions: caption "
    "and URL (CC3M), URL and caption (CC12M), or columns named in a header "
    "line. Nothing is downloaded. Without --image-column, images are found "
    "where img2dataset --output_format files puts them. If img2dataset's .json "
    "files are next to the images, the image of a row is the one whose .json "
    "file contains the URL of the row; share/gato/convert/img2dataset_json.py "
    "creates missing .json files from the .parquet files of img2dataset. "
    "Without such files, an image is found by the number of the row, starting "
    "at 0: row 12345 has the image 00001/000012345.jpg. A .txt file next to "
    "the image with the caption of the row proves that it is the right one. If "
    "nothing proves the match, the inputs are rejected (status 3) when several "
    "of them share an image root or some of the images belong to no row, "
    "unless --trust-row-order is given.\n\n"
    "Rows are numbered as img2dataset numbers them: a cell that begins with a "
    "quote ends at its closing quote, even lines later, so that the lines "
    "within it have no image; and every input begins a new shard of 10000 "
    "rows, after those of the preceding inputs, which must be in the order in "
    "which they were downloaded. A row whose number cannot be determined, or "
    "whose image has a .txt file with a different caption, is a bad record. A "
    "row whose download failed has no image; see --missing-images.\n\n"
    "webdataset: tar archives. Adjacent members that share a path up to the "
    "first dot of the file name form a sample, or up to the last dot if that "
    "yields no image or caption because the names contain dots (v1.0_1.jpg). "
    "The image is the member .jpg, .jpeg, .png, .webp, .ppm, .pgm or .pbm; the "
    "caption is the member .txt or .caption, or else the value of "
    "--caption-key in .json.\n\n"
    "Inputs may be compressed, and those of the formats tsv and webdataset may "
    "be read from standard input (-).";

}  // namespace

cli::Command tokenize_captions_command() {
  cli::Command command =
      make_token_command("captions",
                         "convert images with captions (COCO, Conceptual "
                         "Captions, WebDataset) to a token file",
                         "CAPTIONS...");
  command.description = kDescription;
  command.seed_help = cli::kUnusedOption;
  command.build = [](cli::OptionTable& table) -> cli::CommandFunction {
    auto options = std::make_shared<TokenizeCaptionsOptions>();
    options->images.task = options->images.domain = "captions";
    add_image_text_options(table, options->images, "each captions file");
    add_source_options(table, *options);
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
       "Conceptual Captions, downloaded with img2dataset --output_format "
       "files"},
      {"gato-tokenize captions --text-model words.model -o laion.h5 "
       "'laion/{00000..00147}.tar'",
       "The shards of a WebDataset"}};
  return command;
}

}  // namespace gato::commands
