// Values to tokens and back (paper 2.1, appendix B): everything of this folder
// that readers, packers and rollouts call.
#pragma once

#include "gato/tokenize/continuous.h"
#include "gato/tokenize/document.h"
#include "gato/tokenize/field.h"
#include "gato/tokenize/image.h"
#include "gato/tokenize/step.h"
#include "gato/tokenize/text.h"
