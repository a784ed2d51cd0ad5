/// Takes prompts, gives runs that stay in memory and what the stream page reads from them: the
/// plane of places and positions, one cell, and where it came from along both axes. Knows nothing
/// of HTTP.
@NullMarked
package dev.weir.page.run;

import org.jspecify.annotations.NullMarked;
