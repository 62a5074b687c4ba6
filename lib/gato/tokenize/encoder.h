// Values to tokens and back (paper 2.1, appendix B): everything of this folder
// that readers, packers and rollouts call.
#pragma once

#include "gato/tokenize/document_encoder.h"
#include "gato/tokenize/field_codec.h"
#include "gato/tokenize/image_patches.h"
#include "gato/tokenize/mu_law.h"
#include "gato/tokenize/step_encoder.h"
#include "gato/tokenize/text_encoder.h"
