#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "gato/ingest/coco.h"
#include "gato/ingest/image_file.h"
#include "gato/tokenize/commands.h"
#include "gato/tokenize/document.h"
#include "gato/tokenize/token_output.h"

namespace gato {
namespace {

struct CaptionsCommand {
  TokenOptions tokens;
  std::string image_root;
  std::string task = "captions", domain = "captions";
};

// All captions of one image, which is read once.
struct CaptionedImage {
  std::string captions_file;
  std::filesystem::path image_file;
  std::vector<CocoCaption> captions;
};

TokenizedDocument encode_caption(const CocoCaption& caption, const Image& image,
                                 const TokenOutput& output) {
  if (caption.caption.find_first_not_of(" \t\r\n") == std::string::npos) {
    throw input_error("the caption is empty");
  }
  return encode_document(Document{{image, caption.caption}},
                         output.vocabulary(), output.text());
}

std::vector<Encoded> encode(const CaptionedImage& record, int32_t task,
                            int32_t agent, const TokenOutput& output) {
  std::vector<Encoded> all;
  Image image;
  std::string problem = record.captions.front().problem;
  if (problem.empty()) {
    try {
      image = resize_by_area(read_image(record.image_file), output.resize());
    } catch (const Error& error) {
      problem = error.what();
    }
  }
  for (const CocoCaption& caption : record.captions) {
    all.push_back(cli::attempt([&] {
      try {
        if (!problem.empty()) throw input_error("{}", problem);
        TokenizedDocument document = encode_caption(caption, image, output);
        document.task = task;
        document.source = agent;
        return document;
      } catch (const Error& error) {
        throw Error(error.status(),
                    fmt::format("{}: annotation {}: {}", record.captions_file,
                                caption.annotation, error.what()));
      }
    }));
  }
  return all;
}

ExitStatus tokenize_captions(const CaptionsCommand& options,
                             const cli::Context& context) {
  TokenOutput output(context, options.tokens, "captions");
  TaskSpec spec;
  spec.name = options.task;
  spec.domain = options.domain;
  const int32_t task = output.task(spec, "--task");
  const int32_t agent = output.source("unknown");
  int64_t without_caption = 0;
  for (const std::string& input : context.common.inputs) {
    const CocoCaptions coco = read_coco_captions(input);
    output.provenance().add_input(input);
    without_caption += coco.without_caption;
    const std::filesystem::path root =
        options.image_root.empty() ? std::filesystem::path(input).parent_path()
                                   : std::filesystem::path(options.image_root);
    for (auto first = coco.captions.begin(); first != coco.captions.end();) {
      // Bad records share no image: each stands alone.
      const auto last =
          first->image < 0
              ? first + 1
              : std::find_if(first, coco.captions.end(),
                             [first](const CocoCaption& caption) {
                               return caption.image != first->image;
                             });
      CaptionedImage record{input, {}, {first, last}};
      if (first->image >= 0) {
        record.image_file =
            root / coco.files[static_cast<size_t>(first->image)];
      }
      output.add([record = std::move(record), task, agent, &output] {
        return encode(record, task, agent, output);
      });
      first = last;
    }
  }
  output.commit({{"images without caption", without_caption}});
  return ExitStatus::done;
}

}  // namespace

cli::Command captions_command() {
  cli::Command command;
  command.name = "captions";
  command.summary = "pictures with captions (COCO) to a token file";
  command.description =
      "Reads the captions JSON of COCO: \"images\" with \"id\" and "
      "\"file_name\", \"annotations\" with \"id\", \"image_id\" and "
      "\"caption\". Every caption is a document: the image's patches, the "
      "caption's pieces, </s>. Documents are in the order of the images, those "
      "of one image in the order of the annotations. Pictures are turned as "
      "their EXIF mark says; alpha is dropped.";
  command.operands = "CAPTIONS.json...";
  command.minimum_operands = 1;
  command.output = cli::Output::required;
  command.output_help = "Token file to write";
  command.skip_bad = true;
  command.sharding = cli::Sharding::operands;
  command.build = [](cli::OptionTable& table) -> cli::Work {
    auto options = std::make_shared<CaptionsCommand>();
    add_vocabulary_options(table, options->tokens);
    add_resize_option(table, options->tokens);
    table
        .add("image-root", &options->image_root,
             "Folder of the image files; that of the JSON file where not given")
        .named("FOLDER");
    table.add("task", &options->task, "Name of the task that the pairs form")
        .named("NAME");
    table.add("domain", &options->domain, "Domain of the task").named("NAME");
    return [options](cli::Context& context) {
      return tokenize_captions(*options, context);
    };
  };
  command.examples = {
      {"gato-tokenize captions --text-model words.model --image-root train2017 "
       "--resize 128x128 -o coco.h5 annotations/captions_train2017.json",
       "COCO captions, pictures of 64 patches each"}};
  return command;
}

}  // namespace gato
