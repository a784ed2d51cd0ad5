/// Step 10 of the data flow: the shape of the space. Takes points of the stream, or of any space,
/// and gives plain numbers: how alike two clouds of points are, how many dimensions one has. Each
/// class has a page of its name in `docs/geometry`.
@NullMarked
package dev.weir.geometry;

import org.jspecify.annotations.NullMarked;
