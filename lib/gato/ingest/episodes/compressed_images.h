// Datasets that contain compressed images: the bytes of a JPEG, PNG, WebP or
// PNM file per row. Libraries store these as
//
//   uint8 [T,L], [T,L,1], [T,1,L]  padded to one length, usually with zeros
//   uint8 sequences [T]            of variable length
//   opaque [T]                     numpy.void
//   fixed-length texts [T]         numpy.bytes_, with zeros in them
//
// Files do not declare this: compressed images are detected by the first bytes
// of an image file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gato/data/episode.h"
#include "gato/data/hdf5/hdf5.h"

namespace gato::ingest {

// Some rows of such a dataset.
struct CompressedImages {
  std::string label;      // of the dataset
  int64_t first_row = 0;  // of frames.front()
  std::vector<std::vector<uint8_t>> frames;
};

// Returns the observation field [H,W,3] of a dataset of compressed images. The
// first of its rows that can be decoded determines the size. Returns nullopt if
// the dataset contains numbers or texts. Throws Error(bad_input) if it contains
// sequences of bytes that are not images, or images that cannot be decoded.
std::optional<data::Field> infer_compressed_image_field(
    const data::hdf5::Dataset& dataset, const std::string& name);

// Returns whether the rows from `first` on, at least one, are compressed images
// rather than what `field`, which is not text, has in each row. If this depends
// on their content, row `first` decides.
bool has_compressed_images(const data::hdf5::Dataset& dataset,
                           const data::Field& field, int64_t first);

// Reads rows [first, first + count). Throws Error(bad_input) if there is more
// than one image per row.
CompressedImages read_compressed_images(const data::hdf5::Dataset& dataset,
                                        int64_t first, int64_t count);

// Decodes all images and appends them to `pixels` as uint8 [N, field.shape...].
// Does not use the HDF5 library. Throws Error(bad_input), which names the row,
// if one cannot be decoded or has a different size.
void append_decoded_images(const CompressedImages& images,
                           const data::Field& field, base::Bytes& pixels);

}  // namespace gato::ingest
