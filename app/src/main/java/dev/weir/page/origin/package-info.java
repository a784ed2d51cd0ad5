/// Takes a run and one of its cells, gives where the stream of that cell came from: along the
/// sequence, along depth, and what the pathway decided there. Knows nothing of HTTP.
@NullMarked
package dev.weir.page.origin;

import org.jspecify.annotations.NullMarked;
