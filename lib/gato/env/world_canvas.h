// Draws discs, rods and boxes, given in the coordinates of a plane, on a small
// RGB image. Edges are smooth: a pixel that is partly covered by a shape gets a
// mix of two colors, so motions of less than a pixel are visible.
#pragma once

#include "gato/data/image.h"
#include "gato/env/canvas.h"

namespace gato::env {

// A point or a vector of the plane. y grows upward.
struct PlanePoint {
  double x = 0, y = 0;
};

// The part of the plane that an image shows. Its width follows from its height
// and the shape of the image.
struct PlaneView {
  PlanePoint center;
  double height = 1;
};

class WorldCanvas {
 public:
  WorldCanvas(int height, int width, const PlaneView& view, Color background);
  void fill_disc(PlanePoint center, double radius, Color color);
  // Draws a straight rod with round ends.
  void fill_rod(PlanePoint from, PlanePoint to, double thickness, Color color);
  // Fills a box with horizontal and vertical sides.
  void fill_box(PlanePoint center, double width, double height, Color color);
  const data::Image& image() const { return image_; }

 private:
  PlanePoint to_pixels(PlanePoint point) const;
  void blend_pixel(int row, int column, Color color, double coverage);

  data::Image image_;
  PlaneView view_;
  double pixels_per_unit_;
};

}  // namespace gato::env
